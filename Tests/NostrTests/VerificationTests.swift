// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

@Suite("Id and signature")
struct VerificationTests {
  private let alice = TestKey("alice")

  @Test("a signed event is valid, and decodes to what was signed")
  func valid() throws {
    let tags = [["e", String(repeating: "a", count: 64), "wss://x"], ["t", "é\n\"\\"], ["-"]]
    let event = alice.event(kind: 1, tags: tags, content: "line\n\ttab \"quoted\" \\ 😀")
    #expect(try verification(of: event.raw) == .valid)
    #expect(event.tags.map { tag in (0..<tag.count).compactMap { tag[$0]?.string } } == tags)
    #expect(event.content.equals("line\n\ttab \"quoted\" \\ 😀"))
    let verifier = try EventVerifier()
    #expect(try verifier.verify(event).id == event.id)
    #expect(try event.raw.withUnsafeBytes { try verifier.verifiedEvent(try EventSlices.parse($0)) }.event.raw == event.raw)
  }

  @Test("any changed field makes the id wrong, a changed id or sig the signature")
  func changed() throws {
    let json = String(decoding: alice.json(kind: 1, tags: [["t", "x"]], content: "hello"), as: UTF8.self)
    let changes = [
      ("hello", "hallo"), ("\"x\"", "\"y\""), ("\"kind\":1", "\"kind\":2"), (alice.hex, TestKey("bob").hex), ("1700000000", "1700000001"),
    ]
    for (old, new) in changes {
      #expect(json.contains(old))
      #expect(try verification(of: Array(json.replacingOccurrences(of: old, with: new).utf8)) == .badID, "\(old)")
    }
    let event = alice.event(kind: 1, tags: [["t", "x"]], content: "hello")
    let other = alice.event(kind: 1, content: "other")
    let swapped = json.replacingOccurrences(of: event.signature.hex, with: other.signature.hex)
    #expect(try verification(of: Array(swapped.utf8)) == .badSignature)
    #expect(throws: EventVerificationError.badSignature) { try EventVerifier().verify(try Event(parsing: Array(swapped.utf8))) }
  }

  @Test("an event written in another form than NIP-01's is valid when its NIP-01 form hashes to the id")
  func reserialised() throws {
    let canonical = "\"a/b é \\n \\u0001\\u001f 😀\""
    for sent in ["\"a\\/b \\u00e9 \\u000a \\u0001\\u001F \\ud83d\\ude00\"", "\"\\u0061/b \\u00E9 \\n \\u0001\\u001f 😀\"", canonical] {
      let json = alice.signedRaw(tags: "[[\"t\",\(sent)]]", content: sent, hashedTags: "[[\"t\",\(canonical)]]", hashedContent: canonical)
      #expect(try verification(of: json) == .valid, "\(sent)")
    }
    let pretty = alice.signedRaw(tags: "[ [\"t\" , \"a b\"],\n\t[ ] ]", content: "\"\"", hashedTags: "[[\"t\",\"a b\"],[]]")
    #expect(try verification(of: pretty) == .valid)
  }

  @Test("an id over another form than NIP-01's is refused, even when the event is sent in that form")
  func foreignForm() throws {
    for content in ["\"a\\/b\"", "\"\\u00e9\"", "\"\\u000a\"", "\"\\u001F\"", "\"\\ud83d\\ude00\""] {
      #expect(try verification(of: alice.signedRaw(tags: "[]", content: content)) == .badID, "\(content)")
    }
    #expect(try verification(of: alice.signedRaw(tags: "[ ]", content: "\"\"")) == .badID)
    #expect(try verification(of: alice.signedRaw(tags: "[]", content: "\"\\u001f\\n\"")) == .valid)
  }

  @Test("U+007F may be hashed verbatim or as \\u007f, whichever way it is sent")
  func delete() throws {
    for sent in ["\"a\u{7f}b\"", "\"a\\u007fb\"", "\"a\\u007Fb\""] {
      for hashed in ["\"a\u{7f}b\"", "\"a\\u007fb\""] {
        let json = alice.signedRaw(tags: "[[\"t\",\(sent)]]", content: sent, hashedTags: "[[\"t\",\(hashed)]]", hashedContent: hashed)
        #expect(try verification(of: json) == .valid, "\(sent) for \(hashed)")
      }
      #expect(try verification(of: alice.signedRaw(tags: "[]", content: sent, hashedContent: "\"a\\u007Fb\"")) == .badID)
    }
  }

  @Test("from the third element on, values that are no strings are hashed minified, numbers as they came")
  func otherElements() throws {
    let sent = "[[\"a\",\"b\", 1.50 ,-0e+1,{\"k\" : [ true,null ], \"j\":\"\\/\"},\"c\"]]"
    let hashed = "[[\"a\",\"b\",1.50,-0e+1,{\"k\":[true,null],\"j\":\"/\"},\"c\"]]"
    let json = alice.signedRaw(tags: sent, content: "\"\"", hashedTags: hashed)
    #expect(try verification(of: json) == .valid)
    let tag = try #require(try Event(parsing: json).tags.first)
    #expect(tag.count == 6 && tag[2] == nil && tag[4] == nil && tag[5] == Text("c") && tag[6] == nil && tag[-1] == nil)
  }

  @Test("long events are hashed like short ones", arguments: [4000, 4096, 4100, 9000, 100_000])
  func long(length: Int) throws {
    let event = alice.event(kind: 1, tags: [["t", String(repeating: "y", count: length)]], content: String(repeating: "x", count: length))
    #expect(try verification(of: event.raw) == .valid)
    let escaped = String(repeating: "\\/", count: length)
    let plain = String(repeating: "/", count: length)
    #expect(try verification(of: alice.signedRaw(tags: "[]", content: "\"\(escaped)\"", hashedContent: "\"\(plain)\"")) == .valid)
  }
}
