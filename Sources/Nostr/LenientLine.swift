// SPDX-License-Identifier: AGPL-3.0-or-later

/// What can be found in a line that may be anything: truncated, not UTF-8, no JSON at all. Linear time, no recursion, no heap.
///
/// It only tells strings from brackets and counts depth. A word before a colon is a key.
struct LenientLine {
  /// The raw string at `event.id`; for a line that has no `event`, at `id`.
  private(set) var id: Range<Int>?
  /// The raw string at `type`.
  private(set) var type: Range<Int>?

  private let line: UnsafeRawBufferPointer
  private var position = 0
  private var depth = 0
  private var hasEvent = false
  private var isInEvent = false
  private var isBeforeEvent = false

  /// Longer ids are not echoed: an answer over 8192 bytes makes strfry kill the plugin.
  private static let idLimit = 4096

  init(_ line: UnsafeRawBufferPointer) {
    self.line = line
    while position < line.count {
      let start = position
      switch line[start] {
      case 0x22:
        guard let end = stringEnd() else { return }
        readKey(start..<end)
      case 0x7b, 0x5b:
        depth += 1
        isInEvent = isInEvent || (isBeforeEvent && line[start] == 0x7b)
        isBeforeEvent = false
        position += 1
      case 0x7d, 0x5d:
        if depth > 0 { depth -= 1 }
        if depth < 2 { isInEvent = false }
        position += 1
      default:
        position += 1
      }
    }
  }

  /// `id`, when it is a valid JSON string (UTF-8, escapes, no lone surrogate) of at most 4096 bytes with its quotes.
  var usableID: Range<Int>? {
    guard let id, id.count <= Self.idLimit else { return nil }
    var scanner = JSONScanner(line)
    scanner.position = id.lowerBound
    return (try? scanner.string())?.range == id ? id : nil
  }

  /// Goes past the string at `position`; nil, at the end of the line, when it has no closing quote.
  private mutating func stringEnd() -> Int? {
    position += 1
    while position < line.count {
      switch line[position] {
      case 0x22:
        position += 1
        return position
      case 0x5c: position += 2
      default: position += 1
      }
    }
    return nil
  }

  private mutating func skipWhitespace() {
    while position < line.count {
      switch line[position] {
      case 0x20, 0x09, 0x0a, 0x0d: position += 1
      default: return
      }
    }
  }

  private mutating func readKey(_ word: Range<Int>) {
    isBeforeEvent = false
    skipWhitespace()
    guard position < line.count, line[position] == 0x3a else { return }
    position += 1
    skipWhitespace()
    guard depth == 1 || (depth == 2 && isInEvent) else { return }
    let inner = word.lowerBound + 1..<word.upperBound - 1
    if depth == 1, JSONUnescaper.matches(line, inner, "event") {
      if !hasEvent { (id, isBeforeEvent) = (nil, true) }  // what was found is another object's id
      hasEvent = true
    } else if depth == 1, type == nil, JSONUnescaper.matches(line, inner, "type") {
      type = readString()
    } else if id == nil, depth == 2 || !hasEvent, JSONUnescaper.matches(line, inner, "id") {
      id = readString()
    }
  }

  private mutating func readString() -> Range<Int>? {
    guard position < line.count, line[position] == 0x22 else { return nil }
    let start = position
    return stringEnd().map { start..<$0 }
  }
}
