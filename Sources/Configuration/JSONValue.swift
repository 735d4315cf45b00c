// SPDX-License-Identifier: AGPL-3.0-or-later
import FoundationEssentials
import Glibc

/// Any JSON value. Integers are exact; other numbers are decimals, never binary floating point.
public enum JSONValue: Sendable, Equatable {
  case null
  case boolean(Bool)
  case integer(Int64)
  /// A number with places, or beyond `Int64`.
  case decimal(Decimal)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// What it is, for messages: `must be a list, not text`.
  var kindName: String {
    switch self {
    case .null: "null"
    case .boolean: "true or false"
    case .integer, .decimal: "a number"
    case .string: "text"
    case .array: "a list"
    case .object: "an object"
    }
  }

  var string: String? { if case .string(let text) = self { text } else { nil } }
  var integer: Int64? { if case .integer(let number) = self { number } else { nil } }
  var boolean: Bool? { if case .boolean(let answer) = self { answer } else { nil } }
  /// The texts of a list; nil when it is no list or one element is no text.
  var strings: [String]? {
    guard case .array(let elements) = self else { return nil }
    let texts = elements.compactMap(\.string)
    return texts.count == elements.count ? texts : nil
  }

  /// As written in JSON; the keys of an object in order.
  public var json: String {
    switch self {
    case .null: "null"
    case .boolean(let answer): answer ? "true" : "false"
    case .integer(let number): String(number)
    case .decimal(let number): number.description
    case .string(let text): Self.quoted(text)
    case .array(let elements): "[\(elements.map(\.json).joined(separator: ", "))]"
    case .object(let members): "{\(members.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)): \($0.value.json)" }.joined(separator: ", "))}"
    }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value):
        result += "\\u" + String(scalar.value + 0x10000, radix: 16).dropFirst()
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
