// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography

/// The values that an event's keys have. Each goes past a value that begins at `position`, or throws what is wrong with it.
extension JSONScanner {
  /// `error`, or that the line ended too early to tell.
  func wrong(_ error: EventParseError) -> EventParseError { position < end ? error : .notJSON }

  /// 64 lowercase hex digits in quotes. Decoding checks each byte, so the string is scanned only to tell what is wrong with another.
  @inline(__always)
  mutating func hex32(orThrow error: EventParseError) throws(EventParseError) -> (Bytes32, Range<Int>) {
    let start = position
    guard end - start >= 66, byte(at: start) == 0x22, byte(at: start + 65) == 0x22,
      let value = Bytes32(unsafeHex: base + start + 1)
    else { throw notHex(error) }
    position = start + 66
    return (value, start..<position)
  }

  /// 128 lowercase hex digits in quotes.
  @inline(__always)
  mutating func signature() throws(EventParseError) -> Signature {
    let start = position
    guard end - start >= 130, byte(at: start) == 0x22, byte(at: start + 129) == 0x22,
      let first = Bytes32(unsafeHex: base + start + 1), let second = Bytes32(unsafeHex: base + start + 65)
    else { throw notHex(.badSignatureShape) }
    position = start + 130
    return Signature(first, second)
  }

  /// `error`, or what is wrong with the string as JSON.
  @inline(never)
  private func notHex(_ error: EventParseError) -> EventParseError {
    guard next == 0x22 else { return wrong(error) }
    var scanner = self
    do {
      _ = try scanner.string()
      return error
    } catch {
      return error  // the scanner's
    }
  }

  /// A string.
  mutating func string(orThrow error: EventParseError) throws(EventParseError) -> Range<Int> {
    guard next == 0x22 else { throw wrong(error) }
    return try string().range
  }

  /// An exact unsigned integer.
  @inline(__always)
  mutating func integer(orThrow error: EventParseError) throws(EventParseError) -> (UInt64, Range<Int>) {
    let start = position
    guard let value = unsignedInteger() else { throw wrong(error) }
    return (value, start..<position)
  }

  /// An array of tags.
  mutating func tags() throws(EventParseError) -> Range<Int> {
    let start = position
    guard next == 0x5b else { throw wrong(.badTags) }
    position += 1
    skipWhitespace()
    if next != 0x5d {
      repeat { try tag() } while take(0x2c)
      skipWhitespace()
    }
    guard next == 0x5d else { throw .notJSON }
    position += 1
    return start..<position
  }

  @inline(__always)
  private mutating func tag() throws(EventParseError) {
    guard next == 0x5b else { throw wrong(.badTag) }
    position += 1
    skipWhitespace()
    if next != 0x5d {
      var elements = 0
      repeat {
        if next == 0x22 {
          _ = try string()
        } else if elements < 2 {
          throw wrong(.badTagElement)
        } else {
          try skipValue()
        }
        elements += 1
      } while take(0x2c)
      skipWhitespace()
    }
    guard next == 0x5d else { throw .notJSON }
    position += 1
  }
}

extension UnsafeRawBufferPointer {
  /// Whether the bytes of `range`, which lies within, are those of `name`.
  @inline(__always)
  func matches(_ range: Range<Int>, _ name: StaticString) -> Bool {
    guard range.count == name.utf8CodeUnitCount else { return false }
    return name.withUTF8Buffer { expected in
      for offset in 0..<expected.count where self[range.lowerBound + offset] != expected[offset] { return false }
      return true
    }
  }
}
