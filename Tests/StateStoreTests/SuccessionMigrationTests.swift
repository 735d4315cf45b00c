// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import TestSupport
import Testing

@testable import StateStore

@Suite("Newest versions and deletions of schema 3")
struct SuccessionMigrationTests {
  private let state: TemporaryState
  private let author = TestKey("author")
  private let other = TestKey("other")

  init() throws { state = try TemporaryState() }

  /// A state as programs of schema 3 left it, with these rows in its journal.
  private func begin(_ contents: [JournalRow.Content]) throws {
    let store = try state.open(schema: Schema(version: 3, migrations: []))
    try store.write { writer throws in
      for content in contents { _ = try writer.appendJournal(JournalRow(content, receivedAt: 1)) }
    }
    for (table, count) in try store.information().entries where ["heads", "deletions"].contains(table) { #expect(count == 0, "\(table)") }
  }

  private func row(_ event: Event, _ source: SourceType = .ip4) -> JournalRow.Content {
    .event(raw: event.raw, id: event.id, source: source, sourceInfo: nil)
  }

  private func version(_ createdAt: UInt64, _ content: String = "", of identifier: String = "CF-1") -> Event {
    author.event(kind: 30904, createdAt: createdAt, tags: [["d", identifier]], content: content)
  }

  @Test("of each address the newest is known afterwards, in whatever order they came, and of one second the lowest id")
  func heads() throws {
    let (old, new) = (version(10), version(30))
    let ties = ["a", "b", "c"].map { version(20, $0, of: "CF-2") }
    let anothers = other.event(kind: 30904, createdAt: 5, tags: [["d", "CF-1"]])
    try begin([version(20), new, old].map { row($0) } + ties.map { row($0, .sync) } + [row(anothers), row(author.event(kind: 7))])
    let store = try state.open()
    #expect(try store.information().schemaVersion == Schema.current.version)
    let addresses = try [new, ties[0], anothers].map { try #require($0.address) }
    let heads = try store.read { state in try addresses.map { try state.head(of: $0) } }
    let lowest = try #require(ties.map(\.id).min())
    let expected = [(30, new.id), (20, lowest), (5, anothers.id)].map { AddressHead(createdAt: $0, id: $1) }
    #expect(heads == expected)
    #expect(try store.information().entries.first { $0.table == "heads" }?.count == 3)
    #expect(try store.check() == [])
  }

  @Test("what deletions name is known afterwards, come or not: events for their author alone, and addresses of its own up to their time")
  func deletions() throws {
    let come = author.event(kind: 7, content: "come")
    let toCome = author.event(kind: 7, content: "to come")
    let address = try #require(version(1).address)
    let deletion = author.event(kind: 5, createdAt: 50, tags: [["e", come.id.hex], ["e", toCome.id.hex], ["a", address.description]])
    let strangers = other.event(kind: 5, createdAt: 90, tags: [["e", come.id.hex], ["a", address.description]])
    try begin([row(deletion, .sync), row(come), row(strangers)])
    let store = try state.open()
    try store.read { state throws in
      for target in [come, toCome] { #expect(try state.deletion(of: target.id, by: author.pubkey) == deletion.id) }
      #expect(try state.deletion(of: come.id, by: other.pubkey) == strangers.id)
      #expect(try state.deletion(of: toCome.id, by: other.pubkey) == nil)
      #expect(try state.deletion(of: address, reaching: 50) == deletion.id)
      #expect(try state.deletion(of: address, reaching: 51) == nil)
    }
    #expect(try store.check() == [])
  }

  @Test("of several deletions the first is kept for an event, and for an address the one that reaches furthest")
  func several() throws {
    let target = author.event(kind: 7)
    let address = try #require(version(1).address)
    let deletions = [50, 70, 60].map { author.event(kind: 5, createdAt: $0, tags: [["e", target.id.hex], ["a", address.description]]) }
    try begin(deletions.map { row($0) })
    let store = try state.open()
    #expect(try store.read { try $0.deletion(of: target.id, by: author.pubkey) } == deletions[0].id)
    #expect(try store.read { try $0.deletion(of: address, reaching: 10) } == deletions[1].id)
  }

  @Test("decisions, and events that cannot be read, stop nobody")
  func unreadable() throws {
    let target = author.event(kind: 7)
    let decision = OperatorDecision(domain: .crowdfunding, action: "trust", subject: "CF-1", by: "ana", reason: "", at: 1)
    try begin([
      .decision(decision), .event(raw: bytes("{}"), id: id(9), source: .ip4, sourceInfo: nil), row(version(10)),
      row(author.event(kind: 5, tags: [["e", target.id.hex]])),
    ])
    let store = try state.open()
    let address = try #require(version(10).address)
    #expect(try store.read { try $0.head(of: address) } == AddressHead(createdAt: 10, id: version(10).id))
    #expect(try store.read { try $0.deletion(of: target.id, by: author.pubkey) } != nil)
    #expect(try store.information().entries.first { $0.table == "journal" }?.count == 4)
  }

  @Test("a long journal of deletions is read to its end")
  func long() throws {
    let signature = String(repeating: "0", count: 128)
    let deletions = (0..<5000).map { number in
      let json = """
        {"content":"","created_at":\(number),"id":"\(id(1_000_000 + number).hex)","kind":5,"pubkey":"\(author.hex)","sig":"\(signature)",\
        "tags":[["e","\(id(number).hex)"],["a","30904:\(author.hex):CF-\(number % 7)"]]}
        """
      return JournalRow.Content.event(raw: bytes(json), id: id(1_000_000 + number), source: .sync, sourceInfo: nil)
    }
    try begin(deletions)
    let store = try state.open()
    try store.read { state throws in
      let missing = try (0..<5000).filter { try state.deletion(of: id($0), by: author.pubkey) != id(1_000_000 + $0) }
      #expect(missing.isEmpty)
      for number in 0..<7 {
        let last = try #require((4993..<5000).first { $0 % 7 == number })
        let address = try #require(version(1, of: "CF-\(number)").address)
        #expect(try state.deletion(of: address, reaching: 0) == id(1_000_000 + last))
        #expect(try state.deletion(of: address, reaching: UInt64(last) + 1) == nil)
      }
    }
    #expect(try store.information().entries.first { $0.table == "deletions" }?.count == 10_000)
  }

  @Test("a state that was brought up is not read again")
  func once() throws {
    try begin([row(version(10))])
    let address = try #require(version(10).address)
    do {
      let store = try state.open()
      try store.write { try $0.setHead(of: address, AddressHead(createdAt: 99, id: id(9))) }
    }
    let store = try state.open()
    #expect(try store.read { try $0.head(of: address) } == AddressHead(createdAt: 99, id: id(9)))
  }
}
