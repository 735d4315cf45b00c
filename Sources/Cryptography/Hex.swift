// SPDX-License-Identifier: AGPL-3.0-or-later

/// Hexadecimal as Nostr writes it: lowercase only, two digits a byte, nothing around.
public enum Hex {
  /// Decodes the 16 lowercase hex digits at `digits` into the number they write; nil when one of them is none.
  @inline(__always)
  static func decodeWord(_ digits: UnsafeRawPointer) -> UInt64? {
    guard
      let high = decodeEight(UInt64(bigEndian: digits.loadUnaligned(as: UInt64.self))),
      let low = decodeEight(UInt64(bigEndian: digits.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    else { return nil }
    return high << 32 | low
  }

  /// Eight digits at once, each in its own byte of `text`: no table, no branch for each digit.
  @inline(__always)
  private static func decodeEight(_ text: UInt64) -> UInt64? {
    let each: UInt64 = 0x0101_0101_0101_0101
    let isLetter = (text >> 6) & each  // 0x40…0x7f
    let low = text & (each &* 0x0f)
    // '0'…'9' are 0x30…0x39, 'a'…'f' are 0x61…0x66: the upper half must fit, and the lower must be in range.
    let wrongHigh = (text & (each &* 0xf0)) ^ (each &* 0x30 &+ isLetter &* 0x30)
    let digitTooLarge = (low &+ 6 &* (each &- isLetter)) & (each &* 0x10)
    let nibbles = low &+ isLetter &* 9
    let letterTooLarge = nibbles & (each &* 0x10)
    let letterIsZero = ~(low &+ each &* 0x0f) & (isLetter &* 0x10)
    guard wrongHigh | digitTooLarge | letterTooLarge | letterIsZero == 0 else { return nil }
    let pairs = (nibbles | nibbles >> 4) & 0x00ff_00ff_00ff_00ff
    let quads = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff
    return (quads | quads >> 16) & 0xffff_ffff
  }

  /// The eight lowercase digits of four bytes at once, the first digit in the highest byte: no branch for each digit.
  @inline(__always)
  static func encodeFour(_ bytes: UInt32) -> UInt64 {
    let pairs = (UInt64(bytes) | UInt64(bytes) << 16) & 0x0000_ffff_0000_ffff
    let spread = (pairs | pairs << 8) & 0x00ff_00ff_00ff_00ff
    let nibbles = (spread | spread << 4) & 0x0f0f_0f0f_0f0f_0f0f
    // Adding 6 carries into the upper half where a nibble is 10 or more: there a letter stands, 0x27 above the digits' row.
    let isLetter = ((nibbles &+ 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101
    return nibbles &+ 0x3030_3030_3030_3030 &+ isLetter &* 0x27
  }

  /// Decodes lowercase hex of any even length.
  /// - Returns: nil when the length is odd or a byte is no lowercase hex digit.
  public static func decode(_ digits: some Collection<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    var pending: UInt8?
    for digit in digits {
      guard let value = nibble(digit) else { return nil }
      if let high = pending {
        bytes.append(high << 4 | value)
        pending = nil
      } else {
        pending = value
      }
    }
    return pending == nil ? bytes : nil
  }

  /// The lowercase digits of `bytes`, as ASCII bytes, twice as many.
  public static func encode(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    let digits: [UInt8]? = bytes.withContiguousStorageIfAvailable { bytes in
      [UInt8](unsafeUninitializedCapacity: bytes.count * 2) { output, count in count = write(bytes, to: output) }
    }
    return digits ?? encode(Array(bytes))
  }

  /// The lowercase digits of `bytes`.
  public static func string(_ bytes: some Sequence<UInt8>) -> String {
    let digits: String? = bytes.withContiguousStorageIfAvailable { bytes in
      String(unsafeUninitializedCapacity: bytes.count * 2) { write(bytes, to: $0) }
    }
    return digits ?? string(Array(bytes))
  }

  /// Writes two digits for each byte into `output`, which has room for them. Returns how many.
  static func write(_ bytes: UnsafeBufferPointer<UInt8>, to output: UnsafeMutableBufferPointer<UInt8>) -> Int {
    for (index, byte) in bytes.enumerated() {
      output[index * 2] = digit(byte >> 4)
      output[index * 2 + 1] = digit(byte & 0x0f)
    }
    return bytes.count * 2
  }

  private static func nibble(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x61...0x66: digit - 0x61 + 10
    default: nil
    }
  }

  private static func digit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x61 + nibble - 10 }
}
