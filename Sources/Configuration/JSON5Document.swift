// SPDX-License-Identifier: AGPL-3.0-or-later

/// A JSON5 text (json5.org, 1.0): its values, and where each stands.
///
/// What the standard allows and a configuration has no use for is refused in words of its own: Infinity and NaN, half a surrogate pair, raw
/// control characters in texts.
struct JSON5Document {
  let value: JSONValue
  let outline: JSON5Outline

  /// - Throws: the one error after which nothing else can be said about the text.
  init(_ bytes: [UInt8]) throws(ConfigurationError) {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      let line = Self.firstLineThatIsNotUTF8(bytes)
      throw ConfigurationError(position: TextPosition(line: line, column: 1), message: "this line is not UTF-8")
    }
    var parser = JSON5Parser(text)
    value = try parser.document()
    outline = parser.outline
  }

  private static func firstLineThatIsNotUTF8(_ bytes: [UInt8]) -> Int {
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    return (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0) + 1
  }
}
