// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import TestSupport
import Testing

@testable import StateStore

@Suite struct OutboxTests {
  // First, to be closed before its directory goes: another test's directory may get the same inode.
  let store: StateStore
  let state: TemporaryState

  init() throws {
    state = try TemporaryState()
    store = try state.open()
  }

  private func due(now: UInt64 = 1000, limit: Int = 100) throws -> [UInt64] {
    try store.read { try $0.dueFollowUps(now: now, limit: limit).map(\.sequence) }
  }

  private func enqueue(_ numbers: ClosedRange<Int>, subject: String = "CF-1", at time: UInt64 = 50) throws {
    try store.write { writer throws in for number in numbers { try writer.enqueue(followUp(number, subject: subject), at: time) } }
  }

  private func row(_ number: Int) throws -> OutboxRow { try #require(try store.read { try $0.outboxRow(id: id(number)) }) }

  @Test("A queued follow-up is due at once, with everything that its delivery needs")
  func queued() throws {
    let unsigned = try UnsignedEvent(pubkey: pubkey(1), createdAt: 5, kind: 9742, tags: [["t", "UPlanet"]], content: "é")
    try store.write { writer throws in
      try writer.enqueue(
        .event(FollowUpEvent(name: .contributionReceipt, subject: bytes("CF-9"), trigger: id(3), body: .unsigned(unsigned))), at: 77)
    }
    let row = try #require(try store.read { try $0.dueFollowUps(now: 0, limit: 1) }.first)
    #expect(row.id == unsigned.id)
    #expect(row.kind == 9742)
    #expect(row.name == .contributionReceipt)
    #expect(row.subject == bytes("CF-9"))
    #expect(row.trigger == id(3))
    #expect(row.createdAt == 77)
    #expect(row.state == .due)
    #expect(row.attempts == 0)
    guard case .unsigned(let form) = row.body else { throw Stop() }
    #expect(UnsignedEvent(form: form) == unsigned)
  }

  @Test("An id that is in the outbox, in whatever state, is not queued again; another id is")
  func idempotent() throws {
    try enqueue(1...1)
    try enqueue(1...2)
    #expect(try due() == [1, 2])
    #expect(try store.write { try $0.markDelivered(1, at: 60) })
    try enqueue(1...1)
    #expect(try due() == [2])
    #expect(try row(1).state == .delivered)
  }

  @Test("An event that is to be delivered once more is queued anew from every state but due", arguments: OutboxState.allCases)
  func again(from state: OutboxState) throws {
    try enqueue(1...1)
    try store.write { writer throws in
      switch state {
      case .due: break
      case .delivered: #expect(try writer.markDelivered(1, at: 60))
      case .held: #expect(try writer.holdFollowUp(1, error: "x"))
      case .failed: #expect(try writer.markFailed(1, error: "x"))
      }
      guard case .event(let event) = followUp(1) else { throw Stop() }
      try writer.enqueue(.again(event), at: 90)
    }
    #expect(try due() == [state == .due ? 1 : 2])
    #expect(try row(1).createdAt == (state == .due ? 50 : 90))
    #expect(try store.read { try $0.outboxCounts() } == OutboxCounts(due: 1))
    #expect(try store.check() == [])
  }

  @Test("What is put off further than any back-off goes was put off by a clock that was ahead: it is due")
  func clockWasAhead() throws {
    try enqueue(1...2)
    let now: UInt64 = 1_700_000_000_000
    #expect(try store.write { try $0.markAttemptFailed(1, error: "x", nextAttemptAt: now + Outbox.longestDelayMilliseconds) })
    #expect(try due(now: now) == [])
    #expect(try store.read { try $0.putOffFollowUps(now: now)?.first } == now + Outbox.longestDelayMilliseconds)
    #expect(try due(now: now - 1) == [1, 2])
    let inTwentyYears = now + 20 * 365 * 86_400_000
    #expect(try store.write { try $0.markAttemptFailed(1, error: "x", nextAttemptAt: inTwentyYears) })
    #expect(try due(now: now) == [1, 2])
    #expect(try store.read { try $0.putOffFollowUps(now: now) } == nil)
  }

  @Test("All that are held or failed are retried few at a time, only those of the states asked for, each at its old place")
  func retryStuck() throws {
    try enqueue(1...7)
    try store.write { writer throws in
      for number in [1, 3, 5] as [UInt64] { #expect(try writer.markFailed(number, error: "x")) }
      for number in [2, 4] as [UInt64] { #expect(try writer.holdFollowUp(number, error: "x")) }
    }
    #expect(try store.write { try $0.retryStuckFollowUps([.held]) } == 2)
    #expect(try due() == [2, 4, 6, 7])
    #expect(try store.write { try $0.retryStuckFollowUps([.held, .failed], limit: 2) } == 2)
    #expect(try store.write { try $0.retryStuckFollowUps([.held, .failed], limit: 2) } == 1)
    #expect(try store.write { try $0.retryStuckFollowUps([.held, .failed], limit: 2) } == 0)
    #expect(try due() == [1, 2, 3, 4, 5, 6, 7])
    #expect(try row(1).attempts == 0)
  }

  @Test("All that are put off are made due few at a time; those that are due already are not touched")
  func retryPutOff() throws {
    try enqueue(1...5)
    try store.write { writer throws in
      for number in [1, 2, 4] as [UInt64] { #expect(try writer.markAttemptFailed(number, error: "x", nextAttemptAt: 5000)) }
    }
    let first = try store.write { try $0.retryPutOffFollowUps(from: 0, limit: 2) }
    #expect(first == (2, 4))
    let second = try store.write { try $0.retryPutOffFollowUps(from: try #require(first.next), limit: 2) }
    #expect(second == (1, nil))
    #expect(try due(now: 1) == [1, 2, 3, 4, 5])
    #expect(try row(1).attempts == 0)
    #expect(try store.write { try $0.retryPutOffFollowUps(from: 0) } == (0, nil))
  }

  @Test("Ids are found by their first digits, and no more than asked for")
  func prefixes() throws {
    let events = ["ab01", "ab02", "ac01"].map { $0 + String(repeating: "0", count: 60) }.compactMap { EventID(hex: $0) }
    try store.write { writer throws in
      for id in events {
        let body = FollowUpEvent.Body.signed(raw: bytes("{}"), id: id, kind: 1)
        try writer.enqueue(.event(FollowUpEvent(name: .alert, subject: bytes("s"), trigger: id, body: body)), at: 1)
      }
    }
    func found(_ digits: String, limit: Int = 9) throws -> [EventID] {
      try store.read { try $0.outboxIDs(beginningWith: digits, limit: limit) }
    }
    #expect(try found("ab") == Array(events.prefix(2)))
    #expect(try found("ab", limit: 1) == [events[0]])
    #expect(try found("a") == events)
    #expect(try found("ac01") == [events[2]])
    #expect(try found(events[1].hex) == [events[1]])
    for none in ["ad", "ab03", "ff", "x", events[1].hex + "0"] { #expect(try found(none) == [], "\(none)") }
  }

  @Test("Rows of one subject wait behind one that is put off; those of other subjects do not")
  func order() throws {
    try enqueue(1...3, subject: "a")
    try enqueue(4...5, subject: "b")
    #expect(try store.write { try $0.markAttemptFailed(2, error: "no relay", nextAttemptAt: 2000) })
    #expect(try due(now: 1999) == [1, 4, 5])
    #expect(try due(now: 2000) == [1, 2, 3, 4, 5])
    #expect(try due(now: 2000, limit: 2) == [1, 2])
    #expect(try due(now: 2000, limit: 0) == [])
  }

  @Test("A failed attempt is counted and its error kept, at most 1,000 bytes of it; the delivery clears it")
  func attempts() throws {
    try enqueue(1...1)
    try store.write { _ = try $0.markAttemptFailed(1, error: "first", nextAttemptAt: 10) }
    try store.write { _ = try $0.markAttemptFailed(1, error: String(repeating: "x", count: 5000), nextAttemptAt: 20) }
    #expect(try row(1).attempts == 2)
    #expect(try row(1).nextAttemptAt == 20)
    #expect(try row(1).lastError == String(repeating: "x", count: 1000))
    try store.write { _ = try $0.markDelivered(1, at: 99) }
    #expect(try row(1).deliveredAt == 99)
    #expect(try row(1).lastError == "")
    #expect(try row(1).attempts == 2)
  }

  @Test("Failed and held rows are not due, do not hold back later ones, and are retried at their old place")
  func stuck() throws {
    try enqueue(1...4)
    try store.write { writer throws in
      #expect(try writer.markFailed(1, error: "20 attempts"))
      #expect(try writer.holdFollowUp(2, error: "key does not match"))
    }
    #expect(try due() == [3, 4])
    #expect(try store.read { try $0.outboxCounts() } == OutboxCounts(due: 2, delivered: 0, held: 1, failed: 1))
    #expect(try store.write { try $0.retryFollowUp(id(1)) })
    #expect(try due() == [1, 3, 4])
    #expect(try row(1).attempts == 0)
    #expect(try !store.write { try $0.retryFollowUp(id(9)) })
  }

  @Test("A row that is not due any more is not marked")
  func marksOnlyDue() throws {
    try enqueue(1...1)
    #expect(try store.write { try $0.markDelivered(1, at: 60) })
    try store.write { writer throws in
      #expect(try !writer.markDelivered(1, at: 61))
      #expect(try !writer.markAttemptFailed(1, error: "late", nextAttemptAt: 1))
      #expect(try !writer.markFailed(1, error: "late"))
      #expect(try !writer.holdFollowUp(1, error: "late"))
      #expect(try !writer.retryFollowUp(id(1)))
      #expect(try !writer.markDelivered(2, at: 61))
    }
    #expect(try row(1).deliveredAt == 60)
  }

  @Test("A dropped row is gone, its id may come again, and its number is never given twice")
  func drop() throws {
    try enqueue(1...2)
    #expect(try store.write { try $0.dropFollowUp(id(2)) })
    #expect(try !store.write { try $0.dropFollowUp(id(2)) })
    #expect(try due() == [1])
    try enqueue(2...2)
    #expect(try due() == [1, 3])
    try store.write { writer throws in for number in 1...2 { #expect(try writer.dropFollowUp(id(number))) } }
    try enqueue(5...5)
    #expect(try due() == [4])
  }

  @Test("A number is not given again when the last rows are delivered and an older one after them")
  func numbersGrow() throws {
    try enqueue(1...3)
    try store.write { writer throws in
      #expect(try writer.markFailed(1, error: "x"))
      for number in [2, 3] as [UInt64] { #expect(try writer.markDelivered(number, at: 60)) }
      #expect(try writer.retryFollowUp(id(1)))
      #expect(try writer.markDelivered(1, at: 61))
    }
    try enqueue(4...4)
    #expect(try due() == [4])
    #expect(try store.check() == [])
  }

  @Test("Rows are listed all together or by state")
  func listing() throws {
    try enqueue(1...5)
    try store.write { writer throws in
      _ = try writer.markDelivered(4, at: 60)
      _ = try writer.markDelivered(2, at: 61)
      _ = try writer.markFailed(3, error: "x")
    }
    func listed(_ state: OutboxState?) throws -> [UInt64] {
      var rows: [UInt64] = []
      try store.read { view throws in
        try view.outboxRows(state) { row in
          if let state { #expect(row.state == state) }
          rows.append(row.sequence)
          return true
        }
      }
      return rows
    }
    #expect(try listed(nil) == [1, 2, 3, 4, 5])
    #expect(try listed(.due) == [1, 5])
    #expect(try listed(.delivered) == [4, 2])
    #expect(try listed(.failed) == [3])
    #expect(try listed(.held) == [])
  }

  @Test("Delivered rows go after 30 days and not before; rows that are not delivered stay")
  func pruneDelivered() throws {
    try enqueue(1...3)
    try store.write { _ = try $0.markDelivered(1, at: 1000) }
    let expiry = 1000 + Outbox.deliveredSeconds
    #expect(try store.write { try $0.pruneOutbox(now: expiry) } == 0)
    #expect(try store.write { try $0.pruneOutbox(now: expiry + 1) } == 1)
    #expect(try store.read { try $0.outboxRow(id: id(1)) == nil })
    #expect(try due() == [2, 3])
  }

  @Test("With sink none the newest due rows are kept, the others go a bounded number at a time")
  func pruneDue() throws {
    try enqueue(1...20)
    #expect(try store.write { try $0.pruneOutbox(now: 100, keepingDue: 5, limit: 10) } == 10)
    #expect(try store.write { try $0.pruneOutbox(now: 100, keepingDue: 5, limit: 10) } == 5)
    #expect(try store.write { try $0.pruneOutbox(now: 100, keepingDue: 5, limit: 10) } == 0)
    #expect(try due() == [16, 17, 18, 19, 20])
    #expect(try store.read { try $0.outboxCounts() } == OutboxCounts(due: 5))
  }

  @Test("Whatever happens, what is due is what a plain list says", arguments: [11, 12, 13] as [UInt64])
  func againstReference(seed: UInt64) throws {
    struct Entry {
      let number: Int
      let sequence: UInt64
      let subject: Int
      var state = OutboxState.due
      var next: UInt64 = 0
    }
    var random = SplitMix64(seed: seed)
    var model: [Entry] = []
    var nextSequence: UInt64 = 1
    for step in 0..<400 {
      let now = UInt64(step)
      let position = model.isEmpty ? nil : Int.random(in: 0..<model.count, using: &random)
      switch Int.random(in: 0..<9, using: &random) {
      case 0...3:
        let subject = Int.random(in: 0..<5, using: &random)
        try enqueue(step + 1...step + 1, subject: "\(subject)")
        model.append(Entry(number: step + 1, sequence: nextSequence, subject: subject))
        nextSequence += 1
      case 4, 5:
        guard let position else { continue }
        let next = now + UInt64.random(in: 0..<40, using: &random)
        let wasDue = model[position].state == .due
        #expect(try store.write { try $0.markAttemptFailed(model[position].sequence, error: "e", nextAttemptAt: next) } == wasDue)
        if wasDue { model[position].next = next }
      case 6:
        guard let position else { continue }
        let wasDue = model[position].state == .due
        #expect(try store.write { try $0.markDelivered(model[position].sequence, at: now) } == wasDue)
        if wasDue { model[position].state = .delivered }
      case 7:
        guard let position else { continue }
        let wasDue = model[position].state == .due
        #expect(try store.write { try $0.markFailed(model[position].sequence, error: "e") } == wasDue)
        if wasDue { model[position].state = .failed }
      default:
        guard let position else { continue }
        if Bool.random(using: &random) {
          #expect(try store.write { try $0.dropFollowUp(id(model[position].number)) })
          model.remove(at: position)
        } else if model[position].state != .delivered {
          #expect(try store.write { try $0.retryFollowUp(id(model[position].number)) })
          model[position].state = .due
          model[position].next = 0
        }
      }
      var held: Set<Int> = []
      var expected: [UInt64] = []
      for entry in model where entry.state == .due && !held.contains(entry.subject) {
        if entry.next > now { held.insert(entry.subject) } else { expected.append(entry.sequence) }
      }
      #expect(try due(now: now, limit: 1000) == expected, "seed \(seed), step \(step)")
    }
  }
}
