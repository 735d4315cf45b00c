// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// How an event came: everything that a validator may know of the world besides the event and the state.
///
/// `receivedAt` is the only clock (architecture, law 3).
public struct Circumstances: Sendable {
  /// Unix seconds at which strfry received the event.
  public let receivedAt: UInt64
  public let source: SourceType
  /// Judged again from a journal: lists, limits, members and balances are not asked again (law 5).
  public let isRejudged: Bool
  /// It came without a receivedAt and a source of its own, as a relay exports events: nothing says that it was ever accepted.
  public let isBare: Bool
  /// It was kept aside (`Verdict.kept`), and what it waited for is judged next, in the same transaction.
  public let isSummoned: Bool
  /// It was kept aside: the relay was answered with accept and has it, so that it is no longer asked whether it may be taken.
  public let isKept: Bool

  public init(
    receivedAt: UInt64, source: SourceType, isRejudged: Bool = false, isBare: Bool = false, isSummoned: Bool = false, isKept: Bool = false
  ) {
    self.receivedAt = receivedAt
    self.source = source
    self.isRejudged = isRejudged
    self.isBare = isBare
    self.isSummoned = isSummoned
    self.isKept = isKept || isSummoned
  }

  /// From a client of this relay, or its captain; every other source is *sync*.
  public var isLive: Bool { source.isLive }

  /// It comes from a journal, and so was accepted once.
  public var isRecalled: Bool { isRejudged && !isBare }

  /// How far ahead of its receipt an event may be dated, in seconds.
  public static let maxFutureSeconds: UInt64 = 900

  /// Dated further ahead than any event may be that is judged for the first time. Source: constellation spec, rule 11.
  public func isFuture(_ event: VerifiedEvent) -> Bool { isFuture(createdAt: event.createdAt) }

  /// The same of a time, in Unix seconds.
  public func isFuture(createdAt: UInt64) -> Bool {
    let (latest, overflows) = receivedAt.addingReportingOverflow(Self.maxFutureSeconds)
    return !isRecalled && !overflows && createdAt > latest
  }
}
