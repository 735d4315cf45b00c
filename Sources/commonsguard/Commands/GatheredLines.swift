// SPDX-License-Identifier: AGPL-3.0-or-later
import Plugin

/// Lines that are one JSON text together, as `jq .` and browsers write them.
///
/// It must not swallow a stream behind one damaged line: a line that ends within a string opens nothing, and where an object was opened, a line
/// that begins with a brace of its own at its very start is the next thing in the stream.
struct GatheredLines {
  enum Step {
    case more
    /// All that was opened is closed.
    case whole
    /// It will never be one text; the line was not taken.
    case broken
  }

  private var bytes: [UInt8] = []
  private var line = 0
  private var depth = 0

  var isOpen: Bool { depth > 0 }

  /// - Returns: whether `text` opens something that later lines may close.
  mutating func begin(_ text: UnsafeRawBufferPointer, at line: Int) -> Bool {
    guard let first = text.first(where: { $0 != 0x20 && $0 != 0x09 }), first == UInt8(ascii: "{") || first == UInt8(ascii: "["),
      let change = Self.change(text), change > 0
    else { return false }
    bytes = Array(text)
    self.line = line
    depth = change
    return true
  }

  mutating func add(_ text: UnsafeRawBufferPointer) -> Step {
    let isObject = bytes.first { $0 != 0x20 && $0 != 0x09 } == UInt8(ascii: "{")
    if isObject, text.first == UInt8(ascii: "{") { return .broken }
    guard let change = Self.change(text), depth + change >= 0, bytes.count + text.count < LineReader.maxLineBytes else { return .broken }
    bytes.append(0x0a)
    bytes += text
    depth += change
    return depth == 0 ? .whole : .more
  }

  /// The text, and the number of its first line. Nothing is open then.
  mutating func take() -> (bytes: [UInt8], line: Int) {
    defer { self = GatheredLines() }
    return (bytes, line)
  }

  /// By how much a line opens more than it closes; nil when it ends within a string.
  private static func change(_ text: UnsafeRawBufferPointer) -> Int? {
    var (change, isInString, isEscaped) = (0, false, false)
    for byte in text {
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): change += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): change -= 1
      default: continue
      }
    }
    return isInString ? nil : change
  }
}
