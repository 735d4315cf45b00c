// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension CollectivesValidator {
  /// R2–R9: the next update of a chain.
  func decideReplacement(
    _ update: CollectiveUpdate, in ignition: IgnitionRecord, _ setting: UpdateSetting, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    let (lineage, circumstances, trace) = (setting.lineage, setting.circumstances, setting.trace)
    guard let head = try lineage.head(ignition.id, update.pubkey, state) else {
      throw Fault.corrupt(CollectivesState.slots, "a slot without its chain")
    }
    trace?.enter("R2")
    guard case .event(let previous) = update.previous else { throw CollectivesRejection.needsPrevious }
    trace?.enter("R3")
    if previous == head.id { return try decideSuccessor(update, of: head, ignition, setting, reading: state) }
    // Older than what was adopted: of its history, which is kept.
    let isArchived = ignition.isCheckpoint && !circumstances.isLive && update.pubkey == ignition.creator && update.createdAt < head.createdAt
    guard let parent = try lineage.update(previous, state) else {
      if circumstances.isLive { throw CollectivesRejection.unknownPrevious(previous) }
      if isArchived { return try decideArchived(update, in: ignition, setting, reading: state) }
      if options.checkpoint, head.isCheckpoint { return try decideCheckpoint(update, after: head, setting, reading: state) }
      throw Parked(CollectivesRejection.missingPrevious(previous), waitingFor: .collectiveEvent(previous))
    }
    guard parent.pubkey == update.pubkey, parent.collective == head.collective else { throw CollectivesRejection.foreignPrevious }
    if isArchived, try hasGap(after: parent, before: head, reading: state) {
      return try decideArchived(update, in: ignition, setting, reading: state)
    }
    if options.forkPolicy == .nip01, keepsBranches(circumstances) {
      return try decideSuccessor(update, of: parent, ignition, setting, reading: state)
    }
    return try refuseStale(update, parent: parent, head, circumstances, reading: state)
  }

  /// R4–R9.
  ///
  /// - Parameter head: the update that this one continues: the chain's head, or from sync any other of the chain.
  private func decideSuccessor(
    _ update: CollectiveUpdate, of head: UpdateRecord, _ ignition: IgnitionRecord, _ setting: UpdateSetting,
    reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    let (lineage, trace) = (setting.lineage, setting.trace)
    trace?.enter("R4")
    guard update.createdAt > head.createdAt else { throw CollectivesRejection.notAfterPrevious }
    trace?.enter("R5")
    let isCreator = update.pubkey == ignition.creator
    if !isCreator { try checkVotepower(update, head, ignition, setting, reading: state) }
    trace?.enter("R6")
    var boosted: UpdateRecord?
    if let boostpoint = update.boostpoint {
      guard !isCreator else { throw CollectivesRejection.creatorBoosts }
      let record = try checkBoostpoint(boostpoint, update, of: ignition, setting, reading: state)
      guard update.createdAt > record.createdAt else { throw CollectivesRejection.notAfterBoostpoint }
      boosted = record
    }
    trace?.enter("R7")
    var highest = try ChainHeight(of: head, reading: state)
    if let boosted { highest = ChainHeight.highest(highest, try ChainHeight(of: boosted, reading: state)) }
    try checkHeight(update.block, at: update.createdAt, after: highest, isPaced: true)
    if let own = update.block, let known = head.block, own.height == known.height, own.hash != known.hash {
      // A reorganisation shows soon; later, one of the two hashes is made up.
      guard update.createdAt - head.createdAt <= Self.reorganisationSeconds else { throw CollectivesRejection.hashConflict }
    }
    trace?.enter("R8")
    // Headers come and go with the operator's file: what was accepted once, here or at another relay, is not asked for them again (law 5).
    if setting.circumstances.isLive, !setting.circumstances.isRejudged, let own = update.block, let header = options.headers.header(at: own.height),
      header.blockHash != own.hash
    {
      throw CollectivesRejection.unknownBlock
    }
    trace?.enter("R9")
    let boost = boosted.map { UpdateRecord.Boost(id: $0.id, number: $0.number) } ?? head.boost
    let base = try lineage.hardState(boosted?.id ?? head.id, state)
    let outcome = try diff(update, base, ignition, after: head, boost, setting, reading: state)
    let (number, overflow) = head.number.addingReportingOverflow(1)
    guard !overflow else { throw Fault.invariant("a chain without end") }
    let height = ChainHeight.after(update, on: highest)
    let record = UpdateRecord(
      id: update.id, collective: ignition.id, pubkey: update.pubkey, number: number, createdAt: update.createdAt, previous: head.id, boost: boost,
      block: height?.block, blockTime: height?.since, jump: try UpdateRecord.jump(from: head, state), used: head.used,
      isCheckpoint: head.isCheckpoint)
    let hardState = HardState(after: update, outcome, base: base, isCreators: isCreator)
    return try accept(
      update, Lineage.Entry(record: record, state: hardState), after: head, base: base, in: ignition, outcome, setting, reading: state)
  }

  private static let reorganisationSeconds: UInt64 = 7200

  /// Whether what follows an adopted update on the way to the head was adopted too, over a gap.
  private func hasGap(
    after record: UpdateRecord, before head: UpdateRecord, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Bool {
    guard try record.leads(to: head, state), let child = try UpdateRecord.ancestor(of: head, record.number &+ 1, state) else { return false }
    return try UpdateRecord.read(child, state)?.previous != record.id
  }

  /// R5: live by the creator's head; from sync by the chain's latest boostpoint, so that the order of arrival makes no difference.
  private func checkVotepower(
    _ update: CollectiveUpdate, _ head: UpdateRecord, _ ignition: IgnitionRecord, _ setting: UpdateSetting,
    reading state: borrowing some StateReader & ~Copyable
  ) throws {
    let judged: EventID
    if setting.circumstances.isLive {
      guard let creators = try setting.lineage.head(ignition.id, ignition.creator, state) else {
        throw Fault.corrupt(CollectivesState.heads, "a collective without its creator's head")
      }
      judged = creators.id
    } else if let boostpoint = update.boostpoint, let record = try setting.lineage.update(boostpoint, state), record.pubkey == ignition.creator,
      record.collective == ignition.id
    {
      judged = boostpoint
    } else {
      guard let boost = head.boost else { throw Fault.corrupt(CollectivesState.updates, "a member's update without a boostpoint") }
      judged = boost.id
    }
    guard try setting.lineage.hardState(judged, state).hasVotepower(update.pubkey) else {
      throw CollectivesRejection.noVotepower
    }
  }
}
