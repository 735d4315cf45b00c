// SPDX-License-Identifier: AGPL-3.0-or-later

/// Base64 (RFC 4648), padded, without line breaks.
enum Base64 {
  /// nil when the text is not base64, or is longer than `maxBytes` decoded.
  static func decode(_ text: some Collection<UInt8>, maxBytes: Int) -> [UInt8]? {
    guard text.count % 4 == 0, text.count / 4 * 3 <= maxBytes + 2 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    var bits: UInt32 = 0
    var count = 0
    var padding = 0
    for character in text {
      if character == UInt8(ascii: "=") {
        padding += 1
        guard padding <= 2 else { return nil }
        bits <<= 6
      } else {
        guard padding == 0, let value = value(character) else { return nil }
        bits = bits << 6 | value
      }
      count += 1
      guard count % 4 == 0 else { continue }
      bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
      if padding < 2 { bytes.append(UInt8(truncatingIfNeeded: bits >> 8)) }
      if padding < 1 { bytes.append(UInt8(truncatingIfNeeded: bits)) }
      bits = 0
    }
    return bytes.count <= maxBytes ? bytes : nil
  }

  private static func value(_ character: UInt8) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
