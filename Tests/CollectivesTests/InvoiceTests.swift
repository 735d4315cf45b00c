// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Cryptography
import Foundation
import Nostr
import TestSupport
import Testing

@Suite("Collectives: what invoices commit to")
struct InvoiceTests {
  /// BOLT 11's example with a hashed description.
  static let example =
    "lnbc20m1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqhp58yjmdan79s6qqdhdzgynm4zwqd5d7xmw5fk98klysy043l2ahrqs"
    + "cc6gd6ql3jrc5yzme8v4ntcewwz5cnw92tz0pc8qcuufvq7khhr8wpald05e92xw006sq94mg8v2ndf4sefvf9sygkshp5zfem29trqq2yxxz7"

  @Test("BOLT 11's example commits to its payment and its description")
  func vector() throws {
    let hashes = try #require(InvoiceHashes(Text(Self.example)))
    #expect(hashes.payment?.hex == "0001020304050607080900010203040506070809000102030405060708090102")
    #expect(hashes.description?.hex == "3925b6f67e2c340036ed12093dd44e0368df1b6ea26c53dbe4811f58fd5db8c1")
    #expect(InvoiceHashes(Text(Self.example.uppercased())) == hashes)
    let changed = Self.example.replacing("pvjluez", with: "pvjluec")
    for broken in [changed, String(Self.example.dropLast()), "lnbc20m1", "1", "", "lnbc20m1bio", "lnbc10n1qqqsyq", Self.example + "é"] {
      #expect(InvoiceHashes(Text(broken)) == nil, "\(broken)")
    }
  }

  @Test("cut anywhere, or with any letter changed, an invoice is not read, and nothing traps")
  func mutations() {
    let letters = Array(Self.example.utf8)
    var random = SplitMix64(seed: 11)
    for length in letters.indices { #expect(InvoiceHashes(Text(utf8: letters[..<length])) == nil) }
    for _ in 0..<2000 {
      var changed = letters
      let index = Int.random(in: changed.indices, using: &random)
      changed[index] = UInt8.random(in: 0x21...0x7e, using: &random)
      if changed != letters { #expect(InvoiceHashes(Text(utf8: changed[...])) == nil) }
    }
  }

  /// An invoice of 1000 sats with these hashes: the signature is empty, the checksum right.
  private func invoice(payment: Bytes32, description: Bytes32) -> String {
    let letters = Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
    func words(_ bytes: [UInt8]) -> [UInt8] {
      var words: [UInt8] = []
      var (buffer, bits) = (UInt32(0), 0)
      for byte in bytes + [0] {
        buffer = (buffer << 8 | UInt32(byte)) & 0xfff
        bits += 8
        while bits >= 5, words.count < 52 {
          bits -= 5
          words.append(UInt8(buffer >> UInt32(bits) & 31))
        }
      }
      return words
    }
    let prefix = Array("lnbc10000n".utf8)
    var data = [UInt8](repeating: 0, count: 7)
    data += [1, 1, 20] + words(payment.bytes)
    data += [23, 1, 20] + words(description.bytes)
    data += [UInt8](repeating: 0, count: 104)
    let expanded: [UInt8] = prefix.map { $0 >> 5 } + [0] + prefix.map { $0 & 31 }
    var checksum: UInt32 = 1
    for word in expanded + data + [0, 0, 0, 0, 0, 0] {
      let top = checksum >> 25
      checksum = (checksum & 0x1ff_ffff) << 5 ^ UInt32(word)
      for (bit, generator) in [UInt32(0x3b6a_57b2), 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3].enumerated() where top >> bit & 1 == 1 {
        checksum ^= generator
      }
    }
    checksum ^= 1
    let tail: [UInt8] = (0..<6).map { UInt8(checksum >> (25 - 5 * UInt32($0)) & 31) }
    return String(decoding: prefix + [UInt8(ascii: "1")] + (data + tail).map { letters[Int($0)] }, as: UTF8.self)
  }

  @Test("a receipt fits its invoice: the description that was hashed, the preimage that pays")
  func consistent() throws {
    let fixture = try Fixture(3)
    let plain = Acme.receipt(1000)
    let description = try #require(plain.tags.first(named: "description")?[1])
    let (preimage, other) = (SHA256.digest(of: Array("paid".utf8)), SHA256.digest(of: Array("not paid".utf8)))
    func answer(payment: Bytes32, description hash: Bytes32, preimage: String?) throws -> String {
      let tags = [
        ["p", Acme.c.hex], ["bolt11", invoice(payment: payment, description: hash)], ["description", description.string], ["a", Acme.address()],
      ]
      var draft = fixture.next()
      draft.proofs = [Acme.z.event(kind: 9735, createdAt: plain.createdAt, tags: tags + (preimage.map { [["preimage", $0]] } ?? []))]
      return try fixture.relay.live(draft.event)
    }
    let (payment, right) = (SHA256.digest(of: preimage.bytes), SHA256.digest(of: description.bytes))
    // It is believed, so the rows, which it does not move here, are wrong.
    for preimage in [preimage.hex, nil, "unreadable"] {
      expect(try answer(payment: payment, description: right, preimage: preimage), refusedWith: "invalid: sats row")
    }
    expect(try answer(payment: payment, description: other, preimage: preimage.hex), refusedWith: "invalid: receipt malformed")
    expect(try answer(payment: payment, description: right, preimage: other.hex), refusedWith: "invalid: receipt malformed")
  }

  @Test("the invoices of true receipts are read", .enabled(if: Corpus.isPresent, "no corpus"))
  func corpus() throws {
    var counts = (fitting: 0, other: 0)
    for line in try Corpus.lines(of: "real-events.jsonl") {
      guard let event = try? Event(parsing: Array(line)), event.kind == 9735, let invoice = event.tags.first(named: "bolt11")?[1],
        let description = event.tags.first(named: "description")?[1]
      else { continue }
      let hashes = try #require(InvoiceHashes(invoice))
      if hashes.description == SHA256.digest(of: description.bytes) { counts.fitting += 1 } else { counts.other += 1 }
    }
    #expect(counts.fitting > 10 * counts.other)
  }
}
