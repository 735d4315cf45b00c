// SPDX-License-Identifier: AGPL-3.0-or-later

/// Unsigned decimal integers as Nostr writes them: digits only, no leading zero, no sign.
enum Decimal {
  /// nil when empty, for any byte that is no digit, a leading zero (except "0" itself), or a value over `UInt64.max`.
  static func parse(_ digits: some Collection<UInt8>) -> UInt64? {
    guard let first = digits.first, first != 0x30 || digits.count == 1 else { return nil }
    var value: UInt64 = 0
    for digit in digits {
      guard (0x30...0x39).contains(digit) else { return nil }
      let (product, overflow1) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow2) = product.addingReportingOverflow(UInt64(digit - 0x30))
      guard !overflow1, !overflow2 else { return nil }
      value = sum
    }
    return value
  }
}
