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
    if let slot = try lineage.slot(update.pubkey, update.name, state) {
      return try decideReplacement(update, slot, setting, reading: state)
    }
    if case .event(let id) = update.ignition { return try decideFirstMember(update, of: id, setting, reading: state) }
    guard update.isIgnition else { throw CollectivesRejection.pointersWithoutIgnition }
    return try decideIgnition(update, setting, reading: state)
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
      guard let raw = try state.raw(id), let event = try? Event(parsing: raw) else {
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
      guard ignition.proofs.count == 0, ignition.isIgnition, try lineage.slot(ignition.pubkey, ignition.name, state) == nil else { return }
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
    _ proofs: ProofSet, in ignition: IgnitionRecord, after previous: UpdateRecord?, boost: UpdateRecord.Boost?,
    reading state: borrowing some StateReader & ~Copyable
  ) throws -> Evidence {
    var candidates = proofs.transactions
    var updates: [EventID: Lineage.Entry] = [:]
    for proof in proofs.proofs {
      switch proof.kind {
      case .transfer, .listing, .leadtime, .receipt: candidates.append(proof.id.value)
      case .update:
        candidates.append(proof.id.value)
        if let record = try UpdateRecord.read(proof.id, state), record.collective == ignition.id {
          updates[proof.id] = Lineage.Entry(record: record, state: try HardState.read(proof.id, state))
        }
      case .request, .vote, .approval, .profile: continue
      }
    }
    var used: Set<Bytes32> = []
    let uses = ProofUses(ignition: ignition, previous: previous, boost: boost)
    for id in candidates where try uses.contain(id, reading: state) { used.insert(id) }
    return Evidence(set: proofs, used: used, updates: updates)
  }

  func terms(_ ignition: IgnitionRecord, _ author: PublicKey) -> DiffTerms {
    DiffTerms(collective: ignition.id, address: ignition.address, creator: ignition.creator, author: author, options: options)
  }
}
