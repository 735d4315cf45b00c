// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing

@testable import Configuration

@Suite("Bech32")
struct Bech32Tests {
  private func hex(_ bytes: [UInt8]?) -> String? { bytes?.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined() }

  @Test("NIP-19's example is read, in either case but not mixed")
  func example() {
    #expect(hex(Bech32.decode(hrp: "npub", someNpub)) == someKey)
    #expect(hex(Bech32.decode(hrp: "npub", someNpub.uppercased())) == someKey)
    #expect(Bech32.decode(hrp: "npub", "N" + someNpub.dropFirst()) == nil)
  }

  @Test("BIP-173's valid strings of whole bytes are read", arguments: [("a", "A12UEL5L"), ("a", "a12uel5l")])
  func valid(_ hrp: String, _ text: String) { #expect(Bech32.decode(hrp: hrp, text) == []) }

  @Test("every single changed character breaks the checksum")
  func checksum() {
    let characters = Array(someNpub)
    for index in 5..<characters.count {
      var changed = characters
      changed[index] = characters[index] == "q" ? "p" : "q"
      #expect(Bech32.decode(hrp: "npub", String(changed)) == nil, "character \(index)")
    }
  }

  @Test(
    "another part, no checksum, a foreign character or nothing is refused",
    arguments: ["nsec", "npub1", "npub", "", "npub1é", "npub1b" + someNpub.dropFirst(6)])
  func invalid(_ text: String) { #expect(Bech32.decode(hrp: "npub", text) == nil) }

  @Test("a secret is not taken for a public key")
  func otherPart() { #expect(Bech32.decode(hrp: "npub", ConfigurationFilesTests.nsec) == nil) }
}
