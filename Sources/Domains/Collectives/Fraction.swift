// SPDX-License-Identifier: AGPL-3.0-or-later

/// An exact fraction of votepower: no floating point decides about merits.
public struct Fraction: Hashable, Sendable, CustomStringConvertible {
  public let numerator: UInt32
  public let denominator: UInt32

  /// nil when the denominator is 0.
  public init?(_ numerator: UInt32, _ denominator: UInt32) {
    guard denominator > 0 else { return nil }
    self.numerator = numerator
    self.denominator = denominator
  }

  /// Reads `n/d`, both whole numbers up to 1,000,000, without signs, spaces or leading zeros; nil for anything else.
  public init?(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard parts.count == 2, let numerator = Self.number(parts[0]), let denominator = Self.number(parts[1]) else { return nil }
    self.init(numerator, denominator)
  }

  private static func number(_ digits: Substring.UTF8View) -> UInt32? {
    guard let first = digits.first, first != UInt8(ascii: "0") || digits.count == 1, digits.count <= 7 else { return nil }
    var value: UInt32 = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      value = value * 10 + UInt32(digit - UInt8(ascii: "0"))
    }
    return value <= 1_000_000 ? value : nil
  }

  /// Below 1.
  public var isProper: Bool { numerator < denominator }

  /// `part / whole > self`, in 128 bits.
  func isExceeded(by part: UInt64, of whole: UInt64) -> Bool {
    UInt128(part) * UInt128(denominator) > UInt128(whole) * UInt128(numerator)
  }

  /// `part / whole < self`, in 128 bits.
  func isAbove(_ part: UInt64, of whole: UInt64) -> Bool {
    UInt128(part) * UInt128(denominator) < UInt128(whole) * UInt128(numerator)
  }

  public var description: String { "\(numerator)/\(denominator)" }
}
