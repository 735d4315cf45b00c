// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import TestSupport
import Testing

@testable import StateStore

@Suite struct AuthorsMigrationTests {
  private let state: TemporaryState

  init() throws { state = try TemporaryState() }

  private func accept(_ event: Event, in store: StateStore) throws {
    try store.write { writer throws in
      _ = try writer.appendJournal(JournalRow(.event(raw: event.raw, id: event.id, source: .ip4, sourceInfo: nil), receivedAt: 1))
    }
  }

  private func isKnown(_ key: TestKey, in store: StateStore) throws -> Bool { try store.read { try $0.isKnownAuthor(key.pubkey) } }

  @Test("A state of schema 2 knows the authors of its journal afterwards, and nobody else")
  func backfilled() throws {
    do {
      let store = try state.open(schema: Schema(version: 2, migrations: []))
      for author in ["a", "b", "a"] { try accept(TestKey(author).event(kind: 7, content: author), in: store) }
      try store.write { writer throws in
        let decision = OperatorDecision(domain: .crowdfunding, action: "trust", subject: "CF-1", by: "ana", reason: "", at: 1)
        _ = try writer.appendJournal(JournalRow(.decision(decision), receivedAt: 1))
        // Not readable: it stays as it is.
        _ = try writer.appendJournal(JournalRow(.event(raw: bytes("{}"), id: id(9), source: .ip4, sourceInfo: nil), receivedAt: 1))
      }
      #expect(try !isKnown(TestKey("a"), in: store))
    }
    let store = try state.open()
    #expect(try store.information().schemaVersion == 4)
    #expect(try isKnown(TestKey("a"), in: store) && isKnown(TestKey("b"), in: store))
    #expect(try !isKnown(TestKey("c"), in: store))
    #expect(try store.information().entries.first { $0.table == "authors" }?.count == 2)
  }

  @Test("An author is noted once")
  func once() throws {
    let store = try state.open()
    for _ in 1...2 { try store.write { try $0.note(author: TestKey("a").pubkey) } }
    #expect(try store.information().entries.first { $0.table == "authors" }?.count == 1)
  }
}
