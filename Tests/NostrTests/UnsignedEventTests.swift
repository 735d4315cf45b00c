// SPDX-License-Identifier: AGPL-3.0-or-later
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
}
