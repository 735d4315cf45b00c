// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

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
    var characters = Array(text.utf8)
    return decode(hrp: hrp, wiping: &characters)
  }

  /// As above, of a secret: works in place, and wipes `characters`. The result is the only copy.
  static func decode(hrp: String, wiping characters: inout [UInt8]) -> [UInt8]? {
    defer { characters.withUnsafeMutableBytes { if let base = $0.baseAddress { explicit_bzero(base, $0.count) } } }
    guard characters.count <= maxCharacters else { return nil }
    let hasLower = characters.contains { $0 >= 0x61 && $0 <= 0x7A }
    let hasUpper = characters.contains { $0 >= 0x41 && $0 <= 0x5A }
    if hasLower, hasUpper { return nil }
    if hasUpper { for index in characters.indices where characters[index] >= 0x41 && characters[index] <= 0x5A { characters[index] |= 0x20 } }
    let prefix = Array(hrp.utf8)
    guard characters.starts(with: prefix + [UInt8(ascii: "1")]) else { return nil }
    var sum = Checksum()
    for character in prefix { sum.add(character >> 5) }
    sum.add(0)
    for character in prefix { sum.add(character & 31) }
    let first = prefix.count + 1
    for index in first..<characters.count {
      guard let value = alphabet.firstIndex(of: characters[index]) else { return nil }
      characters[index] = UInt8(value)
      sum.add(UInt8(value))
    }
    guard characters.count - first >= 6, sum.value == 1 else { return nil }
    return bytes(fromFives: characters[first..<characters.count - 6])
  }

  /// BIP-173's polymod: 1 for a text whose checksum holds.
  private struct Checksum {
    private(set) var value: UInt32 = 1
    private static let generator: [UInt32] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]

    mutating func add(_ five: UInt8) {
      let top = value >> 25
      value = (value & 0x1ff_ffff) << 5 ^ UInt32(five)
      for (bit, term) in Self.generator.enumerated() where top >> UInt32(bit) & 1 == 1 { value ^= term }
    }
  }

  private static func bytes(fromFives values: ArraySlice<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    // At once: what grows leaves copies behind.
    bytes.reserveCapacity(values.count * 5 / 8)
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
