// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Crowdfunding
import Cryptography
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
    case (.path, .string(let text)): return Self.pathProblem(text).map { Problem(message: $0) }
    case (.publicKey, .string(let text)): return Self.publicKeyFault(text).map(mustBe)
    case (.g1Key, .string(let text)): return G1Key(Text(text)) == nil ? mustBe("this is neither") : nil
    case (.publicKeys, .array(let elements)):
      for (index, element) in elements.enumerated() {
        guard let fault = element.string.map(Self.publicKeyFault) ?? "not \(element.kindName)" else { continue }
        return Problem(element: index, message: "must be npub1… or 64 lowercase hex digits; \(fault)")
      }
      return nil
    case (.addresses, .array(let elements)):
      let wrong = elements.firstIndex { $0.string.flatMap { NetworkAddress($0) } == nil }
      return wrong.map { Problem(element: $0, message: "must be one address, such as \"203.0.113.7\" or \"2001:db8::7\"; no range, no name") }
    case (.names, .boolean): return nil
    case (.names(let names), .array(let elements)):
      let wrong = elements.firstIndex { $0.string.map { !names.contains($0) } ?? true }
      return wrong.map { Problem(element: $0, message: "must be one of \(names.map { "\"\($0)\"" }.joined(separator: ", "))") }
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
      if index == 0 || text.hasPrefix("~/") || text.hasPrefix("$HOME"), let problem = shellWord(text) {
        return Problem(element: index, message: problem)
      }
    }
    return nil
  }

  private static func pathProblem(_ text: String) -> String? {
    text.isEmpty || text.utf8.contains(0) ? "must be a path, not an empty text" : shellWord(text)
  }

  /// What only a shell would replace; nil when a path says what it means.
  private static func shellWord(_ text: String) -> String? {
    if text.hasPrefix("~") { return "no shell reads this: write the folder itself instead of ~, such as /home/alice" }
    guard let dollar = text.firstIndex(of: "$"), let next = text[dollar...].dropFirst().first, next.isLetter || next == "_" || next == "{" else {
      return nil
    }
    let name = text[dollar...].dropFirst().prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "{" || $0 == "}" }
    return "no shell reads this: write what $\(name) stands for"
  }

  /// A key as people write it, `npub1…` in either case or lowercase hex; nil for anything that is no point of the curve.
  static func publicKey(_ text: String) -> PublicKey? {
    guard let key = bytes(ofKey: text), CurvePoint.exists(x: key.value) else { return nil }
    return key
  }

  private static func bytes(ofKey text: String) -> PublicKey? {
    guard text.prefix(5).lowercased() == "npub1" else { return PublicKey(hex: text) }
    return Bech32.decode(hrp: "npub", text).flatMap { Bytes32($0) }.map(PublicKey.init)
  }

  /// Why a text is no public key, in words that never repeat it; nil when it is one.
  static func publicKeyFault(_ text: String) -> String? {
    let start = text.prefix(5).lowercased()
    if start == "nsec1" {
      return "this is a SECRET KEY, and it is in the wrong place: take it out of this file, and count it as known to all who could read it"
    }
    if let key = bytes(ofKey: text) { return CurvePoint.exists(x: key.value) ? nil : "no key has these bytes: they are no point of the curve" }
    if start == "npub1" {
      if text.contains(where: \.isUppercase), text.contains(where: \.isLowercase) { return "this one mixes upper and lower case" }
      return "a character of this one is wrong or missing: its checksum does not hold"
    }
    if text.utf8.count == 64, PublicKey(hex: text.lowercased()) != nil { return "the hex digits of this one are not lowercase" }
    return "this is neither"
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
