// SPDX-License-Identifier: AGPL-3.0-or-later

/// What one pass of the worker did, in numbers.
public struct DeliveryPass: Sendable, Equatable {
  /// Released parked events that are valid now.
  public var accepted = 0
  /// Released parked events that were refused, or wait for something else now.
  public var refused = 0
  /// Deferred follow-ups that were built, or found to have nothing to publish any more.
  public var built = 0
  /// Old rows removed.
  public var pruned = 0
  public var delivered = 0
  /// Rows that will be tried again.
  public var retried = 0
  /// Rows given up after their last attempt.
  public var failed = 0
  /// Held rows that go on, since the key or the configuration is another one.
  public var resumed = 0
  /// Events accepted live that the relay has.
  public var confirmed = 0
  /// Events accepted live that the relay does not have: they are delivered again.
  public var redelivered = 0
  /// Rows that wait for the operator from now on.
  public var held = 0
  /// What could not be done because the state could not be read or written.
  public var faults = 0
  /// The sink took nothing of a batch: the pass ended there, whatever else is due.
  public var isSinkFailing = false

  public init() {}

  /// Something happened, so there may be more to do.
  public var didWork: Bool { accepted + refused + resumed + built + pruned + delivered + retried + failed + held + confirmed + redelivered > 0 }

  public static func += (left: inout DeliveryPass, right: DeliveryPass) {
    left.accepted += right.accepted
    left.refused += right.refused
    left.built += right.built
    left.pruned += right.pruned
    left.delivered += right.delivered
    left.retried += right.retried
    left.failed += right.failed
    left.resumed += right.resumed
    left.held += right.held
    left.confirmed += right.confirmed
    left.redelivered += right.redelivered
    left.faults += right.faults
    left.isSinkFailing = right.isSinkFailing
  }
}
