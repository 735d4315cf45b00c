// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Nostr
import Policy
import Testing

@testable import StateStore

/// One row of another layout, or a damaged one, is its own trouble and nobody else's.
@Suite struct UnreadableOutboxTests {
  // First, to be closed before its directory goes: another test's directory may get the same inode.
  let store: StateStore
  let state: TemporaryState

  init() throws {
    state = try TemporaryState()
    store = try state.open()
    try store.write { writer throws in for number in 1...4 { try writer.enqueue(followUp(number), at: 1) } }
  }

  /// As a program of another layout would have written it.
  private func spoil(_ sequence: UInt64, _ table: KeyPath<StoreTables, TableHandle> & Sendable = \.outbox) throws {
    try store.write { writer throws in
      let table = writer.tables[keyPath: table]
      var bytes = Array(try #require(try writer.row(table, sequence)))
      bytes[0] = 9
      try writer.put(table, sequence, bytes)
    }
  }

  private func listed(_ filter: OutboxState? = nil) throws -> [String] {
    var lines: [String] = []
    try store.read { view throws in
      try view.outboxEntries(filter) { entry in
        switch entry {
        case .row(let row): lines.append("\(row.sequence) \(row.state.name)")
        case .unreadable(let sequence, let why): lines.append("\(sequence) \(why)")
        }
        return true
      }
    }
    return lines
  }

  @Test("A due row that cannot be read is passed over: the others are due, also those of its subject, and more are queued behind it")
  func passedOver() throws {
    try spoil(2)
    #expect(try store.read { try $0.dueFollowUps(now: 1, limit: 9).map(\.sequence) } == [1, 3, 4])
    try store.write { try $0.enqueue(followUp(5), at: 1) }
    #expect(try store.read { try $0.dueFollowUps(now: 1, limit: 9).map(\.sequence) } == [1, 3, 4, 5])
    #expect(try store.write { try $0.markDelivered(3, at: 7) })
    #expect(try !store.write { try $0.markDelivered(2, at: 7) })
    #expect(try store.read { try $0.outboxCounts() } == OutboxCounts(due: 3, delivered: 1, unreadable: 1))
  }

  @Test("It is listed with its number and what is wrong, among all rows and among those of its table")
  func isListed() throws {
    try spoil(2)
    let spoilt = try #require(try listed().first { $0.hasPrefix("2 ") })
    #expect(spoilt.contains("row version 9, expected 2"))
    #expect(try listed() == ["1 due", spoilt, "3 due", "4 due"])
    #expect(try listed(.due) == ["1 due", spoilt, "3 due", "4 due"])
    #expect(try listed(.failed) == [])
    #expect(try store.check() == ["1 outbox rows that cannot be read"])
    #expect(throws: Fault.self) { try store.read { try $0.outboxRow(id: id(2)) } }
  }

  @Test("It is dropped by its number, with all that leads to it; its event may be queued again", arguments: OutboxState.allCases)
  func dropped(in table: OutboxState) throws {
    try store.write { writer throws in
      switch table {
      case .due: break
      case .delivered: #expect(try writer.markDelivered(2, at: 7))
      case .held: #expect(try writer.holdFollowUp(2, error: "x"))
      case .failed: #expect(try writer.markFailed(2, error: "x"))
      }
    }
    try spoil(2, table == .due ? \.outbox : table == .delivered ? \.outboxDone : \.outboxStuck)
    #expect(try listed(table).contains { $0.hasPrefix("2 ") && $0.contains("version 9") })
    #expect(try store.write { try $0.dropFollowUp(number: 2) })
    #expect(try !store.write { try $0.dropFollowUp(number: 2) })
    #expect(try listed() == ["1 due", "3 due", "4 due"])
    #expect(try store.check() == [])
    try store.write { try $0.enqueue(followUp(2), at: 1) }
    #expect(try store.read { try $0.dueFollowUps(now: 1, limit: 9).map(\.sequence) } == [1, 3, 4, 5])
  }

  @Test("A sound row is dropped by its number too; a number that stands nowhere is not")
  func droppedByNumber() throws {
    #expect(try store.write { try $0.dropFollowUp(number: 2) })
    #expect(try !store.write { try $0.dropFollowUp(number: 99) })
    #expect(try listed() == ["1 due", "3 due", "4 due"])
    #expect(try store.check() == [])
  }

  @Test("The number of an unreadable last row that is dropped is not given again")
  func numberIsKept() throws {
    try spoil(4)
    #expect(try store.write { try $0.dropFollowUp(number: 4) })
    try store.write { try $0.enqueue(followUp(9), at: 1) }
    #expect(try store.read { try $0.dueFollowUps(now: 1, limit: 9).map(\.sequence) } == [1, 2, 3, 5])
  }

  @Test("Pruning goes on past rows that cannot be read or are missing, and takes them with the others when their time has come")
  func pruned() throws {
    try store.write { writer throws in for number in 1...3 as ClosedRange<UInt64> { #expect(try writer.markDelivered(number, at: 7)) } }
    try spoil(1, \.outboxDone)
    try store.write { _ = try $0.delete($0.tables.outboxDone, 2) }
    #expect(try store.write { try $0.pruneOutbox(now: 8 + Outbox.deliveredSeconds) } == 3)
    #expect(try listed() == ["4 due"])
    try spoil(4)
    #expect(try store.write { try $0.pruneOutbox(now: 1, keepingDue: 0) } == 1)
    #expect(try listed() == [])
    #expect(try store.read { try $0.entryCount($0.tables.outboxIDs) } == 0)
  }

  @Test("An event that is to be delivered once more does not fault on a row that cannot be read")
  func again() throws {
    try spoil(2)
    guard case .event(let event) = followUp(2) else { throw Stop() }
    try store.write { try $0.enqueue(.again(event), at: 1) }
    #expect(try store.read { try $0.dueFollowUps(now: 1, limit: 9).map(\.sequence) } == [1, 3, 4])
  }

  @Test("A retry of all leaves it where it is")
  func retryAll() throws {
    try store.write { writer throws in
      #expect(try writer.markFailed(1, error: "x"))
      #expect(try writer.markFailed(2, error: "x"))
    }
    try spoil(1, \.outboxStuck)
    #expect(try store.write { try $0.retryStuckFollowUps([.held, .failed]) } == 1)
    #expect(try store.write { try $0.retryStuckFollowUps([.held, .failed]) } == 0)
    #expect(try store.read { try $0.dueFollowUps(now: 1, limit: 9).map(\.sequence) } == [2, 3, 4])
  }
}
