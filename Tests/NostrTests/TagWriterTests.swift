// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport
import Testing

@Suite("Writing tags")
struct TagWriterTests {
  private let alice = TestKey("alice")

  private func event(_ write: (inout TagWriter) -> Void) throws -> UnsignedEvent {
    try UnsignedEvent(pubkey: alice.pubkey, createdAt: 1_700_000_000, kind: 1, tags: write)
  }

  private func event(tags: [[String]]) throws -> UnsignedEvent {
    try UnsignedEvent(pubkey: alice.pubkey, createdAt: 1_700_000_000, kind: 1, tags: tags, content: "")
  }

  @Test("tags written element by element are those of a list, whatever their texts", arguments: [UInt64(11), 12])
  func sameAsList(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let pieces = ["a", "\"", "\\", "\n", "é", "😀", "abcdefghijk", ""]
    for _ in 0..<500 {
      let texts = (0..<Int.random(in: 0...5, using: &random)).map { _ in
        (0..<Int.random(in: 0...3, using: &random)).map { _ in
          (0..<Int.random(in: 0...6, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
        }
      }
      let written = try event { tags in
        for text in texts {
          tags.begin("x")
          for element in text { tags.add(text: element) }
        }
      }
      let listed = try event(tags: texts.map { ["x"] + $0 })
      #expect(written == listed, "seed \(seed): \(texts)")
      #expect(written.json == listed.json, "seed \(seed): \(texts)")
      #expect(try verification(of: written.signed(by: alice.key)) == .valid, "seed \(seed): \(texts)")
    }
  }

  @Test("Tags that are taken whole stand where they are added: alone, first, between others, and last", arguments: 0..<8)
  func whole(places: Int) throws {
    let written = try event { tags in
      if places & 1 != 0 { tags.add(tags: #"["t","first"],["u"]"#) }
      if places & 2 != 0 {
        tags.begin("x")
        tags.add(text: "é")
      }
      tags.add(tags: #"["t","second","more"]"#)
      if places & 4 != 0 { tags.begin("y") }
    }
    let listed = try event(
      tags: (places & 1 != 0 ? [["t", "first"], ["u"]] : []) + (places & 2 != 0 ? [["x", "é"]] : []) + [["t", "second", "more"]]
        + (places & 4 != 0 ? [["y"]] : []))
    #expect(written == listed)
    #expect(written.json == listed.json)
  }

  @Test("ids, keys, addresses, numbers and pieces are written as their texts are")
  func kinds() throws {
    let id = EventID(TestKey("an id").pubkey.value)
    let address = Address(kind: 30904, pubkey: alice.pubkey, identifier: Text("a:\"b\\é"))
    let written = try event { tags in
      tags.begin("e")
      tags.add(id)
      tags.add(literal: "")
      tags.begin("a")
      tags.add(address)
      tags.begin("p")
      tags.add(alice.pubkey)
      tags.begin("ref")
      tags.open()
      tags.put(literal: "CF:")
      tags.put(ascii: Array("CF-1".utf8))
      tags.put(literal: ":")
      tags.put(number: 1000)
      tags.put(literal: ":")
      tags.put(alice.pubkey.value, hexDigits: 8)
      tags.put(id.value, hexDigits: 0)
      tags.put(text: "é")
      tags.close()
    }
    let listed = try event(tags: [
      ["e", id.hex, ""], ["a", "30904:\(alice.hex):a:\"b\\é"], ["p", alice.hex], ["ref", "CF:CF-1:1000:\(alice.hex.prefix(8))é"],
    ])
    #expect(written.json == listed.json)
    #expect(try event { _ in }.json == event(tags: []).json)
  }

  @Test("an address loses its control characters, a text with one is refused")
  func controls() throws {
    let address = Address(kind: 30904, pubkey: alice.pubkey, identifier: Text("a\u{1}b\u{7f}\nc"))
    let written = try event { tags in
      tags.begin("a")
      tags.add(address)
    }
    #expect(written.tags == [["a", "30904:\(alice.hex):abc"]])
    #expect(throws: UnsignedEventError.controlCharacter) {
      try event { tags in
        tags.begin("x")
        tags.add(text: "a\u{1}")
        tags.add(text: "plain")
      }
    }
  }
}
