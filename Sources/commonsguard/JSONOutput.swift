// SPDX-License-Identifier: AGPL-3.0-or-later
import Policy

/// A JSON value to be printed. The members of an object keep their order, so the same result is the same bytes.
enum JSONOutput: Sendable {
  case null
  case boolean(Bool)
  case integer(Int64)
  case unsigned(UInt64)
  /// A number with at most two places, in units of that many hundredths of a Ẑ: 100 for Ẑ and €, 1000 for Ğ1.
  case amount(Amount, hundredthsPerUnit: UInt64 = 100)
  case string(String)
  case array([JSONOutput])
  case object([(String, JSONOutput)])
  /// JSON from elsewhere that is known to be valid and on one line, such as a stored event.
  case verbatim([UInt8])

  /// The text, or null.
  static func optional(_ text: String?) -> JSONOutput { text.map(JSONOutput.string) ?? .null }

  /// On one line, without its end.
  var line: String {
    var text = ""
    write(to: &text)
    return text
  }

  private func write(to text: inout String) {
    switch self {
    case .null: text += "null"
    case .boolean(let answer): text += answer ? "true" : "false"
    case .integer(let number): text += String(number)
    case .unsigned(let number): text += String(number)
    case .amount(let amount, let unit): text += amount.decimal(hundredthsPerUnit: unit)
    case .string(let string): Self.write(string, to: &text)
    case .array(let elements):
      text += "["
      for (index, element) in elements.enumerated() {
        if index > 0 { text += "," }
        element.write(to: &text)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { text += "," }
        Self.write(member.0, to: &text)
        text += ":"
        member.1.write(to: &text)
      }
      text += "}"
    case .verbatim(let bytes): text += String(decoding: SafeText.json(bytes), as: UTF8.self)
    }
  }

  /// Escapes what JSON asks for, and what a terminal would obey or a reader not see (see `SafeText`).
  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar.value {
      case 0x22: text += "\\\""
      case 0x5C: text += "\\\\"
      case 0x0A: text += "\\n"
      case 0x0D: text += "\\r"
      case 0x09: text += "\\t"
      case _ where SafeText.isUnsafe(scalar): text += SafeText.escape(scalar)
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
