// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// A Ğ1 wallet's public key: 32 bytes, written in base58 (43–44 characters) or as an SS58 address (46–50).
///
/// Two spellings of one key are equal: bindings compare the 32 bytes (C8, C12).
public struct G1Key: Hashable, Sendable {
  public let key: Bytes32
  /// As it was written.
  public let text: String

  /// Reads `^[1-9A-HJ-NP-Za-km-z]{43,50}$` in either form. An SS58 address carries one or two bytes of network prefix and two of checksum;
  /// the prefix is not restricted (Ğ1 uses 4450, tools also write 42) and the checksum was the wallet's to check.
  public init?(_ text: Text) { self.init(utf8: text.bytes) }

  public init?(utf8 text: some Collection<UInt8>) {
    guard (43...50).contains(text.count), let bytes = Base58.decode(text) else { return nil }
    switch bytes.count {
    case 32: guard let key = Bytes32(bytes) else { return nil }; self.key = key
    case 35: guard bytes[0] < 64, let key = Bytes32(bytes[1..<33]) else { return nil }; self.key = key
    case 36: guard (64..<128).contains(bytes[0]), let key = Bytes32(bytes[2..<34]) else { return nil }; self.key = key
    default: return nil
    }
    self.text = String(decoding: Array(text), as: UTF8.self)
  }

  /// What a record holds: checked when it was written, and not decoded again.
  init(key: Bytes32, text: String) {
    self.key = key
    self.text = text
  }

  public static func == (left: G1Key, right: G1Key) -> Bool { left.key == right.key }
  public func hash(into hasher: inout Hasher) { hasher.combine(key) }
}

/// Bitcoin's base58 alphabet, decoded by plain long multiplication: inputs are at most 50 characters.
enum Base58 {
  private static let digits: [Int8] = {
    var table = [Int8](repeating: -1, count: 256)
    for (value, character) in "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8.enumerated() {
      table[Int(character)] = Int8(value)
    }
    return table
  }()

  static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    var number: [UInt8] = []  // little-endian, base 256
    number.reserveCapacity(40)
    var leadingZeros = 0
    var isLeading = true
    for character in text {
      let digit = digits[Int(character)]
      if digit < 0 { return nil }
      if isLeading, digit == 0 { leadingZeros += 1 } else { isLeading = false }
      var carry = Int(digit)
      for index in number.indices {
        carry += Int(number[index]) * 58
        number[index] = UInt8(carry & 0xff)
        carry >>= 8
      }
      while carry > 0 {
        number.append(UInt8(carry & 0xff))
        carry >>= 8
      }
    }
    return [UInt8](repeating: 0, count: leadingZeros) + number.reversed()
  }
}

extension RecordWriter {
  // key 32 · text n
  mutating func put(_ wallet: G1Key) {
    put(wallet.key)
    put(counted: wallet.text)
  }
}

extension RecordReader {
  mutating func g1Key() throws -> G1Key {
    let key = try bytes32()
    return G1Key(key: key, text: try string())
  }
}
