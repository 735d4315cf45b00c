// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// What this node publishes because of a decision. Written to the outbox in the decision's own transaction, delivered afterwards.
///
/// Persistence: a row survives crashes and is delivered at least once; its final id is fixed here, so delivering twice gives the same event.
/// Failure: retried with back-off, then kept as failed until the operator decides.
/// Source: settlement-and-follow-ups, *Follow-ups*.
///
/// Indirect, as verdicts are: they are handed on more often than looked into, and a copy of a box is one reference (decisions/0007).
public indirect enum FollowUp: Sendable {
  /// An event whose final form is known now.
  case event(FollowUpEvent)
  /// The same, delivered once more when it was delivered before, or given up.
  case again(FollowUpEvent)
  /// The same, made only when the decision is final: an event is decided on a snapshot first, and hashing what is thrown away again would be the dearest
  /// part of it. A pure function of the decision.
  case made(by: @Sendable () throws -> FollowUpEvent)
  /// An event that is built from the state once its debounce has passed; several requests for one subject become one event.
  case deferred(DeferredFollowUp)
}

/// The kinds of follow-ups. The raw value is stored and shown: never rename.
public enum FollowUpName: String, CaseIterable, Sendable {
  case contributionReceipt = "contribution-receipt"
  case campaignSnapshot = "campaign-snapshot"
  case decisionLabel = "decision-label"
  case attestation
  case alert
  case parkedEvent = "parked-event"
  /// What relays drop, within a repost (NIP-18).
  case archive
  /// An event that this relay accepted and does not have, or a head that its author does not know.
  case redelivery
}

/// A follow-up in its final form.
public struct FollowUpEvent: Sendable {
  public indirect enum Body: Sendable {
    /// Signed by the worker with the node's key.
    case unsigned(UnsignedEvent)
    /// Published as it is: a parked event that became valid.
    case signed(raw: [UInt8], id: EventID, kind: UInt64)
  }

  public let name: FollowUpName
  /// Follow-ups of one subject are delivered in order: a project id, a station…
  public let subject: [UInt8]
  /// The event that caused it.
  public let trigger: EventID
  public let body: Body

  public init(name: FollowUpName, subject: [UInt8], trigger: EventID, body: Body) {
    self.name = name
    self.subject = subject
    self.trigger = trigger
    self.body = body
  }

  public var id: EventID {
    switch body {
    case .unsigned(let event): event.id
    case .signed(_, let id, _): id
    }
  }

  public var kind: UInt64 {
    switch body {
    case .unsigned(let event): event.kind
    case .signed(_, _, let kind): kind
    }
  }
}

/// A request to build a follow-up later.
public struct DeferredFollowUp: Sendable {
  public let domain: Domain
  public let name: FollowUpName
  public let subject: [UInt8]
  public let trigger: EventID
  /// Unix seconds of the trigger's receipt; of several requests, the latest counts.
  public let receivedAt: UInt64
  /// Unix seconds from which it may be built; of several requests, the earliest counts, so that a busy subject is not put off for ever.
  public let dueAt: UInt64

  public init(domain: Domain, name: FollowUpName, subject: [UInt8], trigger: EventID, receivedAt: UInt64, dueAt: UInt64) {
    self.domain = domain
    self.name = name
    self.subject = subject
    self.trigger = trigger
    self.receivedAt = receivedAt
    self.dueAt = dueAt
  }
}
