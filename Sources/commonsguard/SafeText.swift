// SPDX-License-Identifier: AGPL-3.0-or-later

/// Which characters a terminal, a journal or a reader's eye would obey, and how they are written instead.
enum SafeText {
  /// Control characters, ends of lines, what turns the direction of writing or hides (U+202E, U+200B), and what no font shows.
  static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value < 0x7F { return scalar.value < 0x20 }
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .format: return true
    default: return false
    }
  }

  /// A line of results or of words for people: unsafe characters become `\u{…}`, blanks stay; a line's end inside it becomes `\n`.
  static func line(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F || $0 == 0x09 }) { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": result += "\\n"
      case "\t": result += "\t"
      case _ where isUnsafe(scalar): result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// The same JSON with every unsafe character written as an escape: it means the same, and the id of an event in it stays what it was, since ids
  /// are over NIP-01's form. In valid JSON such characters stand within strings alone.
  static func json(_ bytes: [UInt8]) -> [UInt8] {
    if bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7F || $0 == 0x09 }) { return bytes }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + 64)
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      // Between the tokens of JSON, blanks may stand raw; within its strings none of these can.
      if scalar.value >= 0x7F, isUnsafe(scalar) {
        result += escape(scalar).utf8
      } else {
        result += Array(String(scalar).utf8)
      }
    }
    return result
  }

  /// `\u202e`, or a pair of them above U+FFFF.
  static func escape(_ scalar: Unicode.Scalar) -> String {
    UTF16.encode(scalar).map { units in units.map { "\\u" + String(UInt32($0) + 0x10000, radix: 16).dropFirst() }.joined() } ?? ""
  }
}
