// SPDX-License-Identifier: AGPL-3.0-or-later

/// Well-formed UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing over U+10FFFF.
enum UTF8Validator {
  static func isValid(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { buffer in
      var position = 0
      while position < buffer.count {
        if buffer[position] < 0x80 {
          position += 1
          continue
        }
        guard let base = buffer.baseAddress, let length = sequenceLength(base + position, available: buffer.count - position) else { return false }
        position += length
      }
      return true
    }
  }

  /// The length (2, 3 or 4) of the multi-byte sequence at `pointer`; nil when it is ill-formed or longer than the `available` bytes.
  /// Reads no byte beyond them; `available` must be at least 1.
  @inline(__always)
  static func sequenceLength(_ pointer: UnsafeRawPointer, available: Int) -> Int? {
    let lead = pointer.load(as: UInt8.self)
    guard available >= 2 else { return nil }
    let second = pointer.load(fromByteOffset: 1, as: UInt8.self)
    switch lead {
    case 0xc2...0xdf:
      return second & 0xc0 == 0x80 ? 2 : nil
    case 0xe0...0xef:
      guard available >= 3, second & 0xc0 == 0x80, isContinuation(pointer, 2) else { return nil }
      if lead == 0xe0, second < 0xa0 { return nil }  // overlong
      if lead == 0xed, second > 0x9f { return nil }  // a surrogate
      return 3
    case 0xf0...0xf4:
      guard available >= 4, second & 0xc0 == 0x80, isContinuation(pointer, 2), isContinuation(pointer, 3) else { return nil }
      if lead == 0xf0, second < 0x90 { return nil }  // overlong
      if lead == 0xf4, second > 0x8f { return nil }  // over U+10FFFF
      return 4
    default:
      return nil
    }
  }

  @inline(__always)
  private static func isContinuation(_ pointer: UnsafeRawPointer, _ offset: Int) -> Bool {
    pointer.load(fromByteOffset: offset, as: UInt8.self) & 0xc0 == 0x80
  }
}
