// SPDX-License-Identifier: AGPL-3.0-or-later
import Policy
import Testing

@testable import StateStore

@Suite struct CheckTests {
  // First, to be closed before its directory goes: another test's directory may get the same inode.
  let store: StateStore
  let state: TemporaryState

  init() throws {
    state = try TemporaryState()
    store = try state.open()
    for number in 1...6 { try acceptEvent(number, in: store) }
    try store.write { writer in
      _ = try writer.markDelivered(1, at: 5)
      _ = try writer.markFailed(2, error: "x")
      _ = try writer.holdFollowUp(3, error: "x")
      _ = try writer.dropFollowUp(id(4))
      for number in 1...3 { _ = try writer.park(parked(number), waitingFor: .test("\(number % 2)")) }
      try writer.release(.test("1"))
    }
  }

  @Test("A sound state has no differences")
  func sound() throws { #expect(try store.check() == []) }

  @Test("A row that misses its counterpart is reported")
  func differences() throws {
    try store.write { writer in
      try writer.delete(writer.tables.journal, 3)
      let row = try #require(try writer.outboxRow(5))
      try writer.put(writer.tables.outboxStuck, 5, row.encoded())
      try writer.delete(writer.tables.outbox, 5)
      try writer.delete(writer.tables.outboxDelivered, UInt64(5).keyBytes + UInt64(1).keyBytes)
      try writer.delete(writer.tables.outboxIDs, id(6).bytes)
      try writer.delete(writer.tables.parkedReleased, 1)
      try writer.delete(writer.tables.parkedPubkeys, pubkey(1).bytes)
      try writer.put(writer.tables.meta, MetaName.parkedTotals, [UInt8](repeating: 0, count: 24))
    }
    #expect(
      try store.check() == [
        "1 gaps in the journal", "1 known events without their journal row", "1 outbox rows that their id does not lead to",
        "1 outbox rows that are not in the table of their state", "1 delivered outbox rows that are not in the order of delivery",
        "2 entries too many or too few in the outbox's indexes",
        "1 parked events whose indexes disagree", "1 keys whose parked events are counted wrongly",
        "1 entries too many or too few in the indexes of parked events by key", "1 wrong sums of parked events",
      ])
  }
}
