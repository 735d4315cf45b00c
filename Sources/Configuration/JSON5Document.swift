// SPDX-License-Identifier: AGPL-3.0-or-later
import FoundationEssentials
import Glibc

/// A JSON5 text: its values, as Foundation reads them, and where each stands.
struct JSON5Document {
  let value: JSONValue
  let outline: JSON5Outline

  /// - Throws: the one error after which nothing else can be said about the text.
  init(_ bytes: [UInt8]) throws(ConfigurationError) {
    if let line = Self.firstLineThatIsNotUTF8(bytes) {
      throw ConfigurationError(position: TextPosition(line: line, column: 1), message: "this line is not UTF-8")
    }
    outline = try JSON5Outline(bytes)
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = true
    do {
      value = try decoder.decode(JSONValue.self, from: Data(bytes))
    } catch let error as DecodingError {
      let path = Self.path(of: error)
      throw ConfigurationError(position: outline.position(of: path), key: path.isEmpty ? nil : path, message: "cannot be read as JSON5")
    } catch {
      throw ConfigurationError(message: "cannot be read as JSON5")
    }
  }

  private static func firstLineThatIsNotUTF8(_ bytes: [UInt8]) -> Int? {
    if String(validating: bytes, as: UTF8.self) != nil { return nil }
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    return (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0) + 1
  }

  /// The key path, written as the outline does.
  private static func path(of error: DecodingError) -> String {
    let codingPath =
      switch error {
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context), .dataCorrupted(let context):
        context.codingPath
      @unknown default: [any CodingKey]()
      }
    var path = ""
    for key in codingPath {
      if let index = key.intValue { path += "[\(index)]" } else { path += path.isEmpty ? key.stringValue : ".\(key.stringValue)" }
    }
    return path
  }
}
