// SPDX-License-Identifier: AGPL-3.0-or-later

/// Steps over the smallest parts of a JSON5 text: blanks, keys, texts and bare words.
struct JSON5Scanner {
  private let bytes: [UInt8]
  private var offset = 0
  private var line = 1
  private var column = 1

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {  // a byte order mark
      offset = 3
    }
  }

  /// The byte ahead; nil at the end.
  var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private func byte(ahead distance: Int) -> UInt8? { distance < bytes.count - offset ? bytes[offset + distance] : nil }

  /// Kept up to date byte by byte: a long line costs no more than many short ones.
  var position: TextPosition { TextPosition(line: line, column: column) }

  func error(_ message: String) -> ConfigurationError { ConfigurationError(position: position, message: message) }

  mutating func advance() {
    guard let byte = next else { return }
    offset += 1
    // CR LF is one line's end: counted at its LF.
    if byte == 0x0A || (byte == 0x0D && next != 0x0A) {
      line += 1
      column = 1
    } else if next.map({ $0 & 0xC0 != 0x80 }) ?? true {
      column += 1  // the byte ahead begins a scalar: continuation bytes (0b10xxxxxx) have no column of their own
    }
  }

  /// Steps over `character` when it is ahead.
  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    advance()
    return true
  }

  /// Blanks and comments.
  mutating func skipBlanks() throws(ConfigurationError) {
    while let byte = next {
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0D, 0x0B, 0x0C: advance()
      case UInt8(ascii: "/") where self.byte(ahead: 1) == UInt8(ascii: "/"):
        while let byte = next, byte != 0x0A, byte != 0x0D { advance() }
      case UInt8(ascii: "/") where self.byte(ahead: 1) == UInt8(ascii: "*"): try skipBlockComment()
      default: return
      }
    }
  }

  private mutating func skipBlockComment() throws(ConfigurationError) {
    let opening = position
    advance()
    advance()
    while next != nil {
      if next == UInt8(ascii: "*"), byte(ahead: 1) == UInt8(ascii: "/") {
        advance()
        advance()
        return
      }
      advance()
    }
    throw ConfigurationError(position: opening, message: "this comment is not closed")
  }

  /// An object's key, bare or in quotes.
  mutating func key() throws(ConfigurationError) -> String {
    let start = offset
    if next == UInt8(ascii: "\"") || next == UInt8(ascii: "'") {
      try skipText()
      let key = bytes[(start + 1)..<(offset - 1)]
      if key.contains(UInt8(ascii: "\\")) { throw error("a key is written without escapes") }
      return String(decoding: key, as: UTF8.self)
    }
    while let byte = next, Self.isWordByte(byte), offset > start || !Self.isDigit(byte) { advance() }
    if offset == start { throw error("expected a key, found \(found)") }
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  /// A text in single or double quotes.
  mutating func skipText() throws(ConfigurationError) {
    let opening = position
    let quote = next
    advance()
    while let byte = next, byte >= 0x20 {
      if byte == quote {
        advance()
        return
      }
      if byte == UInt8(ascii: "\\") { try skipEscape() } else { advance() }
    }
    if let byte = next, byte != 0x0A, byte != 0x0D { throw error("a control character in a text is written as an escape") }
    throw ConfigurationError(position: opening, message: "this text is not closed on its line")
  }

  private mutating func skipEscape() throws(ConfigurationError) {
    let start = position
    let digits =
      switch byte(ahead: 1) {
      case UInt8(ascii: "u"): 4
      case UInt8(ascii: "x"): 2
      case let escaped? where "\"'\\/bfnrt".utf8.contains(escaped): 0
      default: -1
      }
    guard digits >= 0 else { throw ConfigurationError(position: start, message: "unknown escape; a backslash itself is written \\\\") }
    advance()
    advance()
    for _ in 0..<digits {
      guard let digit = next, Self.isHexDigit(digit) else {
        throw ConfigurationError(position: start, message: "this escape needs \(digits) hex digits")
      }
      advance()
    }
  }

  /// `true`, `false`, `null` or a number.
  mutating func skipWord() throws(ConfigurationError) {
    let start = offset
    let place = position
    while let byte = next, Self.isWordByte(byte) || "+-.".utf8.contains(byte) { advance() }
    let word = bytes[start..<offset]
    if word.isEmpty { throw error("expected a value, found \(found)") }
    if word.elementsEqual("true".utf8) || word.elementsEqual("false".utf8) || word.elementsEqual("null".utf8) || Self.isNumber(word) { return }
    let shown = String(decoding: word.prefix(40), as: UTF8.self)
    let isNumeric = word.first.map { Self.isDigit($0) || "+-.".utf8.contains($0) } ?? false
    throw ConfigurationError(
      position: place, message: isNumeric ? "\(shown) is not a number" : "expected a value, found \(shown); text stands in quotes")
  }

  /// What is ahead, for messages.
  private var found: String {
    guard let byte = next else { return "the end of the file" }
    return byte > 0x20 && byte < 0x7F ? String(UnicodeScalar(byte)) : "an unexpected character"
  }

  private static func isNumber(_ word: ArraySlice<UInt8>) -> Bool {
    var rest = word
    if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest.removeFirst() }
    if rest.starts(with: "0x".utf8) || rest.starts(with: "0X".utf8) { return rest.count > 2 && rest.dropFirst(2).allSatisfy(isHexDigit) }
    let whole = rest.prefix(while: isDigit)
    if whole.count > 1, whole.first == UInt8(ascii: "0") { return false }
    rest = rest.dropFirst(whole.count)
    var places: ArraySlice<UInt8> = []
    if rest.first == UInt8(ascii: ".") {
      places = rest.dropFirst().prefix(while: isDigit)
      rest = rest.dropFirst(1 + places.count)
    }
    if whole.isEmpty, places.isEmpty { return false }
    if let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") {
      rest.removeFirst()
      if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest.removeFirst() }
      return !rest.isEmpty && rest.allSatisfy(isDigit)
    }
    return rest.isEmpty
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
  private static func isHexDigit(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x66) }
  private static func isWordByte(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$") || byte >= 0x80
  }
}
