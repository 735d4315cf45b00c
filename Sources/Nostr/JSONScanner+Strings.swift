// SPDX-License-Identifier: AGPL-3.0-or-later

extension JSONScanner {
  /// Goes past the string that begins at `position`, checking all of it.
  /// - Returns: where it lies, with its quotes, and whether it has escapes.
  @inline(__always)
  mutating func string() throws(EventParseError) -> JSONString {
    guard position < end, byte(at: position) == 0x22 else { throw .notJSON }
    let start = position
    var hasEscapes = false
    var cursor = start + 1
    while true {
      cursor = plainEnd(from: cursor)
      guard cursor < end else { throw .notJSON }  // no closing quote
      let special = byte(at: cursor)
      if special == 0x22 {
        position = cursor + 1
        return JSONString(range: start..<position, hasEscapes: hasEscapes)
      }
      if special == 0x5c {
        hasEscapes = true
        cursor = try escapeEnd(from: cursor)
      } else if special >= 0x80 {
        cursor = try multibyteEnd(from: cursor)
      } else {
        throw .controlCharacter
      }
    }
  }

  /// The offset of the first byte from `cursor` on that is a quote, a backslash, a control character or not ASCII; `end` when there is none.
  @inline(__always)
  private func plainEnd(from start: Int) -> Int {
    var cursor = start
    while end - cursor >= 16 {  // two at once: half the branches
      let first = specials(at: cursor)
      let second = specials(at: cursor + 8)
      if first | second != 0 {
        return cursor + (first != 0 ? first.trailingZeroBitCount : 64 + second.trailingZeroBitCount) >> 3
      }
      cursor += 16
    }
    while cursor < end {
      let byte = byte(at: cursor)
      if byte == 0x22 || byte == 0x5c || byte < 0x20 || byte >= 0x80 { return cursor }
      cursor += 1
    }
    return cursor
  }

  /// The top bit of each of the 8 bytes at `offset`, set where the byte is special. A borrow can set a bit wrongly only above a byte that
  /// is special, so the lowest one is always right.
  @inline(__always)
  private func specials(at offset: Int) -> UInt64 {
    let each: UInt64 = 0x0101_0101_0101_0101
    let eight = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    let quotes = (eight ^ (each &* 0x22)) &- each
    let backslashes = (eight ^ (each &* 0x5c)) &- each
    let controls = eight &- (each &* 0x20)
    return (eight | quotes | backslashes | controls) & (each &* 0x80)
  }

  /// The end of the run of multi-byte sequences at `start`.
  private func multibyteEnd(from start: Int) throws(EventParseError) -> Int {
    var cursor = start
    repeat {
      guard let length = UTF8Validator.sequenceLength(base + cursor, available: end - cursor) else { throw .notUTF8 }
      cursor += length
    } while cursor < end && byte(at: cursor) >= 0x80
    return cursor
  }

  /// The end of the escape (for a surrogate pair, of both) that begins with the backslash at `start`.
  private mutating func escapeEnd(from start: Int) throws(EventParseError) -> Int {
    guard end - start >= 2 else { throw .notJSON }
    switch byte(at: start + 1) {
    case 0x22, 0x5c, 0x62, 0x66, 0x6e, 0x72, 0x74:  // " \ b f n r t
      return start + 2
    case 0x2f:  // "/" needs no escape
      isCanonical = false
      return start + 2
    case 0x75:
      return try unicodeEscapeEnd(from: start)
    default:
      throw .badEscape
    }
  }

  private mutating func unicodeEscapeEnd(from start: Int) throws(EventParseError) -> Int {
    guard let unit = JSONUnescaper.codeUnit(base, at: start, end: end) else { throw .badEscape }
    if !NIP01Form.isCanonicalEscape(unit, lastDigit: byte(at: start + 5)) { isCanonical = false }
    switch unit {
    case 0xd800...0xdbff:
      guard let low = JSONUnescaper.codeUnit(base, at: start + 6, end: end), (0xdc00...0xdfff).contains(low) else { throw .loneSurrogate }
      return start + 12
    case 0xdc00...0xdfff:
      throw .loneSurrogate
    default:
      return start + 6
    }
  }
}
