// SPDX-License-Identifier: AGPL-3.0-or-later

/// Reads the smallest parts of a JSON5 text: blanks, keys, texts and bare words.
struct JSON5Scanner {
  private let scalars: [Unicode.Scalar]
  private var offset = 0
  private var line = 1
  private var column = 1

  init(_ text: String) {
    scalars = Array(text.unicodeScalars)
    // A byte order mark has no column of its own.
    if scalars.first == "\u{FEFF}" { offset = 1 }
  }

  /// The scalar ahead; nil at the end.
  var next: Unicode.Scalar? { offset < scalars.count ? scalars[offset] : nil }

  private func ahead(_ distance: Int) -> Unicode.Scalar? { distance < scalars.count - offset ? scalars[offset + distance] : nil }

  /// Kept up to date step by step: a long line costs no more than many short ones.
  var position: TextPosition { TextPosition(line: line, column: column) }

  func error(_ message: String) -> ConfigurationError { ConfigurationError(position: position, message: message) }

  mutating func advance() {
    guard let scalar = next else { return }
    offset += 1
    // CR LF is one line's end: counted at its LF.
    if scalar == "\n" || (scalar == "\r" && next != "\n") {
      line += 1
      column = 1
    } else {
      column += 1
    }
  }

  /// Steps over `scalar` when it is ahead.
  mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    advance()
    return true
  }

  /// Blanks and comments.
  mutating func skipBlanks() throws(ConfigurationError) {
    while let scalar = next {
      if scalar == "/", ahead(1) == "/" {
        while let scalar = next, !Self.endsLine(scalar) { advance() }
      } else if scalar == "/", ahead(1) == "*" {
        try skipBlockComment()
      } else if Self.isBlank(scalar) {
        advance()
      } else {
        return
      }
    }
  }

  private mutating func skipBlockComment() throws(ConfigurationError) {
    let opening = position
    advance()
    advance()
    while next != nil {
      if next == "*", ahead(1) == "/" {
        advance()
        advance()
        return
      }
      advance()
    }
    throw ConfigurationError(position: opening, message: "this comment is not closed")
  }

  /// An object's key: an identifier of ECMAScript 5, or a text in quotes.
  mutating func key() throws(ConfigurationError) -> String {
    if next == "\"" || next == "'" { return try text() }
    var key = String.UnicodeScalarView()
    while let scalar = next {
      if scalar == "\\" {
        let start = position
        advance()
        guard skip("u") else { throw ConfigurationError(position: start, message: "in a bare key an escape is written \\uXXXX") }
        let letter = Unicode.Scalar(try hexNumber(digits: 4, from: start))
        guard let letter, Self.isKeyPart(letter, isFirst: key.isEmpty) else {
          throw ConfigurationError(position: start, message: "this escape stands for nothing that a bare key may hold")
        }
        key.append(letter)
      } else if Self.isKeyPart(scalar, isFirst: key.isEmpty) {
        key.append(scalar)
        advance()
      } else {
        break
      }
    }
    if key.isEmpty { throw error("expected a key, found \(found)") }
    return String(key)
  }

  /// A text in single or double quotes.
  mutating func text() throws(ConfigurationError) -> String {
    let opening = position
    let quote = next
    var text = String.UnicodeScalarView()
    advance()
    while let scalar = next, scalar != "\n", scalar != "\r" {
      if scalar == quote {
        advance()
        return String(text)
      }
      if scalar == "\\" {
        if let escaped = try escape() { text.append(escaped) }
      } else {
        if scalar.value < 0x20, scalar != "\t" { throw error("a control character in a text is written as an escape") }
        text.append(scalar)
        advance()
      }
    }
    throw ConfigurationError(position: opening, message: "this text is not closed on its line")
  }

  /// - Returns: what the escape ahead stands for; nil for a line that is continued.
  private mutating func escape() throws(ConfigurationError) -> Unicode.Scalar? {
    let start = position
    func refusal(_ message: String) -> ConfigurationError { ConfigurationError(position: start, message: message) }
    advance()
    guard let letter = next else { throw refusal("this text is not closed on its line") }
    advance()
    switch letter {
    case "\n", "\u{2028}", "\u{2029}": return nil
    case "\r":
      _ = skip("\n")
      return nil
    case "b": return "\u{8}"
    case "f": return "\u{C}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "v": return "\u{B}"
    case "0":
      if let digit = next, Self.isDigit(digit) { throw refusal("no digit may follow the escape \\0") }
      return "\0"
    case "1"..."9": throw refusal("unknown escape; a backslash itself is written \\\\")
    case "x": return Unicode.Scalar(try hexNumber(digits: 2, from: start))
    case "u": return try unicodeEscape(from: start)
    default:
      if letter.value < 0x20 { throw refusal("a control character in a text is written as an escape") }
      return letter
    }
  }

  /// Behind `\u`: one code unit, or two that are a pair.
  private mutating func unicodeEscape(from start: TextPosition) throws(ConfigurationError) -> Unicode.Scalar {
    let first = try hexNumber(digits: 4, from: start)
    if let scalar = Unicode.Scalar(first) { return scalar }
    if (0xD800..<0xDC00).contains(first), next == "\\", ahead(1) == "u" {
      advance()
      advance()
      let second = try hexNumber(digits: 4, from: start)
      if (0xDC00..<0xE000).contains(second), let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) { return scalar }
    }
    throw ConfigurationError(position: start, message: "this escape is one half of a pair and stands for no character")
  }

  private mutating func hexNumber(digits: Int, from start: TextPosition) throws(ConfigurationError) -> UInt32 {
    var number: UInt32 = 0
    for _ in 0..<digits {
      guard let digit = next.flatMap(Self.hexDigit) else {
        throw ConfigurationError(position: start, message: "this escape needs \(digits) hex digits")
      }
      number = number << 4 | digit
      advance()
    }
    return number
  }

  /// `true`, `false`, `null` or a number.
  mutating func word() throws(ConfigurationError) -> JSONValue {
    let place = position
    var word = ""
    while let scalar = next, Self.isKeyPart(scalar, isFirst: false) || "+-.".unicodeScalars.contains(scalar) {
      word.unicodeScalars.append(scalar)
      advance()
    }
    switch word {
    case "true": return .boolean(true)
    case "false": return .boolean(false)
    case "null": return .null
    case "": throw error("expected a value, found \(found)")
    case "Infinity", "+Infinity", "-Infinity", "NaN", "+NaN", "-NaN":
      throw ConfigurationError(position: place, message: "\(word) is a number that no setting takes")
    default: break
    }
    if let number = JSON5Number(word) { return number.value }
    let isNumeric = word.unicodeScalars.first.map { Self.isDigit($0) || "+-.".unicodeScalars.contains($0) } ?? false
    let shown = word.count > 40 ? "\(word.prefix(40))…" : word
    throw ConfigurationError(
      position: place,
      message: isNumeric
        ? "\(shown) is not a number\(word.count > 28 ? " that can be kept exactly" : "")"
        : "expected a value, found \(shown); text stands in quotes")
  }

  /// What is ahead, for messages.
  private var found: String {
    guard let scalar = next else { return "the end of the file" }
    switch scalar {
    case "\u{2018}", "\u{2019}", "\u{201C}", "\u{201D}": return "\(scalar); quotes are \" or '"
    case " ": return "a blank"
    default: break
    }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .privateUse, .unassigned, .surrogate:
      return "the character U+\(String(scalar.value, radix: 16, uppercase: true))"
    default: return String(scalar)
    }
  }

  /// White space and line ends of JSON5: those of ECMAScript 5, with the byte order mark and Unicode's space separators.
  private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case " ", "\t", "\n", "\r", "\u{B}", "\u{C}", "\u{2028}", "\u{2029}", "\u{FEFF}": true
    default: scalar.value >= 0x80 && scalar.properties.generalCategory == .spaceSeparator
    }
  }

  private static func endsLine(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "\n" || scalar == "\r" || scalar == "\u{2028}" || scalar == "\u{2029}"
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  private static func hexDigit(_ scalar: Unicode.Scalar) -> UInt32? {
    switch scalar {
    case "0"..."9": scalar.value - 0x30
    case "a"..."f", "A"..."F": scalar.value & 0xF + 9
    default: nil
    }
  }

  private static func isKeyPart(_ scalar: Unicode.Scalar, isFirst: Bool) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "_", "$": return true
    case "0"..."9", "\u{200C}", "\u{200D}": return !isFirst
    default: break
    }
    guard scalar.value >= 0x80 else { return false }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .letterNumber: return true
    case .nonspacingMark, .spacingMark, .decimalNumber, .connectorPunctuation: return !isFirst
    default: return false
    }
  }
}
