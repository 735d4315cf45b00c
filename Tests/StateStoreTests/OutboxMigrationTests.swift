// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import Testing

@testable import StateStore

@Suite struct OutboxMigrationTests {
  private let state: TemporaryState

  init() throws { state = try TemporaryState() }

  /// A row as schema 1 wrote it.
  private func row(_ number: Int, _ state: OutboxState, id: EventID, deliveredAt: UInt64 = 0, isSigned: Bool = false, body: [UInt8]) -> [UInt8] {
    var writer = RecordWriter()
    writer.put(UInt8(1))
    writer.put(state.rawValue)
    writer.put(UInt32(number))
    writer.put(UInt64(1000 + number))
    writer.put(UInt64(77))
    writer.put(deliveredAt)
    writer.put(id)
    writer.put(UInt64(9742))
    writer.put(StateStoreTests.id(500))
    writer.put(isSigned)
    writer.put(counted: "contribution-receipt")
    writer.put(counted: bytes("CF-\(number)"))
    writer.put(counted: state == .failed ? "no relay" : "")
    writer.put(counted: body)
    return writer.bytes
  }

  /// A state of schema 1 with one row for each number, in the states given.
  private func makeOld(_ states: [OutboxState], _ events: [UnsignedEvent]) throws {
    try state.open().write { writer throws in
      for (number, state) in zip(1..., states) {
        let event = events[number - 1]
        let time = UInt64(5000 - number)
        try writer.put(
          writer.tables.outbox, UInt64(number),
          row(number, state, id: event.id, deliveredAt: state == .delivered ? time : 0, body: event.json))
        try writer.put(writer.tables.outboxIDs, event.id.value, UInt64(number).keyBytes)
        switch state {
        case .due: break
        case .delivered: try writer.put(writer.tables.outboxDelivered, time.keyBytes + UInt64(number).keyBytes, mark)
        case .held, .failed: try writer.put(writer.tables.outboxStuck, UInt64(number), [state.rawValue])
        }
      }
      try writer.put(writer.tables.meta, MetaName.schema, UInt64(1).keyBytes)
    }
  }

  private func events(_ count: Int) throws -> [UnsignedEvent] {
    try (1...count).map { try UnsignedEvent(pubkey: pubkey(1), createdAt: UInt64($0), kind: 9742, tags: [["t", "\($0)"]], content: "é") }
  }

  @Test("A state of schema 1 keeps its follow-ups, each in the table of its state, and numbers go on")
  func refiled() throws {
    let events = try events(6)
    try makeOld([.delivered, .due, .failed, .held, .due, .delivered], events)
    let store = try state.open()
    #expect(try store.information().schemaVersion == Schema.current.version)
    #expect(try store.check() == [])
    #expect(try store.read { try $0.outboxCounts() } == OutboxCounts(due: 2, delivered: 2, held: 1, failed: 1))
    for (number, event) in zip(1..., events) {
      let row = try #require(try store.read { try $0.outboxRow(id: event.id) })
      #expect(row.sequence == UInt64(number))
      #expect(row.body == .unsigned(form: event.form))
      #expect(row.attempts == UInt32(number))
      #expect(row.nextAttemptAt == UInt64(1000 + number))
      #expect(row.createdAt == 77)
      #expect(row.kind == 9742)
      #expect(row.trigger == id(500))
      #expect(row.subject == bytes("CF-\(number)"))
      #expect(row.lastError == (number == 3 ? "no relay" : ""))
    }
    #expect(try store.read { try $0.dueFollowUps(now: 2000, limit: 10) }.map(\.sequence) == [2, 5])
    try store.write { try $0.enqueue(followUp(9), at: 1) }
    #expect(try store.read { try $0.outboxRow(id: id(9)) }?.sequence == 7)
  }

  @Test("More rows than fit into one look are all taken over")
  func many() throws {
    let events = try events(2500)
    try makeOld((1...2500).map { $0 % 3 == 0 ? .delivered : .due }, events)
    let store = try state.open()
    #expect(try store.read { try $0.outboxCounts() } == OutboxCounts(due: 1667, delivered: 833))
    #expect(try store.check() == [])
  }

  @Test("A row whose event cannot be read is kept as it is; one that is cut stays where it was, and is shown with what is wrong")
  func damaged() throws {
    let events = try events(2)
    try makeOld([.due, .due], events)
    try state.open(schema: Schema(version: 1, migrations: [])).write { writer throws in
      try writer.put(writer.tables.outbox, 1, row(1, .due, id: events[0].id, body: bytes("{}")))
      try writer.put(writer.tables.outbox, 2, Array(row(2, .due, id: events[1].id, body: events[1].json).dropLast()))
    }
    let store = try state.open()
    #expect(try store.read { try $0.outboxRow(id: events[0].id) }?.body == .unsigned(form: bytes("{}")))
    guard case .unreadable(2, let why)? = try store.read({ try $0.outboxEntry(2) }) else { throw Stop() }
    #expect(why.contains("row version 1, expected 2"))
    #expect(try store.read { try $0.dueFollowUps(now: 2000, limit: 9).map(\.sequence) } == [1])
    #expect(try store.write { try $0.dropFollowUp(number: 2) })
    #expect(try store.check() == [])
  }
}
