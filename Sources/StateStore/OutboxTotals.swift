// SPDX-License-Identifier: AGPL-3.0-or-later
/// The sums of the outbox.
public struct OutboxTotals: Sendable, Equatable {
  /// What all rows take in the map, their indexes included: whole pages where a row is too large for a leaf.
  public internal(set) var bytes: UInt64 = 0
  /// How many undelivered rows were dropped for want of room, ever.
  public internal(set) var dropped: UInt64 = 0
  /// How many of them the log has told of.
  public internal(set) var told: UInt64 = 0

  /// LMDB's pages on every machine that this runs on, and the longest value that shares one with others.
  private static let (pageBytes, sharedBytes) = (4096, 2000)
  /// What a row takes at most that shares its page.
  static let mostSharedBytes = stored(sharedBytes)
  private static let pageHeaderBytes = 16
  /// Of the row, its id, its time of delivery, and LMDB's own for each of them.
  private static let indexBytes = 112

  init() {}

  /// What a row of so many bytes takes.
  static func stored(_ count: Int) -> UInt64 {
    guard isLarge(count) else { return UInt64(count + indexBytes) }
    return UInt64((count + pageHeaderBytes + pageBytes - 1) / pageBytes * pageBytes + indexBytes)
  }

  /// Whether a row of so many bytes has pages of its own.
  static func isLarge(_ count: Int) -> Bool { count > sharedBytes }

  mutating func replace(_ old: Int?, by new: Int?) {
    bytes &+= new.map(Self.stored) ?? 0
    let gone = old.map(Self.stored) ?? 0
    bytes = bytes > gone ? bytes - gone : 0
  }
}
