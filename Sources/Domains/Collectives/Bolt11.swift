// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// What a Lightning invoice asks for, read from its human-readable part (BOLT 11). The rest of the invoice is not looked at: the trust is in
/// who signed the receipt (NIP-57).
public enum Bolt11: Equatable, Sendable {
  /// Whoever pays chooses.
  case anyAmount
  /// In thousandths of a satoshi, at least 1.
  case millisatoshi(UInt64)

  /// The most digits of an amount: more than all bitcoins in any unit.
  private static let maxDigits = 18

  /// Reads an invoice, or just its beginning up to the separator `1`; all lowercase or all uppercase (bech32).
  /// - Returns: nil when it is no invoice on the Bitcoin main network, or its amount is not a whole number of millisatoshi.
  public init?(_ invoice: Text) {
    var bytes = Array(invoice.bytes)
    let hasUpper = bytes.contains { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
    let hasLower = bytes.contains { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
    guard !(hasUpper && hasLower), bytes.allSatisfy({ (0x21...0x7e).contains($0) }) else { return nil }
    if hasUpper { bytes = bytes.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 } }
    // The data part has no 1, so the last one is the separator.
    guard let separator = bytes.lastIndex(of: UInt8(ascii: "1")), bytes.starts(with: "lnbc".utf8), separator >= 4 else { return nil }
    guard bytes[(separator + 1)...].allSatisfy(Self.isData) else { return nil }
    var amount = bytes[4..<separator]
    guard !amount.isEmpty else {
      self = .anyAmount
      return
    }
    var multiplier: UInt8?
    if let last = amount.last, !(0x30...0x39).contains(last) {
      multiplier = last
      amount.removeLast()
    }
    guard let number = Text(utf8: amount).decimal, number > 0, amount.count <= Self.maxDigits,
      let value = Self.millisatoshi(number, multiplier)
    else { return nil }
    self = .millisatoshi(value)
  }

  private static func millisatoshi(_ number: UInt64, _ multiplier: UInt8?) -> UInt64? {
    let factor: UInt64
    switch multiplier {
    case nil: factor = 100_000_000_000
    case UInt8(ascii: "m"): factor = 100_000_000
    case UInt8(ascii: "u"): factor = 100_000
    case UInt8(ascii: "n"): factor = 100
    case UInt8(ascii: "p"): return number % 10 == 0 ? number / 10 : nil
    default: return nil
    }
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    return overflow ? nil : product
  }

  /// The letters of bech32's data part.
  private static func isData(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0"), UInt8(ascii: "2")...UInt8(ascii: "9"): true
    case UInt8(ascii: "i"), UInt8(ascii: "o"): false
    case UInt8(ascii: "a"), UInt8(ascii: "c")...UInt8(ascii: "z"): true
    default: false
    }
  }
}
