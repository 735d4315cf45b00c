// SPDX-License-Identifier: AGPL-3.0-or-later

/// Base64 (RFC 4648) as people send it: with or without padding, with line breaks as MIME has them.
enum Base64 {
  /// nil when the text is not base64, or is longer than `maxBytes` decoded.
  static func decode(_ text: some Collection<UInt8>, maxBytes: Int) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Swift.min(maxBytes, text.count / 4 * 3) + 3)
    var bits: UInt32 = 0
    var count = 0
    var padding = 0
    for character in text {
      if character == UInt8(ascii: "\n") || character == UInt8(ascii: "\r") { continue }
      if character == UInt8(ascii: "=") {
        padding += 1
        continue
      }
      guard padding == 0, let value = value(character) else { return nil }
      bits = bits << 6 | value
      count += 1
      guard count == 4 else { continue }
      guard bytes.count + 3 <= maxBytes else { return nil }
      for shift: UInt32 in [16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
      (bits, count) = (0, 0)
    }
    // Two characters are one byte and three are two; where there is padding, all of it.
    guard count != 1, padding == 0 || (count >= 2 && padding == 4 - count) else { return nil }
    if count >= 2 { bytes.append(UInt8(truncatingIfNeeded: bits >> (count == 2 ? 4 : 10))) }
    if count == 3 { bytes.append(UInt8(truncatingIfNeeded: bits >> 2)) }
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
