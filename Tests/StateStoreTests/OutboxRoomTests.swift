// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import LMDB
import Nostr
import Policy
import Synchronization
import TestSupport
import Testing

@testable import StateStore

/// What the outbox may take, and what goes first.
@Suite struct OutboxRoomTests {
  let state: TemporaryState

  init() throws { state = try TemporaryState() }

  private func numbers(_ store: StateStore, _ filter: OutboxState? = nil) throws -> [UInt64] {
    var numbers: [UInt64] = []
    try store.read { view throws in
      try view.outboxRows(filter) { row in
        numbers.append(row.sequence)
        return true
      }
    }
    return numbers
  }

  private func totals(_ store: StateStore) throws -> OutboxTotals { try store.read { try $0.outboxTotals() } }

  // MARK: One row for an address

  @Test("A snapshot that waits is replaced by the next of its subject, which stands at the end; receipts and other subjects stay")
  func replaced() throws {
    let store = try state.open()
    try store.write { writer throws in
      try writer.enqueue(built(1, for: "a"))
      try writer.enqueue(built(2, for: "b"))
      try writer.enqueue(followUp(3, subject: "a"), at: 1)
      try writer.enqueue(built(4, for: "a"))
    }
    #expect(try numbers(store) == [2, 3, 4])
    #expect(try store.read { try $0.outboxEntry(id: id(1)) } == nil)
    #expect(try store.check() == [])
    try store.write { try $0.enqueue(built(5, for: "a")) }
    #expect(try numbers(store) == [2, 3, 5])
    #expect(try store.read { try $0.dueFollowUps(now: 1, limit: 9).map(\.id) } == [id(2), id(3), id(5)])
  }

  @Test("A snapshot that is held or was given up is replaced too; one that is delivered stays, and the next one is queued beside it")
  func replacedInEveryState() throws {
    let store = try state.open()
    try store.write { writer throws in
      for (number, subject) in zip(1..., ["held", "failed", "delivered"]) { try writer.enqueue(built(number, for: subject)) }
      #expect(try writer.holdFollowUp(1, error: "x"))
      #expect(try writer.markFailed(2, error: "x"))
      #expect(try writer.markDelivered(3, at: 5))
      for (number, subject) in zip(4..., ["held", "failed", "delivered"]) { try writer.enqueue(built(number, for: subject)) }
    }
    #expect(try numbers(store) == [3, 4, 5, 6])
    #expect(try numbers(store, .delivered) == [3])
    #expect(try store.check() == [])
  }

  @Test("The newer one waits for as long as the one before would have, so that a busy subject does not try a sink again at once")
  func inheritsBackOff() throws {
    let store = try state.open()
    try store.write { writer throws in
      try writer.enqueue(built(1, for: "a"))
      #expect(try writer.markAttemptFailed(1, error: "away", nextAttemptAt: 5000))
      try writer.enqueue(built(2, for: "a"))
    }
    let row = try #require(try store.read { try $0.outboxRow(id: id(2)) })
    #expect(row.attempts == 1)
    #expect(row.nextAttemptAt == 5000)
    #expect(row.lastError == "")
    #expect(try store.read { try $0.dueFollowUps(now: 4999, limit: 9) }.isEmpty)
  }

  @Test("The same event built twice is one row")
  func sameTwice() throws {
    let store = try state.open()
    for _ in 0..<2 { try store.write { try $0.enqueue(built(1, for: "a")) } }
    #expect(try numbers(store) == [1])
    #expect(try store.check() == [])
  }

  @Test("A thousand snapshots of one campaign take the room of one")
  func replacedForEver() throws {
    let store = try state.open()
    try store.write { try $0.enqueue(built(1, for: "a", bytes: 30_000)) }
    let one = try totals(store)
    for number in 2...1000 { try store.write { try $0.enqueue(built(number, for: "a", bytes: 30_000)) } }
    #expect(try totals(store) == one)
    #expect(try numbers(store) == [1000])
  }

  // MARK: What is delivered

  @Test("A delivered row keeps everything but its event, and its id is not queued again")
  func deliveredKeepsNoBody() throws {
    let store = try state.open()
    try store.write { writer throws in
      try writer.enqueue(followUp(1, subject: "a", bytes: 30_000), at: 7)
      #expect(try writer.markDelivered(1, at: 60))
      try writer.enqueue(followUp(1, subject: "a", bytes: 30_000), at: 8)
    }
    let row = try #require(try store.read { try $0.outboxRow(id: id(1)) })
    #expect(row.body == .gone)
    #expect((row.kind, row.name, row.trigger) == (1985, .decisionLabel, id(1_000_001)))
    #expect((row.createdAt, row.deliveredAt, row.state) == (7, 60, .delivered))
    #expect(try totals(store).bytes < 500)
    #expect(try numbers(store, .due).isEmpty)
  }

  // MARK: The limit

  /// A map of one MiB: the outbox may have a quarter.
  private func small() throws -> StateStore { try state.open(mapSizeMiB: 1) }
  private static let quarter: UInt64 = 1 << 18

  @Test("However many rows come, all together keep to a quarter of the map: the oldest go, they are counted, and the newest stay")
  func bounded() throws {
    let store = try small()
    for number in 1...200 {
      try store.write { try $0.enqueue(followUp(number, subject: "\(number)", bytes: 7_000), at: 1) }
      #expect(try totals(store).bytes <= Self.quarter)
    }
    let left = try numbers(store)
    #expect(left.count > 20)
    #expect(left == Array((200 - UInt64(left.count) + 1)...200))
    #expect(try totals(store).dropped == UInt64(200 - left.count))
    #expect(try store.check() == [])
  }

  @Test("Below the limit nothing goes")
  func roomEnough() throws {
    let store = try small()
    for number in 1...25 { try store.write { try $0.enqueue(followUp(number, subject: "\(number)", bytes: 7_000), at: 1) } }
    #expect(try numbers(store).count == 25)
    #expect(try totals(store).dropped == 0)
    #expect(try store.write { try $0.pruneOutbox(now: 1) } == 0)
  }

  @Test("Delivered rows go first, then snapshots, then what was given up, then what is due; what is held goes last")
  func order() throws {
    let store = try small()
    try store.write { writer throws in
      try writer.enqueue(followUp(1, subject: "held", bytes: 7_000), at: 1)
      #expect(try writer.holdFollowUp(1, error: "x"))
      try writer.enqueue(followUp(2, subject: "due", bytes: 7_000), at: 1)
      try writer.enqueue(followUp(3, subject: "failed", bytes: 7_000), at: 1)
      #expect(try writer.markFailed(3, error: "x"))
      try writer.enqueue(built(4, for: "snapshot", bytes: 7_000))
      try writer.enqueue(followUp(5, subject: "delivered"), at: 1)
      #expect(try writer.markDelivered(5, at: 9))
    }
    var gone: [UInt64] = []
    for number in 6...80 where gone.count < 4 {
      try store.write { try $0.enqueue(followUp(number, subject: "late", bytes: 7_000), at: 1) }
      let there = Set(try numbers(store))
      gone += [5, 4, 3, 2, 1].filter { !there.contains($0) && !gone.contains($0) }
    }
    #expect(gone == [5, 4, 3, 2])
    #expect(try numbers(store).contains(1))
    #expect(try store.check() == [])
  }

  @Test("An outbox that is far too large, as a smaller map finds it, shrinks by a few rows a transaction")
  func shrinks() throws {
    try state.open(mapSizeMiB: 64).write { writer throws in
      for number in 1...500 { try writer.enqueue(followUp(number, subject: "\(number)", bytes: 7_000), at: 1) }
    }
    let store = try state.open(mapSizeMiB: 8)
    #expect(try numbers(store).count == 500)
    var steps = 0
    while try store.write({ try $0.pruneOutbox(now: 1) }) > 0 {
      steps += 1
      #expect(try numbers(store).count >= 500 - steps * Outbox.rowsPerStep)
    }
    #expect(try totals(store).bytes <= 2 << 20)
    #expect(steps > 3)
  }

  @Test("A state without the sums, as an earlier program left it, is counted when it is changed first")
  func counted() throws {
    let store = try state.open()
    try store.write { writer throws in
      for number in 1...20 { try writer.enqueue(followUp(number, subject: "a", bytes: number * 500), at: 1) }
      #expect(try writer.markDelivered(3, at: 5))
      #expect(try writer.markFailed(4, error: "x"))
    }
    let kept = try totals(store)
    try store.write { _ = try $0.delete($0.tables.meta, MetaName.outboxTotals) }
    #expect(try totals(store) == kept)
    try store.write { _ = try $0.dropFollowUp(id(20)) }
    #expect(try totals(store).bytes < kept.bytes)
    #expect(try store.check() == [])
  }

  @Test("A sum that is wrong is a difference")
  func wrongSum() throws {
    let store = try state.open()
    try store.write { writer throws in
      try writer.enqueue(followUp(1), at: 1)
      var wrong = KeptTotals()
      wrong.count(upTo: 1)
      try writer.keep(wrong)
    }
    #expect(try store.check() == ["1 wrong sum of the outbox's bytes"])
  }

  @Test("A row that is queued leaves the sums that are kept as they are, up to 64 of them; who asks has every row counted")
  func countedLater() throws {
    let store = try state.open()
    var changes = 0
    var kept: [UInt8]?
    for number in 1...200 {
      try store.write { try $0.enqueue(followUp(number, subject: "a", bytes: 300), at: 1) }
      let now = try store.read { try $0.get($0.tables.meta, MetaName.outboxTotals) }
      if now != kept { changes += 1 }
      kept = now
      #expect(try totals(store) == store.read { try $0.countedOutboxTotals() })
    }
    #expect(changes == 4)
    #expect(try store.check() == [])
  }

  @Test("A large row is counted at once, and the small ones before it")
  func largeCountedAtOnce() throws {
    let store = try state.open()
    try store.write { writer throws in
      for number in 1...3 { try writer.enqueue(followUp(number, subject: "a", bytes: number == 3 ? 9_000 : 300), at: 1) }
    }
    #expect(try store.read { try $0.keptTotals()?.counted } == 3)
  }

  @Test("Where little room is left, every row is counted at once")
  func countedAtOnceNearTheLimit() throws {
    let store = try small()
    for number in 1...20 { try store.write { try $0.enqueue(followUp(number, subject: "a", bytes: 7_000), at: 1) } }
    for number: UInt64 in 21...23 {
      try store.write { try $0.enqueue(followUp(Int(number), subject: "a", bytes: 300), at: 1) }
      #expect(try store.read { try $0.keptTotals()?.counted } == number)
    }
  }

  @Test("Sums as an earlier program kept them are counted anew, and no number is given twice")
  func keptByEarlierProgram() throws {
    let store = try state.open()
    try store.write { writer throws in
      for number in 1...5 { try writer.enqueue(followUp(number, subject: "a", bytes: 300), at: 1) }
      #expect(try writer.dropFollowUp(id(5)))
      var earlier = RecordWriter()
      for number: UInt64 in [17, 4, 3] { earlier.put(number) }
      try writer.put(writer.tables.meta, MetaName.outboxTotals, earlier.bytes)
    }
    let counted = try totals(store)
    #expect(counted.bytes == (try store.read { try $0.countedOutboxTotals().bytes }))
    #expect((counted.dropped, counted.told) == (4, 3))
    // What moves here is another row than the last that there was.
    #expect(try store.write { try $0.markDelivered(1, at: 5) })
    try store.write { try $0.enqueue(followUp(6), at: 1) }
    #expect(try numbers(store) == [1, 2, 3, 4, 6])
    #expect(try store.check() == [])
  }

  @Test("The number of a row that was dropped while the sums wait is not given again")
  func numberWhileUncounted() throws {
    let store = try state.open()
    for number in 1...3 { try store.write { try $0.enqueue(followUp(number), at: 1) } }
    #expect(try store.write { try $0.dropFollowUp(id(3)) })
    #expect(try store.write { try $0.dropFollowUp(id(2)) })
    try store.write { try $0.enqueue(followUp(4), at: 1) }
    #expect(try numbers(store) == [1, 4])
    #expect(try store.check() == [])
  }

  // MARK: Faults

  @Test("A replacement or a pruning whose commit fails leaves the rows and the sums as they were, and happens when it is tried again")
  func failedCommit() throws {
    let fails = Switch()
    let store = try state.open { $0 == .commit && fails.isOn ? EIO : 0 }
    try store.write { writer throws in
      try writer.enqueue(built(1, for: "a", bytes: 9_000))
      for number in 2...9 { try writer.enqueue(followUp(number, subject: "\(number)"), at: 1) }
      for number in 2...5 as ClosedRange<UInt64> { #expect(try writer.markDelivered(number, at: 5)) }
    }
    let (before, sums) = (try numbers(store), try totals(store))
    let steps: [(borrowing StateWriter) throws -> Void] = [
      { try $0.enqueue(built(20, for: "a", bytes: 9_000)) },
      { _ = try $0.pruneOutbox(now: 6 + Outbox.deliveredSeconds, keepingDue: 3) },
      { _ = try $0.markDelivered(1, at: 7) },
    ]
    fails.turn(on: true)
    for step in steps { #expect(throws: Fault.self) { try store.write(step) } }
    #expect(try numbers(store) == before)
    #expect(try totals(store) == sums)
    fails.turn(on: false)
    for step in steps { try store.write(step) }
    #expect(try numbers(store) == [8, 9, 10])
    #expect(try store.check() == [])
  }

  @Test("A process killed while it replaces or prunes leaves what was there, whole")
  func killed() async throws {
    try state.open().write { writer throws in
      try writer.enqueue(built(1, for: "a", bytes: 9_000))
      try writer.enqueue(followUp(2), at: 1)
      #expect(try writer.markDelivered(2, at: 5))
    }
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = state.path as String] in
      try openState(path).write { writer throws in
        try writer.enqueue(built(20, for: "a", bytes: 9_000))
        _ = try writer.pruneOutbox(now: 6 + Outbox.deliveredSeconds)
        kill(getpid(), SIGKILL)
      }
    }
    let store = try state.open()
    #expect(try numbers(store) == [1, 2])
    #expect(try store.check() == [])
  }

  @Test("Whatever happens to rows, the sums are what a count gives", arguments: [21, 22] as [UInt64])
  func againstCount(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let store = try small()
    for step in 1...300 {
      let sequence = UInt64.random(in: 1...UInt64(step), using: &random)
      try store.write { writer throws in
        switch Int.random(in: 0..<9, using: &random) {
        case 0...2:
          try writer.enqueue(followUp(step, subject: "\(step % 3)", bytes: Int.random(in: 10...9_000, using: &random)), at: UInt64(step))
        case 3: try writer.enqueue(built(step, for: "\(step % 4)", bytes: Int.random(in: 10...9_000, using: &random)))
        case 4: try writer.markDelivered(sequence, at: UInt64(step))
        case 5: try writer.markFailed(sequence, error: "failed")
        case 6: try writer.holdFollowUp(sequence, error: "held for a while")
        case 7: _ = try writer.retryStuckFollowUps([.held, .failed], limit: 2)
        default: _ = try writer.dropFollowUp(number: sequence)
        }
      }
      #expect(try store.check() == [], "seed \(seed), step \(step)")
      #expect(try totals(store).bytes <= Self.quarter, "seed \(seed), step \(step)")
    }
  }
}

private final class Switch: Sendable {
  private let value = Atomic<Bool>(false)
  var isOn: Bool { value.load(ordering: .relaxed) }
  func turn(on: Bool) { value.store(on, ordering: .relaxed) }
}

/// What was built for a deferred snapshot.
struct BuiltSnapshot {
  let event: FollowUpEvent
  let deferred: DeferredFollowUp
}

func built(_ number: Int, for subject: String, bytes count: Int = 100) -> BuiltSnapshot {
  BuiltSnapshot(
    event: FollowUpEvent(
      name: .campaignSnapshot, subject: bytes(subject), trigger: id(1_000_000 + number),
      body: .signed(raw: [UInt8](repeating: 0x20, count: count), id: id(number), kind: 30904)),
    deferred: deferred(subject, trigger: 1_000_000 + number, receivedAt: UInt64(number), dueAt: UInt64(number)))
}

extension StateWriter {
  func enqueue(_ built: BuiltSnapshot) throws { try enqueue(built.event, builtFor: built.deferred) }
}

/// A label whose event has so many bytes.
func followUp(_ number: Int, subject: String, bytes count: Int) -> FollowUp {
  .event(
    FollowUpEvent(
      name: .decisionLabel, subject: bytes(subject), trigger: id(1_000_000 + number),
      body: .signed(raw: [UInt8](repeating: 0x20, count: count), id: id(number), kind: 1985)))
}
