// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Crowdfunding
import Nostr
import Policy

extension ConfigurationKey {
  /// What is wrong with a value: at which element of a list (nil: the value as a whole), in words.
  struct Problem {
    var element: Int?
    let message: String
  }

  /// nil when the value can be used.
  func problem(with value: JSONValue) -> Problem? {
    if value == defaultValue || (value == .null && isNullable) { return nil }
    if availability != .built { return Problem(message: "not available in this version (leave it out)") }
    switch (shape, value) {
    case (.boolean, .boolean): return nil
    case (.integer(let range), .integer(let number)): return range.contains(number) ? nil : mustBe("not \(number)")
    case (.integer, .decimal(let number)): return mustBe("not \(number)")
    case (.amount, .integer), (.amount, .decimal): return Self.amount(value) == nil ? mustBe("not \(value.json)") : nil
    case (.choice(let now, let later), .string(let text)): return problem(with: text, now: now, later: later)
    case (.path, .string(let text)): return text.isEmpty || text.utf8.contains(0) ? Problem(message: "must be a path, not an empty text") : nil
    case (.publicKey, .string(let text)): return Self.publicKey(text) == nil ? mustBe("this is neither") : nil
    case (.g1Key, .string(let text)): return G1Key(Text(text)) == nil ? mustBe("this is neither") : nil
    case (.publicKeys, .array(let elements)):
      let wrong = elements.firstIndex { $0.string.flatMap(Self.publicKey) == nil }
      return wrong.map { Problem(element: $0, message: "must be npub1… or 64 lowercase hex digits") }
    case (.fraction(let proper), .string(let text)): return Self.fraction(text, proper: proper) == nil ? mustBe("not \(value.json)") : nil
    case (.pattern, .string(let text)): return NamePattern(text) == nil ? mustBe("this is none") : nil
    case (.kinds, .array(let elements)):
      let wrong = elements.firstIndex { $0.integer.map { !(0...65_535).contains($0) } ?? true }
      return wrong.map { Problem(element: $0, message: "must be a kind from 0 to 65535") }
    case (.zappers, .array(let elements)):
      let wrong = elements.firstIndex { $0.string.flatMap(Self.zapper) == nil }
      return wrong.map { Problem(element: $0, message: "must be payee=zapper, each npub1… or 64 lowercase hex digits") }
    case (.command, .array(let elements)): return Self.commandProblem(elements)
    default: return mustBe("not \(value.kindName)")
    }
  }

  private func mustBe(_ butIs: String) -> Problem { Problem(message: "must be \(valuesText); \(butIs)") }

  private func problem(with text: String, now: [String], later: [String]) -> Problem? {
    if now.contains(text) { return nil }
    if later.contains(text) { return Problem(message: "\"\(text)\" is not available in this version (use \(valuesText))") }
    return mustBe("not \(JSONValue.string(String(text.prefix(40))).json)")
  }

  private static func commandProblem(_ elements: [JSONValue]) -> Problem? {
    for (index, element) in elements.enumerated() {
      guard let text = element.string else { return Problem(element: index, message: "must be text, not \(element.kindName)") }
      if text.utf8.contains(0) { return Problem(element: index, message: "must not hold U+0000") }
      if index == 0, text.isEmpty { return Problem(element: 0, message: "must name a program") }
      if index == 0, elements.count == 1, text.contains(" ") {
        return Problem(element: 0, message: "no shell reads this: write each argument as its own text")
      }
    }
    return nil
  }

  /// A key as people write it, `npub1…` or lowercase hex.
  static func publicKey(_ text: String) -> PublicKey? {
    guard text.hasPrefix("npub1") else { return PublicKey(hex: text) }
    guard let bytes = Bech32.decode(hrp: "npub", text), bytes.count == 32 else { return nil }
    return PublicKey(hex: bytes.map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined())
  }

  /// A share above 0, and below 1 or at most 1.
  static func fraction(_ text: String, proper: Bool) -> Fraction? {
    guard let fraction = Fraction(text), fraction.numerator > 0 else { return nil }
    return fraction.isProper || !proper && fraction.numerator == fraction.denominator ? fraction : nil
  }

  /// `payee=zapper`.
  static func zapper(_ text: String) -> (payee: PublicKey, zapper: PublicKey)? {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let payee = publicKey(parts[0]), let zapper = publicKey(parts[1]) else { return nil }
    return (payee, zapper)
  }

  /// A number of Ẑ; nil unless above 0 with at most two places.
  static func amount(_ value: JSONValue) -> Amount? {
    let decimal: String
    switch value {
    case .integer(let number): decimal = String(number)
    case .decimal(let number): decimal = number.description
    default: return nil
    }
    guard let amount = Amount(decimal: decimal.utf8), amount > .zero else { return nil }
    return amount
  }
}
