// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import TestSupport
import Testing

@testable import StateStore

@Suite("Parked events of schema 3")
struct WaitingMigrationTests {
  private let state: TemporaryState

  init() throws { state = try TemporaryState() }

  /// As programs of schema 3 wrote them: without created_at, and a number for each key.
  private func park(_ events: [Event], in writer: borrowing StateWriter) throws {
    var counts: [PublicKey: UInt32] = [:]
    for (index, event) in events.enumerated() {
      let number = UInt64(index + 1)
      var row = RecordWriter()
      row.put(UInt8(2))
      row.put(event.id)
      row.put(event.pubkey)
      row.put(UInt64(1_700_000_000))
      row.put(SourceType.sync.code)
      row.put(false)
      row.put(false)
      row.put(UInt32(1))
      row.put(counted: Dependency.test("I").key)
      row.put(counted: event.raw)
      try writer.put(writer.tables.parked, number, row.bytes)
      try writer.put(writer.tables.parkedIDs, event.id.bytes, number.keyBytes)
      try writer.put(writer.tables.parkedWaiting, Dependency.test("I").waitingPrefix + number.keyBytes, mark)
      try writer.put(writer.tables.parkedAges, UInt64(1_700_000_000).keyBytes + number.keyBytes, mark)
      counts[event.pubkey, default: 0] += 1
    }
    for (pubkey, count) in counts {
      var value = RecordWriter()
      value.put(count)
      try writer.put(writer.tables.parkedPubkeys, pubkey.bytes, value.bytes)
    }
    let bytes = events.reduce(0) { $0 + UInt64($1.raw.count) }
    try writer.put(
      writer.tables.meta, MetaName.parkedTotals, UInt64(events.count + 1).keyBytes + UInt64(events.count).keyBytes + bytes.keyBytes)
  }

  @Test("wait on, each key with what it has, known or not, in the order of created_at; what cannot be read is left where it is")
  func migrated() throws {
    let (flooder, known) = (TestKey("flooder"), TestKey("known"))
    let events = [flooder.event(kind: 1, createdAt: 20), flooder.event(kind: 1, createdAt: 30), flooder.event(kind: 1, createdAt: 10)]
    let others = (1...4).map { known.event(kind: 1, createdAt: UInt64($0)) }
    do {
      let store = try state.open(schema: Schema(version: 3, migrations: []))
      try store.write { writer in
        try park(events + others, in: writer)
        try writer.note(author: known.pubkey)
      }
    }
    let store = try state.open()
    #expect(try store.information().schemaVersion == 4)
    #expect(try store.check() == [])
    let standings = try store.read { try ($0.parkedStanding(of: flooder.pubkey), $0.parkedStanding(of: known.pubkey)) }
    #expect(standings.0?.events == 3 && standings.0?.isKnown == false)
    #expect(standings.1?.events == 4 && standings.1?.isKnown == true)
    var limits = ParkingLimits()
    limits.events = 7
    #expect(try store.write { try $0.park(parked(1), waitingFor: .test("J"), limits: limits) })
    #expect(try store.read { try $0.parkedEvent(events[1].id) } == nil)
    #expect(try store.write { try $0.release(.test("I")) } == 6)
    #expect(try store.read { try $0.releasedEvents(limit: 9) }.map(\.id) == [events[0].id, events[2].id] + others.map(\.id))
    #expect(try store.check() == [])
  }

  @Test("where nothing waits nothing is made, and a row that cannot be read stops nobody")
  func emptyAndUnreadable() throws {
    do {
      let store = try state.open(schema: Schema(version: 3, migrations: []))
      try store.write { writer in try writer.put(writer.tables.parked, 1, [9]) }
    }
    let store = try state.open()
    for (table, count) in try store.information().entries where ["parked.pubkeys", "parked.newest", "parked.ranking"].contains(table) {
      #expect(count == 0, "\(table)")
    }
  }
}
