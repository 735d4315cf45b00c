// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import TestSupport
import Testing

@Suite("Events of our own")
struct UnsignedEventTests {
  private let alice = TestKey("alice")

  private func event(_ content: String, tags: [[String]] = [["t", "a\"b"], []]) throws -> UnsignedEvent {
    try UnsignedEvent(pubkey: alice.pubkey, createdAt: 1_700_000_000, kind: 1, tags: tags, content: content)
  }

  @Test("signing makes a valid event with the id that was announced, and the same bytes each time")
  func signing() throws {
    let unsigned = try event("é \n\t\r \"\\ 😀")
    let json = try unsigned.signed(by: alice.key)
    #expect(try verification(of: json) == .valid)
    #expect(try Event(parsing: json).id == unsigned.id)
    #expect(try unsigned.signed(by: alice.key) == json)
    #expect(throws: UnsignedEventError.foreignKey) { try unsigned.signed(by: TestKey("bob").key) }
  }

  @Test("control characters are refused, but for line feed, tab and carriage return")
  func controls() {
    for scalar in (0..<0x20 as Range<UInt8>).map({ UnicodeScalar($0) }) + [UnicodeScalar(0x7f as UInt8)] {
      let text = "a\(Character(scalar))"
      if ["\n", "\t", "\r"].contains(scalar) {
        #expect(throws: Never.self) { try event(text, tags: [["x", text]]) }
      } else {
        #expect(throws: UnsignedEventError.controlCharacter) { try event(text) }
        #expect(throws: UnsignedEventError.controlCharacter) { try event("", tags: [["x", text]]) }
      }
    }
  }

  @Test("what was written is read again; a wrong id or shape is refused")
  func parsing() throws {
    let unsigned = try event("é \n \"\\")
    #expect(UnsignedEvent(parsing: unsigned.json) == unsigned)
    #expect(UnsignedEvent(parsing: try unsigned.signed(by: alice.key)) == unsigned)
    #expect(UnsignedEvent(parsing: Array("{}".utf8)) == nil)
    #expect(UnsignedEvent(parsing: RawEvent().json.utf8.map { $0 }) == nil)
    #expect(UnsignedEvent(parsing: alice.signedRaw(tags: "[[\"a\",\"b\",1]]", content: "\"\"")) == nil)
    #expect(UnsignedEvent(parsing: alice.signedRaw(tags: "[]", content: "\"\\u0001\"")) == nil)
  }

  @Test("the form, which the id is made of, is read again, byte for byte")
  func form() throws {
    for content in ["", "é \n \"\\", "],[\",\""] {
      for tags in [[], [[]], [["t", "a\"b"], []], [["x", "[\",]"], ["y"]]] as [[[String]]] {
        let unsigned = try event(content, tags: tags)
        let read = try #require(UnsignedEvent(form: unsigned.form), "\(content) \(tags)")
        #expect(read == unsigned)
        #expect(read.form == unsigned.form)
        #expect(read.json == unsigned.json)
        #expect(SHA256.digest(of: unsigned.form) == unsigned.id.value)
      }
    }
  }

  @Test("a form that is cut, or has a byte more, or was written in another way, is refused")
  func damagedForm() throws {
    let form = try event("é").form
    for length in 0..<form.count { #expect(UnsignedEvent(form: Array(form.prefix(length))) == nil, "\(length)") }
    for index in 0...form.count {
      for byte in Array(",[]\"\\ ".utf8) {
        var longer = form
        longer.insert(byte, at: index)
        if let read = UnsignedEvent(form: longer) { #expect(read.form == longer, "a \(byte) at \(index)") }
      }
    }
    let key = alice.hex
    #expect(UnsignedEvent(form: Array("[0,\"\(key)\",1,1,[],\"\"]".utf8)) != nil)
    for other in [
      "[1,\"\(key)\",1,1,[],\"\"]", "[0,\"\(key)\",1,1,[],\"\",0]", "[0,\"\(key)\",1,1,[]]", "[0,\"\(key)\",1,1, [],\"\"]",
      "[0,\"\(key)\",01,1,[],\"\"]",
      "[0,\"\(key)\",1,1,[],\"\\u0041\"]", "[0,\"\(key)\",1,1,[[1]],\"\"]", "[0,\"\(key)\",1,1,[],\"\u{1}\"]", "[0,,,,,]", "[0,]", "[]", "[0,\"\\]",
    ] {
      #expect(UnsignedEvent(form: Array(other.utf8)) == nil, "\(other)")
    }
  }
}
