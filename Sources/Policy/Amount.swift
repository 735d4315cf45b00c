// SPDX-License-Identifier: AGPL-3.0-or-later

/// Money: a whole number of hundredths of one Ẑ (0.001 Ğ1). 1 Ẑ = 100, 1 Ğ1 = 1000, 1 € counts as 1 Ẑ in goals.
///
/// Never negative; text is read as decimal, never as floating point; every sum is overflow-checked.
/// Source: settlement-and-follow-ups, *Units*.
public struct Amount: Hashable, Comparable, Sendable {
  /// Hundredths of one Ẑ.
  public let hundredths: UInt64

  public static let zero = Amount(hundredths: 0)

  public init(hundredths: UInt64) { self.hundredths = hundredths }

  /// A whole number of Ẑ; nil when it does not fit.
  public init?(wholeZen: UInt64) {
    let (product, overflow) = wholeZen.multipliedReportingOverflow(by: 100)
    if overflow { return nil }
    self.init(hundredths: product)
  }

  /// Reads a decimal with at most two places, such as `12`, `12.5` or `0.05`: no sign, no exponent, no spaces.
  ///
  /// - Parameters:
  ///   - text: UTF-8 bytes of the decimal.
  ///   - hundredthsPerUnit: what 1 is worth: 100 for Ẑ and €, 1000 for Ğ1.
  /// - Returns: nil when the text is not such a decimal or the amount does not fit.
  public init?(decimal text: some Collection<UInt8>, hundredthsPerUnit: UInt64 = 100) {
    guard let cents = Self.cents(of: text) else { return nil }
    let (product, overflow) = cents.multipliedReportingOverflow(by: hundredthsPerUnit / 100)
    if overflow { return nil }
    self.init(hundredths: product)
  }

  private static func cents(of text: some Collection<UInt8>) -> UInt64? {
    var cents: UInt64 = 0
    var digits = 0
    var places: Int? = nil
    for byte in text {
      if byte == UInt8(ascii: "."), places == nil, digits > 0 {
        places = 0
        continue
      }
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), (places ?? 0) < 2, digits < 18 else { return nil }
      cents = cents * 10 + UInt64(byte - UInt8(ascii: "0"))
      digits += 1
      if let known = places { places = known + 1 }
    }
    guard digits > 0, places != 0 else { return nil }
    for _ in (places ?? 0)..<2 {
      let (product, overflow) = cents.multipliedReportingOverflow(by: 10)
      if overflow { return nil }
      cents = product
    }
    return cents
  }

  /// The sum; nil when it does not fit.
  public func adding(_ other: Amount) -> Amount? {
    let (sum, overflow) = hundredths.addingReportingOverflow(other.hundredths)
    return overflow ? nil : Amount(hundredths: sum)
  }

  /// The difference; nil when it would be negative.
  public func subtracting(_ other: Amount) -> Amount? {
    let (difference, overflow) = hundredths.subtractingReportingOverflow(other.hundredths)
    return overflow ? nil : Amount(hundredths: difference)
  }

  public static func < (left: Amount, right: Amount) -> Bool { left.hundredths < right.hundredths }

  /// The decimal with at most two places, rounded down, no trailing zeros: `12.5` for 1250 hundredths.
  ///
  /// - Parameter hundredthsPerUnit: 100 for Ẑ and €, 1000 for Ğ1.
  public func decimal(hundredthsPerUnit: UInt64 = 100) -> String {
    let cents = hundredths / max(1, hundredthsPerUnit / 100)
    let (whole, part) = cents.quotientAndRemainder(dividingBy: 100)
    if part == 0 { return String(whole) }
    if part % 10 == 0 { return "\(whole).\(part / 10)" }
    return "\(whole).\(part < 10 ? "0" : "")\(part)"
  }
}
