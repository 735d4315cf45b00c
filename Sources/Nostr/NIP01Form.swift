// SPDX-License-Identifier: AGPL-3.0-or-later

/// The one way to write JSON from which an event's id is computed (NIP-01): no white space, seven short escapes, the rest verbatim.
///
/// NIP-01 says nothing about other control characters; in practice they are `\u00xx` in lowercase hex. For U+007F both are in use:
/// verbatim by most, `\u007f` by strfry's serialiser.
enum NIP01Form {
  /// The letter of a byte's short escape, as "n" for a line feed; nil for bytes without one.
  @inline(__always)
  static func shortEscape(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x22, 0x5c: byte
    case 0x08: 0x62
    case 0x09: 0x74
    case 0x0a: 0x6e
    case 0x0c: 0x66
    case 0x0d: 0x72
    default: nil
    }
  }

  static func hexDigit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x61 + nibble - 10 }

  /// Whether `\uXXXX` is how this form writes that code unit. Only the last digit of such an escape can be a letter.
  static func isCanonicalEscape(_ unit: UInt32, lastDigit: UInt8) -> Bool {
    guard unit < 0x20 || unit == 0x7f else { return false }
    return shortEscape(UInt8(truncatingIfNeeded: unit)) == nil && !(0x41...0x46).contains(lastDigit)
  }

  /// Adds the checked JSON value at `range` to `hash`: every string in it escaped in this form, white space between values dropped,
  /// all else (numbers, the order of keys) as it came.
  /// - Parameter escapesDelete: whether U+007F becomes `\u007f`.
  static func hash(_ line: UnsafeRawBufferPointer, _ range: Range<Int>, escapesDelete: Bool, into hash: HashBuffer) {
    var position = range.lowerBound
    while position < range.upperBound {
      let byte = line[position]
      position += 1
      if byte <= 0x20 { continue }
      hash.append(byte)
      guard byte == 0x22 else { continue }
      let start = position
      while position < range.upperBound, line[position] != 0x22 { position += line[position] == 0x5c ? 2 : 1 }
      hashInside(line, start..<min(position, range.upperBound), escapesDelete: escapesDelete, into: hash)
      hash.append(0x22)
      position += 1
    }
  }

  private static func hashInside(_ line: UnsafeRawBufferPointer, _ inner: Range<Int>, escapesDelete: Bool, into hash: HashBuffer) {
    var unescaper = JSONUnescaper(line, inner: inner)
    while let piece = unescaper.next() {
      switch piece {
      case .verbatim(let bytes):
        if escapesDelete {
          for byte in bytes { hashByte(byte, escapesDelete: true, into: hash) }
        } else {
          hash.append(bytes)  // checked: no quote, backslash or control character can be in it
        }
      case .scalar(let scalar):
        let (utf8, count) = UTF8Encoder.encode(scalar)
        for index in 0..<count { hashByte(UInt8(truncatingIfNeeded: utf8 >> UInt32(8 * index)), escapesDelete: escapesDelete, into: hash) }
      }
    }
  }

  private static func hashByte(_ byte: UInt8, escapesDelete: Bool, into hash: HashBuffer) {
    if let letter = shortEscape(byte) {
      hash.append(0x5c)
      hash.append(letter)
    } else if byte < 0x20 || (byte == 0x7f && escapesDelete) {
      hash.append("\\u00")
      hash.append(hexDigit(byte >> 4))
      hash.append(hexDigit(byte & 0x0f))
    } else {
      hash.append(byte)
    }
  }
}
