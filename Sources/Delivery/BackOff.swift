// SPDX-License-Identifier: AGPL-3.0-or-later

/// How long a row waits after a failed attempt: from 1 s, doubling, to 10 min, with jitter.
enum BackOff {
  /// With a quarter of jitter this makes 10 min.
  private static let longestMilliseconds: UInt64 = 480_000

  /// - Parameters:
  ///   - attempts: how many have failed, this one included: 1 or more.
  ///   - random: any number; it chooses the jitter.
  static func milliseconds(attempts: UInt32, random: UInt64) -> UInt64 {
    let doublings = min(max(attempts, 1) - 1, 20)
    let base = min(1000 << UInt64(doublings), longestMilliseconds)
    return base + random % (base / 4 + 1)
  }
}
