// SPDX-License-Identifier: AGPL-3.0-or-later

/// What a validator decides about one event. Indirect, as it is handed on more often than looked into (decisions/0007).
public indirect enum Verdict: Sendable {
  /// Accepted, and nothing to write.
  case unchanged
  /// Accepted with its effects.
  case accepted(Effects)
  case rejected(Rejection)
  /// Refused, and something is kept all the same: evidence of an equivocation, an event to be delivered again. Never journalled.
  case rejectedLeaving(Rejection, Effects)
  /// Kept until the dependency is accepted, and answered with the rejection and `, parked`; with the rejection alone where it cannot be kept.
  case parked(Rejection, Dependency)
  /// Nobody's for now: answered as an event that nobody claims, and a copy is kept aside. It is judged again just before an event arrives that it
  /// waits for (`Dependency.arrival`), or once a dependency is provided. The first 200 count. Where another owner of the event decides, that counts.
  case kept(until: [Dependency])
}

/// What accepting one event does, all of it in one transaction.
public struct Effects: Sendable {
  public var changes: [StateChange]
  public var followUps: [FollowUp]
  /// The owner's note, kept with the event's id.
  public var note: [UInt8]
  /// Dependencies that this event provides: parked events that wait for one are judged again.
  public var provides: [Dependency]
  /// Refused in the last tenth of the map, which is for votes, contributions and updates of what exists: the event opens a new campaign, collective or
  /// group, or comes from a stranger beside one (a deletion, a satellite, a proposal).
  public var yieldsWhenFull: Bool
  /// What the operator is told once it is committed.
  public var diagnostics: [Diagnostic] = []

  public init(changes: [StateChange] = [], followUps: [FollowUp] = [], note: [UInt8] = [], provides: [Dependency] = [], yieldsWhenFull: Bool = false) {
    self.changes = changes
    self.followUps = followUps
    self.note = note
    self.provides = provides
    self.yieldsWhenFull = yieldsWhenFull
  }
}

/// Thrown inside a validator when an event has to wait; becomes `Verdict.parked`.
public struct Parked: Error, Sendable {
  public let rejection: Rejection
  public let dependency: Dependency

  public init(_ rejection: Rejection, waitingFor dependency: Dependency) {
    self.rejection = rejection
    self.dependency = dependency
  }
}
