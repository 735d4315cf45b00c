// SPDX-License-Identifier: AGPL-3.0-or-later
import FoundationEssentials

/// A number as JSON5 writes it: with a sign, in hex, with a point at either end. Read exactly, never through binary floating point.
struct JSON5Number {
  let value: JSONValue

  /// More digits than a decimal holds are no number that a setting takes.
  private static let maxDigits = 36
  private static let maxExponent = 80

  /// nil when `word` is no number, or one that cannot be kept exactly.
  init?(_ word: String) {
    var rest = Array(word.utf8)[...]
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    guard let value = rest.starts(with: "0x".utf8) || rest.starts(with: "0X".utf8) ? Self.hex(rest.dropFirst(2)) : Self.decimal(rest) else {
      return nil
    }
    self.value = Self.value(digits: value.digits, exponent: value.exponent, isNegative: isNegative)
  }

  private static func hex(_ digits: ArraySlice<UInt8>) -> (digits: [UInt8], exponent: Int)? {
    guard !digits.isEmpty, digits.count <= 28 else { return nil }
    // Schoolbook: times sixteen, plus the digit, on decimal digits with the lowest first.
    var decimal: [UInt8] = [0]
    for digit in digits {
      let lower = digit | 0x20
      let added: Int
      switch digit {
      case 0x30...0x39: added = Int(digit) - 0x30
      case _ where (0x61...0x66).contains(lower): added = Int(lower) - 0x57
      default: return nil
      }
      var carry = added
      for index in decimal.indices {
        let sum = Int(decimal[index]) * 16 + carry
        decimal[index] = UInt8(sum % 10)
        carry = sum / 10
      }
      while carry > 0 {
        decimal.append(UInt8(carry % 10))
        carry /= 10
      }
    }
    return (decimal.reversed(), 0)
  }

  private static func decimal(_ word: ArraySlice<UInt8>) -> (digits: [UInt8], exponent: Int)? {
    var rest = word
    let whole = rest.prefix(while: isDigit)
    if whole.count > 1, whole.first == UInt8(ascii: "0") { return nil }
    rest = rest.dropFirst(whole.count)
    var places: ArraySlice<UInt8> = []
    if rest.first == UInt8(ascii: ".") {
      places = rest.dropFirst().prefix(while: isDigit)
      rest = rest.dropFirst(1 + places.count)
    }
    if whole.isEmpty, places.isEmpty { return nil }
    var exponent = 0
    if let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") {
      rest.removeFirst()
      let isNegative = rest.first == UInt8(ascii: "-")
      if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
      guard !rest.isEmpty, rest.allSatisfy(isDigit), let size = Int(String(decoding: rest, as: UTF8.self)), size <= maxExponent else { return nil }
      exponent = isNegative ? -size : size
      rest = []
    }
    guard rest.isEmpty else { return nil }
    var digits = (whole + places).map { $0 - 0x30 }
    exponent -= places.count
    while digits.count > 1, digits.first == 0 { digits.removeFirst() }
    while digits.count > 1, digits.last == 0, exponent < 0 {
      digits.removeLast()
      exponent += 1
    }
    if digits == [0] { exponent = 0 }
    guard digits.count <= maxDigits, exponent >= -maxExponent else { return nil }
    return (digits, exponent)
  }

  private static func value(digits: [UInt8], exponent: Int, isNegative: Bool) -> JSONValue {
    if exponent >= 0, digits.count + exponent <= 19 {
      let text = (isNegative ? "-" : "") + digits.map(String.init).joined() + String(repeating: "0", count: exponent)
      if let number = Int64(text) { return .integer(number) }
    }
    let significand = digits.reduce(Decimal(0)) { $0 * 10 + Decimal(Int($1)) }
    return .decimal(Decimal(sign: isNegative ? .minus : .plus, exponent: exponent, significand: significand))
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}
