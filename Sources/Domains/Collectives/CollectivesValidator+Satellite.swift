// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension CollectivesValidator {
  /// The collective that a satellite names; nil when it names none that is known.
  func collective(of satellite: Satellite, reading state: borrowing some StateReader & ~Copyable) throws -> IgnitionRecord? {
    for address in satellite.addresses where (1...64).contains(address.identifier.count) {
      // Those that the key began come first, but for one that was bound before there could be several.
      guard let slot = try SlotRecord.all(address.pubkey, address.identifier, limit: 2, state).first(where: \.isCreator) else { continue }
      return try IgnitionRecord.read(slot.collective, state)
    }
    for id in satellite.events {
      if let ignition = try IgnitionRecord.read(id, state) { return ignition }
    }
    return nil
  }

  /// 4.9: accepted and indexed, so that `proof_id` resolves; with `validateSatellites` its shape is looked at first. From sync, what names a collective
  /// that is not known yet waits for it.
  func decide(
    _ satellite: Satellite, _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable,
    trace: CheckTrace?
  ) throws -> Verdict {
    trace?.enter("4.9")
    guard let ignition = try collective(of: satellite, reading: state) else {
      if !circumstances.isLive { try wait(satellite, reading: state) }
      // It names something, and no collective: it is left to others.
      return .kept(until: [])
    }
    if circumstances.isLive, !circumstances.isRecalled, try DeletedEvents.contain(event.id, by: event.pubkey, reading: state) {
      throw CollectivesRejection.deletedByAuthor
    }
    if options.validateSatellites { try checkShape(event.event) }
    var isAuthorised = false
    var isStranger = event.pubkey != ignition.creator
    if let head = try UpdateRecord.headID(ignition.id, ignition.creator, state) {
      let hardState = try HardState.read(head, state)
      if event.kind == CollectivesOptions.receiptKind {
        isAuthorised = options.trustedZappers.contains(event.pubkey) || hardState.zappers.contains(event.pubkey)
      }
      isStranger = isStranger && !isAuthorised && !hardState.rows.contains { $0.owner == event.pubkey }
    }
    var writer = RecordWriter(capacity: 9)
    writer.put(event.kind)
    writer.put(isAuthorised)
    return .accepted(
      Effects(
        changes: [.put(CollectivesState.satellites, key: ignition.id.bytes + event.id.bytes, value: writer.bytes)],
        note: CollectivesNote(.satellite, ignition.id, event.pubkey).bytes, provides: [.collectiveEvent(event.id)], yieldsWhenFull: isStranger))
  }

  /// Parks a satellite under what it names, where that may still come.
  private func wait(_ satellite: Satellite, reading state: borrowing some StateReader & ~Copyable) throws {
    switch satellite.named {
    case .address(let address):
      throw Parked(
        CollectivesRejection.missingCollective(of: address.pubkey), waitingFor: .collective(address.pubkey, address.identifier))
    case .event(let id) where try state.known(id) == nil:
      throw Parked(CollectivesRejection.missingIgnition(id), waitingFor: .collectiveEvent(id))
    case .event, nil: return
    }
  }

  /// The shape alone, never who wrote it.
  private func checkShape(_ event: Event) throws {
    let proof = Proof(event: event, kind: Proof.Class(event, options) ?? .update, wrappers: nil)
    func names(_ tag: StaticString) -> Bool { proof.value(tag).flatMap { EventID(hex: $0) } != nil }
    let isRight: Bool
    switch proof.kind {
    case .approval:
      guard options.allowPublishedApprovals else { throw CollectivesRejection.publishedApproval }
      return
    case .request: isRight = ((proof.value("merits") ?? proof.value("amount"))?.decimal ?? 0) >= 1
    case .vote:
      let direction = proof.value("vote")
      isRight = (names("request") || names("e")) && direction.map { $0 == "ratify" || $0 == "blackball" } == true
    case .listing:
      let prices = proof.value("price")?.fields ?? []
      isRight = names("request") && prices.count == 2 && prices.allSatisfy { $0.decimal != nil }
    case .transfer where event.kind == CollectivesOptions.listingKind:
      isRight = names("request") && proof.value("p").flatMap { PublicKey(hex: $0) } != nil
    case .update where event.kind == 1413: isRight = names("request") || names("e")
    case .update where event.kind == Satellite.problemKind: isRight = !event.content.isEmpty || event.tags.count > 1
    default: return
    }
    if !isRight { throw CollectivesRejection.malformedSatellite }
  }
}
