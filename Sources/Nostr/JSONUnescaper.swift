// SPDX-License-Identifier: AGPL-3.0-or-later

/// Turns the inside of a JSON string into the bytes that it means, a piece at a time and without a buffer.
///
/// Made for checked strings, and safe for others: an escape that is none ends the iteration with `isMalformed`.
struct JSONUnescaper {
  /// What comes next: a run of bytes that stand for themselves, or one escaped Unicode scalar.
  enum Piece {
    case verbatim(UnsafeRawBufferPointer)
    case scalar(UInt32)
  }

  private let base: UnsafeRawPointer
  private let end: Int
  private var position: Int
  private(set) var isMalformed = false

  /// - Parameter inner: the string without its quotes; must lie within `line`.
  init(_ line: UnsafeRawBufferPointer, inner: Range<Int>) {
    base = line.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped  // then `inner` is empty
    position = inner.lowerBound
    end = inner.upperBound
  }

  mutating func next() -> Piece? {
    guard position < end else { return nil }
    let start = position
    guard base.load(fromByteOffset: start, as: UInt8.self) == 0x5c else {
      let rest = UnsafeRawBufferPointer(start: base + start, count: end - start)
      position = rest.firstIndex(of: 0x5c).map { start + $0 } ?? end
      return .verbatim(UnsafeRawBufferPointer(start: base + start, count: position - start))
    }
    guard let (scalar, length) = escape(at: start) else {
      isMalformed = true
      position = end
      return nil
    }
    position = start + length
    return .scalar(scalar)
  }

  private func escape(at start: Int) -> (scalar: UInt32, length: Int)? {
    guard end - start >= 2 else { return nil }
    switch base.load(fromByteOffset: start + 1, as: UInt8.self) {
    case 0x22: return (0x22, 2)
    case 0x5c: return (0x5c, 2)
    case 0x2f: return (0x2f, 2)
    case 0x62: return (0x08, 2)
    case 0x66: return (0x0c, 2)
    case 0x6e: return (0x0a, 2)
    case 0x72: return (0x0d, 2)
    case 0x74: return (0x09, 2)
    default: break
    }
    guard let unit = Self.codeUnit(base, at: start, end: end) else { return nil }
    guard (0xd800...0xdfff).contains(unit) else { return (unit, 6) }
    guard unit < 0xdc00, let low = Self.codeUnit(base, at: start + 6, end: end), (0xdc00...0xdfff).contains(low) else { return nil }
    return (0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00), 12)
  }

  /// The UTF-16 code unit that `\uXXXX` at `start` writes (hex digits of either case); nil when it is not such an escape.
  static func codeUnit(_ base: UnsafeRawPointer, at start: Int, end: Int) -> UInt32? {
    guard end - start >= 6, base.load(fromByteOffset: start, as: UInt8.self) == 0x5c,
      base.load(fromByteOffset: start + 1, as: UInt8.self) == 0x75
    else { return nil }
    var unit: UInt32 = 0
    for offset in start + 2..<start + 6 {
      let digit = base.load(fromByteOffset: offset, as: UInt8.self)
      switch digit {
      case 0x30...0x39: unit = unit << 4 | UInt32(digit - 0x30)
      case 0x41...0x46: unit = unit << 4 | UInt32(digit - 0x41 + 10)
      case 0x61...0x66: unit = unit << 4 | UInt32(digit - 0x61 + 10)
      default: return nil
      }
    }
    return unit
  }

  /// Whether the string means the bytes of `expected`.
  static func matches(_ line: UnsafeRawBufferPointer, _ inner: Range<Int>, _ expected: StaticString) -> Bool {
    expected.withUTF8Buffer { expected in
      var unescaper = JSONUnescaper(line, inner: inner)
      var matched = 0
      while let piece = unescaper.next() {
        switch piece {
        case .verbatim(let bytes):
          guard bytes.count <= expected.count - matched, bytes.elementsEqual(expected[matched..<matched + bytes.count]) else { return false }
          matched += bytes.count
        case .scalar(let scalar):
          let (utf8, count) = UTF8Encoder.encode(scalar)
          for index in 0..<count {
            guard matched < expected.count, expected[matched] == UInt8(truncatingIfNeeded: utf8 >> UInt32(8 * index)) else { return false }
            matched += 1
          }
        }
      }
      return !unescaper.isMalformed && matched == expected.count
    }
  }
}
