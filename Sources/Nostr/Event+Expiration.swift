// SPDX-License-Identifier: AGPL-3.0-or-later

extension Event {
  /// When the event expires (NIP-40), in seconds since 1970: the value of the first `expiration` tag; nil without one, or when that is
  /// no plain decimal number.
  public var expiration: UInt64? { tags.first(named: "expiration")?[1]?.decimal }

  /// Whether the event has expired at `time`, in seconds since 1970. As in strfry, the second it names is already over.
  public func isExpired(at time: UInt64) -> Bool { expiration.map { $0 <= time } ?? false }
}
