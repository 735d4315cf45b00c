// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// What an update asks the state with: the chains, its evidence, and how it came.
struct UpdateSetting {
  let lineage: Lineage
  let proofs: ProofSet
  let circumstances: Circumstances
  let trace: CheckTrace?
}

extension CollectivesValidator {
  /// Classification (4.4), then the staircase of its class.
  func decide(
    _ update: CollectiveUpdate, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable, trace: CheckTrace?
  ) throws -> Verdict {
    if let record = try UpdateRecord.read(update.id, state) { return try decideAdopted(update, record, reading: state) }
    if circumstances.isLive, !circumstances.isRecalled, try DeletedEvents.contain(update, reading: state) {
      throw CollectivesRejection.deletedByAuthor
    }
    let proofs = try resolve(update, in: circumstances, reading: state)
    var lineage = Lineage()
    if case .event(let id) = update.ignition, try IgnitionRecord.read(id, state) == nil {
      try adopt(id, proofs, &lineage, in: circumstances, reading: state)
    }
    let setting = UpdateSetting(lineage: lineage, proofs: proofs, circumstances: circumstances, trace: trace)
    trace?.enter("4.4")
    if let adopted = try IgnitionRecord.read(update.id, state), adopted.isCheckpoint, update.isIgnition {
      if adopted.creator != update.pubkey || adopted.name != update.name {
        return try decideIgnition(update, insteadOf: adopted, setting, reading: state)
      }
      if !circumstances.isLive { return try decideArchived(update, in: adopted, setting, reading: state) }
    }
    return try classify(update, setting, reading: state)
  }

  private func classify(
    _ update: CollectiveUpdate, _ setting: UpdateSetting, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    let (lineage, trace) = (setting.lineage, setting.trace)
    // SD3: live a name is bound to one collective for ever; from sync what founds another is kept beside it.
    let slot = keepsBranches(setting.circumstances) ? nil : try lineage.slot(update.pubkey, update.name, state)
    guard case .event(let id) = update.ignition else {
      if slot == nil, update.isIgnition { return try decideIgnition(update, setting, reading: state) }
      guard try lineage.slot(update.pubkey, update.name, state) != nil else { throw CollectivesRejection.pointersWithoutIgnition }
      trace?.enter("R1")
      throw CollectivesRejection.needsIgnition
    }
    if try lineage.isBound(update.pubkey, update.name, to: id, state), let ignition = try lineage.ignition(id, state) {
      if try beginsBranch(update, in: ignition, setting, reading: state) { return try decideFirstMember(update, of: id, setting, reading: state) }
      trace?.enter("R1")
      return try decideReplacement(update, in: ignition, setting, reading: state)
    }
    if let slot {
      trace?.enter("R1")
      throw CollectivesRejection.otherCollective(slot.collective)
    }
    return try decideFirstMember(update, of: id, setting, reading: state)
  }

  /// A second first update of a member: a branch beside the first one.
  private func beginsBranch(
    _ update: CollectiveUpdate, in ignition: IgnitionRecord, _ setting: UpdateSetting, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Bool {
    guard options.forkPolicy == .nip01, keepsBranches(setting.circumstances), update.pubkey != ignition.creator, let boostpoint = update.boostpoint
    else { return false }
    return update.previous == nil || update.previous == .event(boostpoint)
  }

  /// An ignition that is in the state already, because an update carried it: now that it comes itself, it is known.
  private func decideAdopted(
    _ update: CollectiveUpdate, _ record: UpdateRecord, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    if let head = try UpdateRecord.headID(record.collective, record.pubkey, state), head != update.id {
      throw CollectivesRejection.superseded(by: head)
    }
    return .accepted(Effects(note: CollectivesNote(.update, record.collective, record.pubkey).bytes))
  }

  /// S11: evidence that is only named has to be known here.
  private func resolve(
    _ update: CollectiveUpdate, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable
  ) throws -> ProofSet {
    guard !update.proofs.references.isEmpty else { return update.proofs }
    let options = options(in: circumstances)
    var events: [Event] = []
    var bytes = update.proofs.bytes
    for id in update.proofs.references {
      guard let raw = try state.raw(id), let event = try? Event(parsing: raw),
        try !isTakenBack(event, in: circumstances, reading: state)
      else {
        let rejection = CollectivesRejection.unknownProof(id)
        if circumstances.isLive { throw rejection }
        throw Parked(rejection, waitingFor: .collectiveEvent(id))
      }
      // More than is allowed: said below, without reading the rest.
      bytes += raw.count
      events.append(event)
      if bytes > options.maxEventBytes { break }
    }
    return try ProofReader.resolve(update.proofs, with: events, createdAt: update.createdAt, options)
  }

  /// Whether live nobody can rely on a piece of evidence: its author deleted it, and no update names it, so that other relays have lost it.
  private func isTakenBack(_ event: Event, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    guard circumstances.isLive, !circumstances.isRecalled, try DeletedEvents.contain(event.id, by: event.pubkey, reading: state) else { return false }
    guard let note = try CollectivesNote(try state.known(event.id)) else { return true }
    return try !NamedProofs.contain(event.id, in: note.collective, reading: state)
  }

  /// P6: an unknown ignition that the update carries, by the rules of ignitions. Whatever is wrong with it, it stays unknown then.
  private func adopt(
    _ id: EventID, _ proofs: ProofSet, _ lineage: inout Lineage, in circumstances: Circumstances,
    reading state: borrowing some StateReader & ~Copyable
  ) throws {
    guard let proof = proofs.proofs.first(where: { $0.id == id && $0.kind == .update }) else { return }
    do {
      let event: VerifiedEvent
      do { event = try EventVerifier(cachedKeys: 1).verify(proof.event) } catch { return }
      let ignition = try CollectiveUpdate(parsing: event, options: options, trace: nil)
      // Proofs within proofs would nest without end.
      guard ignition.proofs.count == 0, ignition.isIgnition,
        try keepsBranches(circumstances) || lineage.slot(ignition.pubkey, ignition.name, state) == nil
      else { return }
      let accepted = try checkIgnition(ignition, ProofSet(), in: circumstances, reading: state, trace: nil)
      lineage.adopt(accepted.ignition, accepted.entry)
    } catch is Rejection {
      return
    }
  }

  /// The evidence of an update, with what the state says of it.
  ///
  /// - Parameters:
  ///   - previous: the update of the same chain that it continues; nil for the first one.
  ///   - boost: the update of the creator that the chain stands on; nil for the creator.
  func evidence(
    _ proofs: ProofSet, in ignition: IgnitionRecord, after previous: UpdateRecord?, boost: UpdateRecord.Boost?, _ lineage: Lineage = Lineage(),
    reading state: borrowing some StateReader & ~Copyable
  ) throws -> Evidence {
    var candidates = proofs.transactions
    var updates: [EventID: Lineage.Entry] = [:]
    var known: Set<EventID> = []
    for proof in proofs.proofs {
      switch proof.kind {
      case .transfer, .listing, .leadtime, .receipt: candidates.append(proof.id.value)
      case .update:
        candidates.append(proof.id.value)
        if let record = try lineage.update(proof.id, state) {
          known.insert(proof.id)
          guard record.collective == ignition.id else { continue }
          updates[proof.id] = Lineage.Entry(record: record, state: try lineage.hardState(proof.id, state))
        }
      case .request, .vote, .approval, .profile: continue
      }
    }
    var used: Set<Bytes32> = []
    let uses = try ProofUses(ignition.id, after: previous, boost: boost, reading: state)
    for id in candidates where try uses.contain(id, reading: state) { used.insert(id) }
    return Evidence(set: proofs, used: used, updates: updates, known: known)
  }

  func terms(_ ignition: IgnitionRecord, _ author: PublicKey) -> DiffTerms {
    DiffTerms(collective: ignition.id, address: ignition.address, creator: ignition.creator, author: author, options: options)
  }
}
