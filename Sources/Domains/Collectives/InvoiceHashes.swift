// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr

/// What a Lightning invoice commits to (BOLT 11): the hash of its description, and that of the preimage which paying it reveals.
public struct InvoiceHashes: Equatable, Sendable {
  public private(set) var payment: Bytes32?
  public private(set) var description: Bytes32?

  private static let timestampWords = 7
  private static let signatureWords = 104
  private static let checksumWords = 6
  /// 32 bytes in words of five bits, four bits of padding.
  private static let hashWords = 52
  private static let paymentTag: UInt8 = 1
  private static let descriptionTag: UInt8 = 23

  /// Reads an invoice; all lowercase or all uppercase. nil when its checksum (bech32) does not hold, or it is cut short.
  public init?(_ invoice: Text) {
    let upper = UInt8(ascii: "A")...UInt8(ascii: "Z")
    let isUpper = invoice.bytes.contains(where: upper.contains)
    guard !isUpper || !invoice.bytes.contains(where: (UInt8(ascii: "a")...UInt8(ascii: "z")).contains) else { return nil }
    let bytes = invoice.bytes.map { upper.contains($0) ? $0 | 0x20 : $0 }
    guard let separator = bytes.lastIndex(of: UInt8(ascii: "1")), separator > 0 else { return nil }
    var words: [UInt8] = []
    words.reserveCapacity(bytes.count - separator)
    for byte in bytes[(separator + 1)...] {
      guard let word = Self.word(byte) else { return nil }
      words.append(word)
    }
    guard words.count >= Self.timestampWords + Self.signatureWords + Self.checksumWords, Self.hasChecksum(bytes[..<separator], words) else {
      return nil
    }
    var fields = words[Self.timestampWords..<(words.count - Self.signatureWords - Self.checksumWords)]
    while fields.count >= 3 {
      let (tag, length) = (fields[fields.startIndex], Int(fields[fields.startIndex + 1]) << 5 | Int(fields[fields.startIndex + 2]))
      fields = fields.dropFirst(3)
      guard fields.count >= length else { return nil }
      // Of several fields the first one counts, and those of another length are skipped.
      if length == Self.hashWords {
        if tag == Self.paymentTag, payment == nil { payment = Self.hash(fields.prefix(length)) }
        if tag == Self.descriptionTag, description == nil { description = Self.hash(fields.prefix(length)) }
      }
      fields = fields.dropFirst(length)
    }
  }

  private static let letters = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
  private static let wordOfLetter: [UInt8?] = (0...127).map { letter in letters.firstIndex(of: letter).map { UInt8($0) } }

  private static func word(_ letter: UInt8) -> UInt8? { letter < 128 ? wordOfLetter[Int(letter)] : nil }

  private static func hash(_ words: some Collection<UInt8>) -> Bytes32? {
    var bytes: [UInt8] = []
    var buffer: UInt32 = 0
    var bits: UInt32 = 0
    for word in words {
      buffer = (buffer << 5 | UInt32(word)) & 0xfff
      bits += 5
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
      }
    }
    return Bytes32(bytes)
  }

  /// BIP 173's checksum over the human-readable part and all words.
  private static func hasChecksum(_ prefix: some Collection<UInt8>, _ words: [UInt8]) -> Bool {
    var checksum: UInt32 = 1
    func add(_ word: UInt8) {
      let top = checksum >> 25
      checksum = (checksum & 0x1ff_ffff) << 5 ^ UInt32(word)
      if top & 1 != 0 { checksum ^= 0x3b6a_57b2 }
      if top & 2 != 0 { checksum ^= 0x2650_8e6d }
      if top & 4 != 0 { checksum ^= 0x1ea1_19fa }
      if top & 8 != 0 { checksum ^= 0x3d42_33dd }
      if top & 16 != 0 { checksum ^= 0x2a14_62b3 }
    }
    for byte in prefix { add(byte >> 5) }
    add(0)
    for byte in prefix { add(byte & 0x1f) }
    for word in words { add(word) }
    return checksum == 1
  }
}
