// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The rules of collectives: chains of kind 31108 whose hard state changes only with proofs. Source: collectives spec, section 4.
///
/// The staircases stand in files of their own: S2–S11 in `CollectiveUpdate`, `ProofReader` and `Receipt`; `+Ignition` (G1–G3), `+FirstMember`
/// (M1–M9), `+Replacement` (R1–R9), `+Fork`, `+Deletion`, `+Satellite`, `+Checkpoint`, `+Archive`; the diff (D1–D12) in `MeritDiff`, `Satflow` and
/// `PurchaseDiff`.
public final class CollectivesValidator: Validator {
  public let options: CollectivesOptions

  public init(options: CollectivesOptions) { self.options = options }

  public var domain: Domain { .collectives }
  public var ownKinds: [UInt64] { [CollectivesOptions.updateKind] }
  public var tables: [Table] { CollectivesState.tables }

  public func claim(on event: borrowing EventSlices) -> Claim { CollectivesEvent.claim(on: event, options) }

  /// A satellite is ours when it names a collective that is known, and from sync one that may become known; a deletion when it names something of its
  /// author's that we keep.
  public func owns(_ event: Event, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    if Satellite.isKind(event.kind, options) {
      let satellite = Satellite(event)
      return try collective(of: satellite, reading: state) != nil || !circumstances.isLive && satellite.named != nil
    }
    if event.kind == CollectiveDeletion.vanishKind { return try state.hasEntry(CollectivesState.slots, prefix: event.pubkey.bytes) }
    return try ownsDeletion(event, reading: state)
  }

  public func parse(_ event: VerifiedEvent, in circumstances: Circumstances, trace: CheckTrace?) throws -> CollectivesEvent {
    try CollectivesEvent(parsing: event, options: options(in: circumstances), trace: trace)
  }

  /// Limits are not asked again of what was accepted once (law 5).
  func options(in circumstances: Circumstances) -> CollectivesOptions {
    guard circumstances.isRecalled else { return options }
    var options = options
    options.maxEventBytes = .max
    return options
  }

  /// S1: the head is accepted again, an older update is superseded.
  public func answerToKnown(
    _ event: CollectivesEvent, _ known: KnownEvent, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Rejection? {
    guard case .update = event.content, let note = try CollectivesNote(known), note.kind == .update,
      let head = try UpdateRecord.headID(note.collective, note.pubkey, state), head != event.event.id
    else { return nil }
    return CollectivesRejection.superseded(by: head)
  }

  public func decide(
    _ event: CollectivesEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable, trace: CheckTrace?
  ) throws -> Verdict {
    switch event.content {
    case .update(let update): return try decide(update, in: circumstances, reading: state, trace: trace)
    case .satellite(let satellite): return try decide(satellite, event.event, in: circumstances, reading: state, trace: trace)
    case .deletion(let deletion): return try decide(deletion, event.event, in: circumstances, reading: state)
    case .label: return .accepted(Effects(note: CollectivesNote(.label, EventID(.zero), event.event.pubkey).bytes))
    }
  }

  public func isDeletion(_ known: KnownEvent) throws -> Bool { try CollectivesNote(known)?.kind == .deletion }

  public func outcomes(at now: UInt64, reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {
    try CollectivesDigest.feedHeads(reading: state, into: feed)
  }

  public func digest(reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {
    try CollectivesDigest.feed(reading: state, into: feed)
  }
}
