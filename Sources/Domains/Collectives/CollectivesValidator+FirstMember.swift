// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension CollectivesValidator {
  /// M1–M9: the first event of a member stands on one of the creator's.
  func decideFirstMember(
    _ update: CollectiveUpdate, of id: EventID, _ setting: UpdateSetting, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    let (lineage, circumstances, trace) = (setting.lineage, setting.circumstances, setting.trace)
    trace?.enter("M1")
    guard let ignition = try lineage.ignition(id, state) else {
      if circumstances.isLive { throw CollectivesRejection.unknownIgnition(id) }
      if options.checkpoint, update.boostpoint == nil { return try decideCheckpoint(update, of: id, setting, reading: state) }
      throw Parked(CollectivesRejection.missingIgnition(id), waitingFor: .collectiveEvent(id))
    }
    trace?.enter("M2")
    guard update.name == ignition.name else { throw CollectivesRejection.nameDiffers }
    // From sync, a later update of the member may come before the first one: then it is not a first one that is wrong, it waits.
    if !circumstances.isLive, case .event(let previous) = update.previous, previous != update.boostpoint, try lineage.update(previous, state) == nil {
      throw Parked(CollectivesRejection.missingPrevious(previous), waitingFor: .collectiveEvent(previous))
    }
    trace?.enter("M3")
    guard let boostpoint = update.boostpoint else { throw CollectivesRejection.needsBoostpoint }
    trace?.enter("M4")
    let boosted = try checkBoostpoint(boostpoint, update, of: ignition, setting, reading: state)
    trace?.enter("M5")
    guard update.previous == nil || update.previous == .event(boostpoint) else { throw CollectivesRejection.previousOnFirst }
    trace?.enter("M6")
    let base = try lineage.hardState(boostpoint, state)
    guard base.hasVotepower(update.pubkey) else { throw CollectivesRejection.noVotepower }
    trace?.enter("M7")
    guard update.createdAt > boosted.createdAt else { throw CollectivesRejection.notAfterBoostpoint }
    trace?.enter("M8")
    let known = try ChainHeight(of: boosted, reading: state)
    try checkHeight(update.block, at: update.createdAt, after: known, isPaced: false)
    trace?.enter("M9")
    let boost = UpdateRecord.Boost(id: boosted.id, number: boosted.number)
    let outcome = try diff(update, base, ignition, after: nil, boost, setting, reading: state)
    let height = ChainHeight.after(update, on: known)
    let record = UpdateRecord(
      id: update.id, collective: ignition.id, pubkey: update.pubkey, number: 0, createdAt: update.createdAt, boost: boost, block: height?.block,
      blockTime: height?.since)
    let hardState = HardState(after: update, outcome, base: base, isCreators: false)
    return try accept(
      update, Lineage.Entry(record: record, state: hardState), after: nil, base: base, in: ignition, outcome, setting, reading: state)
  }

  /// M4: live the creator's head; from sync any of the creator's events that is older than this one (M7).
  func checkBoostpoint(
    _ id: EventID, _ update: CollectiveUpdate, of ignition: IgnitionRecord, _ setting: UpdateSetting,
    reading state: borrowing some StateReader & ~Copyable
  ) throws -> UpdateRecord {
    guard let record = try setting.lineage.update(id, state) else {
      if setting.circumstances.isLive { throw CollectivesRejection.unknownBoostpoint(id) }
      throw Parked(CollectivesRejection.missingBoostpoint(id), waitingFor: .collectiveEvent(id))
    }
    guard record.collective == ignition.id, record.pubkey == ignition.creator else { throw CollectivesRejection.foreignBoostpoint }
    if setting.circumstances.isLive, let head = try setting.lineage.head(ignition.id, ignition.creator, state), head.id != id {
      throw CollectivesRejection.staleBoostpoint(head.id)
    }
    return record
  }

  /// M8 and R7: a chain's heights do not fall, and rise at a pace; a member's first event has no chain yet that could keep one.
  func checkHeight(_ block: BlockStamp?, at time: UInt64, after known: ChainHeight?, isPaced: Bool) throws {
    guard let block, let known else { return }
    guard block.height >= known.block.height else { throw CollectivesRejection.heightBackwards }
    if isPaced, !block.isPaced(after: known.block.height, since: known.since, at: time) { throw CollectivesRejection.implausibleHeight }
  }

  /// The diff (4.6) of an update against its base.
  func diff(
    _ update: CollectiveUpdate, _ base: HardState, _ ignition: IgnitionRecord, after previous: UpdateRecord?, _ boost: UpdateRecord.Boost?,
    _ setting: UpdateSetting, reading state: borrowing some StateReader & ~Copyable
  ) throws -> MeritDiff.Outcome {
    let evidence = try evidence(setting.proofs, in: ignition, after: previous, boost: boost, setting.lineage, reading: state)
    do {
      return try MeritDiff(base: base, update: update, evidence: evidence, terms: terms(ignition, update.pubkey)).check(trace: setting.trace)
    } catch let unknown as MeritDiff.UnknownUpdate {
      if setting.circumstances.isLive { throw CollectivesRejection.leadtimeUnsigned }
      throw Parked(CollectivesRejection.unknownProof(unknown.id), waitingFor: .collectiveEvent(unknown.id))
    }
  }
}

extension HardState {
  /// Whether a pubkey has a locked merit (4.1). The creator, who alone votes while nobody has one, needs none to publish.
  func hasVotepower(_ pubkey: PublicKey) -> Bool { rows.contains { $0.owner == pubkey && $0.leadtime > 0 } }

  /// What an update makes of its base. How payments come in is the creator's to say: members' chains keep what their base has.
  init(after update: CollectiveUpdate, _ outcome: MeritDiff.Outcome, base: HardState, isCreators: Bool) {
    self.init(
      rows: outcome.rows, products: update.products, zappers: isCreators ? update.zappers ?? base.zappers : base.zappers,
      mode: isCreators ? update.mode : base.mode, stateHash: update.stateHash)
  }
}
