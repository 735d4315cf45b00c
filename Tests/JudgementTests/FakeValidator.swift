// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// A domain that owns kind 5, and decides as it is told.
struct FakeValidator: Validator {
  let domain: Domain
  let refusal: Rejection?
  /// Claims only where the state says so.
  var isDependent = false
  var owns = true
  /// What an acceptance does besides its row.
  var effects: @Sendable (EventID) -> Effects = { _ in Effects() }
  /// The answer to an event that is known.
  var answerToKnown: Rejection?

  static func table(_ domain: Domain) -> Table { Table(domain, 0, "seen") }
  var tables: [Table] { [Self.table(domain)] }

  func claim(on event: borrowing EventSlices) -> Claim { event.kind == 5 ? (isDependent ? .dependsOnState : .owned) : .none }
  func owns(_ event: Event, reading state: borrowing some StateReader & ~Copyable) throws -> Bool { owns }
  func parse(_ event: VerifiedEvent, in circumstances: Circumstances, trace: CheckTrace?) throws -> EventID {
    trace?.enter("F1")
    return event.id
  }

  func decide(
    _ id: EventID, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable, trace: CheckTrace?
  ) throws -> Verdict {
    trace?.enter("F2")
    if let refusal { throw refusal }
    var effects = effects(id)
    effects.changes.append(.put(Self.table(domain), key: id.bytes, value: [domain.rawValue]))
    effects.note = [domain.rawValue]
    return .accepted(effects)
  }

  func answerToKnown(_ event: EventID, _ known: KnownEvent, reading state: borrowing some StateReader & ~Copyable) throws -> Rejection? {
    answerToKnown
  }

  func decide(_ decision: OperatorDecision, reading state: borrowing some StateReader & ~Copyable) throws -> Effects { effects(EventID(.zero)) }

  func digest(reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {
    try state.scan(Self.table(domain), prefix: []) { key, _ in
      feed(key)
      return true
    }
  }
}
