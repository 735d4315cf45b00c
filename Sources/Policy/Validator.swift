// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// Whether a domain owns an event.
public enum Claim: Sendable {
  case none
  case owned
  /// It depends on what the event names: the state has to be asked (kinds 5 and 1040).
  case dependsOnState
}

/// The rules of one domain, without state of their own: they return verdicts and touch nothing. A class, since its options are much to copy.
public protocol Validator: Sendable {
  /// The event in the domain's own terms, when its shape is right.
  associatedtype TypedEvent: Sendable

  var domain: Domain { get }
  /// Kinds of events that are the domain's whatever they say: 30904, not 7.
  var ownKinds: [UInt64] { get }
  /// The domain's tables, to be opened before the first judgement.
  var tables: [Table] { get }

  /// Whether the domain owns this event. Called for every event on the request path: no heap, no state.
  func claim(on event: borrowing EventSlices) -> Claim

  /// Whether the domain owns an event whose claim depends on the state.
  func owns(_ event: Event, reading state: borrowing some StateReader & ~Copyable) throws -> Bool

  /// The same where it matters how the event came: from sync, what it names may still follow. By default it does not matter.
  func owns(_ event: Event, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable) throws -> Bool

  /// The context-free checks, in the spec's order. Throws a `Rejection`.
  func parse(_ event: VerifiedEvent, in circumstances: Circumstances, trace: CheckTrace?) throws -> TypedEvent

  /// Parses once; the result can be decided twice (in the read transaction, and again in the write transaction). Throws as `parse`.
  func prepare(_ event: VerifiedEvent, in circumstances: Circumstances, trace: CheckTrace?) throws -> any PreparedEvent

  /// The answer to an accepted event that comes again: nil to accept it again (a superseded version: `duplicate:`).
  func answerToKnown(_ event: TypedEvent, _ known: KnownEvent, reading state: borrowing some StateReader & ~Copyable) throws -> Rejection?

  /// Whether an accepted event of the domain's is a deletion (kind 5), as its note says.
  func isDeletion(_ known: KnownEvent) throws -> Bool

  /// Judges an event that is not known yet. Throws a `Rejection`, `Parked` or `Fault`.
  func decide(
    _ event: TypedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable, trace: CheckTrace?
  ) throws -> Verdict

  /// Builds a deferred follow-up from the state as it is; nil when there is nothing to publish any more.
  func build(_ deferred: DeferredFollowUp, reading state: borrowing some StateReader & ~Copyable) throws -> (FollowUpEvent, [StateChange])?

  /// Feeds the canonical bytes of everything that follows from the accepted events alone (law 5), in an order that depends on nothing else.
  func digest(reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws

  /// Feeds the canonical bytes of what this node decides, at a time in Unix seconds: where these differ between nodes of the same digest, somebody's live
  /// decision differs. By default nothing. Source: contract, `state digest`.
  func outcomes(at now: UInt64, reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws

  /// What has to be done although no event came, such as holding stored proofs against headers that are known now. The worker asks on every pass, and
  /// again as long as there is something; nil when there is nothing. Never part of the digest, nor of the journal.
  func upkeep(reading state: borrowing some StateReader & ~Copyable) throws -> Effects?

  /// Carries out a journalled decision of the operator, such as `campaign trust`. Throws a `Rejection` when it cannot be.
  func decide(_ decision: OperatorDecision, reading state: borrowing some StateReader & ~Copyable) throws -> Effects

  /// What one of the domain's own dependencies is, in words for people: `event 4f16…`. Nil where the bytes are none of its; arrivals are every domain's
  /// alike (`Dependency.arrivalWords`).
  func words(for dependency: Dependency) -> String?
}

extension Validator {
  public var ownKinds: [UInt64] { [] }
  public func isDeletion(_ known: KnownEvent) throws -> Bool { false }

  public func owns(_ event: Event, reading state: borrowing some StateReader & ~Copyable) throws -> Bool { false }

  public func owns(_ event: Event, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    try owns(event, reading: state)
  }

  public func answerToKnown(_ event: TypedEvent, _ known: KnownEvent, reading state: borrowing some StateReader & ~Copyable) throws -> Rejection? {
    nil
  }

  public func build(_ deferred: DeferredFollowUp, reading state: borrowing some StateReader & ~Copyable) throws -> (FollowUpEvent, [StateChange])? {
    nil
  }

  public func outcomes(at now: UInt64, reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {}

  public func upkeep(reading state: borrowing some StateReader & ~Copyable) throws -> Effects? { nil }

  public func words(for dependency: Dependency) -> String? { nil }

  public func decide(_ decision: OperatorDecision, reading state: borrowing some StateReader & ~Copyable) throws -> Effects {
    throw Rejection.invalid("\(domain.name) knows no decision called \(decision.action)")
  }

  @inlinable
  public func prepare(_ event: VerifiedEvent, in circumstances: Circumstances, trace: CheckTrace?) throws -> any PreparedEvent {
    Prepared(validator: self, typed: try parse(event, in: circumstances, trace: trace))
  }
}

/// An event that passed the context-free checks of one domain.
public protocol PreparedEvent: AnyObject, Sendable {
  var domain: Domain { get }
  func answerToKnown(_ known: KnownEvent, reading state: borrowing some StateReader & ~Copyable) throws -> Rejection?
  /// Never throws a `Rejection` or `Parked`: they become verdicts. Throws faults.
  func decide(in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable, trace: CheckTrace?) throws -> Verdict
}

/// Inlinable with `prepare`, so that each domain has its own without asking the runtime for it.
@usableFromInline
final class Prepared<Rules: Validator>: PreparedEvent {
  private let validator: Rules
  private let typed: Rules.TypedEvent

  @usableFromInline
  init(validator: Rules, typed: Rules.TypedEvent) {
    self.validator = validator
    self.typed = typed
  }

  @usableFromInline
  var domain: Domain { validator.domain }

  @usableFromInline
  func answerToKnown(_ known: KnownEvent, reading state: borrowing some StateReader & ~Copyable) throws -> Rejection? {
    try validator.answerToKnown(typed, known, reading: state)
  }

  @usableFromInline
  func decide(in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable, trace: CheckTrace?) throws -> Verdict {
    do {
      return try validator.decide(typed, in: circumstances, reading: state, trace: trace)
    } catch let rejection as Rejection {
      return .rejected(rejection)
    } catch let parked as Parked {
      return .parked(parked.rejection, parked.dependency)
    }
  }
}
