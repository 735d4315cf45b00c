// SPDX-License-Identifier: AGPL-3.0-or-later

/// Bech32 with its checksum (BIP-173), as NIP-19 uses it for `npub1…` and `nsec1…`.
public enum Bech32 {
  private static let alphabet = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)

  /// NIP-19 allows long strings; keys need 63 characters.
  private static let maxCharacters = 1024

  /// Decodes `text` when its human-readable part is `hrp` and its checksum holds.
  ///
  /// - Parameter hrp: lowercase, such as `npub`.
  /// - Returns: the bytes; nil for anything else: mixed case, another part, a wrong checksum, padding that is not zero.
  public static func decode(hrp: String, _ text: String) -> [UInt8]? {
    let characters = Array(text.utf8)
    guard characters.count <= maxCharacters else { return nil }
    let hasLower = characters.contains { $0 >= 0x61 && $0 <= 0x7A }
    let hasUpper = characters.contains { $0 >= 0x41 && $0 <= 0x5A }
    if hasLower, hasUpper { return nil }
    let lower = characters.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
    let prefix = Array(hrp.utf8)
    guard lower.starts(with: prefix + [UInt8(ascii: "1")]) else { return nil }
    var values: [UInt8] = []
    for character in lower.dropFirst(prefix.count + 1) {
      guard let value = alphabet.firstIndex(of: character) else { return nil }
      values.append(UInt8(value))
    }
    guard values.count >= 6, checksum(prefix.map { $0 >> 5 } + [0] + prefix.map { $0 & 31 } + values) == 1 else { return nil }
    return bytes(fromFives: values.dropLast(6))
  }

  /// BIP-173's polymod: 1 for a text whose checksum holds.
  private static func checksum(_ values: [UInt8]) -> UInt32 {
    let generator: [UInt32] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]
    var sum: UInt32 = 1
    for value in values {
      let top = sum >> 25
      sum = (sum & 0x1ff_ffff) << 5 ^ UInt32(value)
      for (bit, term) in generator.enumerated() where top >> UInt32(bit) & 1 == 1 { sum ^= term }
    }
    return sum
  }

  private static func bytes(fromFives values: ArraySlice<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var pending: UInt32 = 0
    var bits = 0
    for value in values {
      pending = (pending << 5 | UInt32(value)) & 0xfff
      bits += 5
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
      }
    }
    let padding = pending & (1 << UInt32(bits) - 1)
    return bits < 5 && padding == 0 ? bytes : nil
  }
}
