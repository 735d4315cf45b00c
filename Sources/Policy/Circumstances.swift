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

  public init(receivedAt: UInt64, source: SourceType, isRejudged: Bool = false, isBare: Bool = false) {
    self.receivedAt = receivedAt
    self.source = source
    self.isRejudged = isRejudged
    self.isBare = isBare
  }

  /// From a client of this relay (IP4, IP6); every other source is *sync*.
  public var isLive: Bool { source == .ip4 || source == .ip6 }
}
