// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Nostr
import Policy
import StateStore
import TestSupport
import Testing

@Suite("What waits for a campaign")
struct WaitingWordsTests {
  private let relay: Relay

  init() throws { relay = try Relay() }

  /// What the only waiting event waits for, in words.
  private func words(after event: Event) throws -> [String] {
    #expect(try relay.sync(event).hasPrefix("error: missing campaign"))
    var words: [String] = []
    let validator = try #require(relay.registry.validators.first)
    try relay.store.read { state in
      try state.parkedEvents(from: 0) { _, dependencies, isReleased in
        #expect(!isReleased)
        words += dependencies.compactMap { validator.words(for: $0) }
        return true
      }
    }
    return words
  }

  private func contribution(_ tags: [[String]]) -> Event {
    TestKey("giver").event(kind: 7, createdAt: 1_700_000_100, tags: [["t", "crowdfunding"]] + tags, content: "+5")
  }

  @Test("is told by its project id")
  func project() throws { #expect(try words(after: contribution([["project-id", "CF-LATE"]])) == ["campaign CF-LATE"]) }

  @Test("is told by an event")
  func event() throws {
    let id = TestKey("captain").event(kind: 30904).id.hex
    #expect(try words(after: contribution([["e", id]])) == ["event \(id)"])
  }

  @Test("is told by an address")
  func address() throws {
    let address = "30904:\(TestKey("captain").hex):late"
    #expect(try words(after: contribution([["a", address]])) == ["address \(address)"])
  }

  @Test("is told by a Bien")
  func bien() throws {
    let bien = TestKey("bien").hex
    #expect(try words(after: contribution([["p", bien]])) == ["a campaign for \(bien)"])
  }

  @Test("and what an arrival is, is told whoever's it is; bytes that are none have no words")
  func arrivals() throws {
    let (id, author) = (TestKey("a").event(kind: 1).id, TestKey("b").pubkey)
    #expect(Dependency.arrival(of: id, by: author, in: .groups).arrivalWords == "event \(id.hex) by \(author.hex)")
    let address = Address(kind: 30904, pubkey: author, identifier: Text("a:b"))
    #expect(Dependency.arrival(of: address, in: .crowdfunding).arrivalWords == "address \(address)")
    #expect(Dependency(.crowdfunding, [1, 2]).arrivalWords == nil)
    #expect(Dependency(.crowdfunding, [0xfe, 2]).arrivalWords == nil && Dependency(.crowdfunding, [0xff]).arrivalWords == nil)
    let validator = try #require(relay.registry.validators.first)
    #expect(validator.words(for: Dependency(.crowdfunding, [])) == nil && validator.words(for: Dependency(.crowdfunding, [2, 1])) == nil)
  }
}
