// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import StateStore
import Testing

@testable import Delivery

@Suite("Due follow-ups are signed, handed to the sink, and marked")
struct WorkerTests {
  @Test("A due row is signed by the node and delivered once")
  func deliversOnce() throws {
    let installation = try Installation()
    let id = try installation.enqueue(["one"])[0]
    let sink = RecordingSink()
    let worker = try installation.worker(sink)
    #expect(worker.runOnce().delivered == 1)
    #expect(worker.runOnce() == DeliveryPass())
    let event = try EventVerifier(cachedKeys: 1).verify(try Event(parsing: try #require(sink.lines.first)))
    #expect(event.id == id)
    #expect(event.pubkey == Installation.node.pubkey)
    let row = try installation.row(id)
    #expect(row.state == .delivered)
    #expect(row.deliveredAt == 1_700_000_000)
    #expect(installation.names.contains("delivery.delivered"))
  }

  @Test("A crash between the sink and the mark delivers the same bytes again")
  func sameBytesAfterCrash() throws {
    let installation = try Installation()
    try installation.enqueue(["one", "two"])
    let first = RecordingSink()
    installation.failsCommits.withLock { $0 = true }
    #expect(try installation.worker(first).runOnce().faults > 0)
    installation.failsCommits.withLock { $0 = false }
    // Another process goes on: it knows nothing of what was sent.
    let second = RecordingSink()
    #expect(try installation.worker(second).runOnce().delivered == 2)
    #expect(first.lines == second.lines)
    #expect(first.lines.count == 2)
  }

  @Test("While the state cannot be written nothing is sent again, and the marks follow when it can")
  func marksFollow() throws {
    let installation = try Installation()
    let id = try installation.enqueue(["one"])[0]
    let sink = RecordingSink()
    let worker = try installation.worker(sink)
    installation.failsCommits.withLock { $0 = true }
    for _ in 0..<3 { #expect(worker.runOnce().faults > 0) }
    #expect(try installation.row(id).state == .due)
    #expect(installation.names.filter { $0 == "delivery.fault" }.count <= 2)
    installation.failsCommits.withLock { $0 = false }
    _ = worker.runOnce()
    #expect(try installation.row(id).state == .delivered)
    #expect(sink.batches.count == 1)
  }

  @Test("A row that the sink does not take waits, longer after each attempt, and is delivered when it does")
  func retriesWithBackOff() throws {
    let installation = try Installation()
    let id = try installation.enqueue(["one"])[0]
    let sink = RecordingSink()
    sink.answer = { _ in .retry("not now") }
    let worker = try installation.worker(sink)
    #expect(worker.runOnce().retried == 1)
    #expect(try installation.row(id).lastError == "not now")
    #expect(worker.runOnce() == DeliveryPass())
    #expect(worker.millisecondsUntilDue(limit: 5000) == 1000)
    installation.advance(seconds: 1)
    #expect(worker.runOnce().retried == 1)
    #expect(worker.millisecondsUntilDue(limit: 5000) == 2000)
    installation.advance(seconds: 2)
    sink.answer = { _ in .delivered }
    #expect(worker.runOnce().delivered == 1)
    let row = try installation.row(id)
    #expect(row.state == .delivered)
    #expect(row.attempts == 2)
    #expect(installation.names == ["delivery.retry", "delivery.retry", "delivery.delivered"])
  }

  @Test("A row is failed after the last attempt, and the next one of its subject goes on")
  func failsAfterAttempts() throws {
    let installation = try Installation()
    let ids = try installation.enqueue(["one", "two"])
    let sink = RecordingSink()
    sink.answer = { $0.id == ids[0] ? .retry("never") : .delivered }
    let worker = try installation.worker(sink, options: DeliveryOptions(nodeKey: Installation.node.pubkey, attempts: 3, batchRows: 1))
    for _ in 0..<2 {
      _ = worker.runOnce()
      #expect(try installation.row(ids[1]).state == .due)
      installation.advance(seconds: 600)
    }
    let pass = worker.runOnce()
    #expect(pass.failed == 1)
    #expect(try installation.row(ids[0]).state == .failed)
    #expect(try installation.row(ids[0]).attempts == 3)
    #expect(installation.names.contains("delivery.failed"))
    _ = worker.runOnce()
    #expect(try installation.row(ids[1]).state == .delivered)
  }

  @Test("A row that the sink will never take is failed at once")
  func failsAtOnce() throws {
    let installation = try Installation()
    let ids = try installation.enqueue(["one", "two"])
    let sink = RecordingSink()
    sink.answer = { $0.id == ids[0] ? .failed("too long") : .delivered }
    let pass = try installation.worker(sink).runOnce()
    #expect(pass.failed == 1)
    #expect(pass.delivered == 1)
    #expect(try installation.row(ids[0]).lastError == "too long")
  }

  @Test("Rows of a subject wait behind one that failed; another subject does not")
  func orderOfSubjects() throws {
    let installation = try Installation()
    let first = try installation.enqueue(["one", "two", "three"], subject: "a")
    let other = try installation.enqueue(["four"], subject: "b")[0]
    let sink = RecordingSink()
    sink.answer = { $0.id == first[0] ? .retry("later") : .delivered }
    let worker = try installation.worker(sink, options: DeliveryOptions(nodeKey: Installation.node.pubkey, batchRows: 1))
    _ = worker.runOnce()
    _ = worker.runOnce()
    #expect(sink.batches.map { $0.map(\.id) } == [[first[0]], [other]])
    installation.advance(seconds: 1)
    sink.answer = { _ in .delivered }
    while worker.runOnce().didWork {}
    #expect(sink.batches.flatMap { $0.map(\.id) } == [first[0], other] + first)
  }

  @Test("A batch ends at its limits of rows and bytes, and an event that is longer alone goes alone")
  func batchLimits() throws {
    let installation = try Installation()
    try installation.enqueue((0..<5).map { "\($0)" })
    let sink = RecordingSink()
    _ = try installation.worker(sink, options: DeliveryOptions(nodeKey: Installation.node.pubkey, batchRows: 2)).runOnce()
    #expect(sink.batches.map(\.count) == [2, 2, 1])
    try installation.enqueue((5..<8).map { "\($0)" })
    let small = RecordingSink()
    _ = try installation.worker(small, options: DeliveryOptions(nodeKey: Installation.node.pubkey, batchBytes: 10)).runOnce()
    #expect(small.batches.map(\.count) == [1, 1, 1])
  }

  @Test("One event that breaks the whole batch is found by halving, and the others are delivered")
  func poisonIsIsolated() throws {
    let installation = try Installation()
    let ids = try installation.enqueue((0..<8).map { "\($0)" })
    let poison = ids[5]
    let worker = try installation.worker(Breaking(poison: poison))
    for _ in 0..<60 {
      _ = worker.runOnce()
      installation.advance(seconds: 700)
    }
    for id in ids { #expect(try installation.row(id).state == (id == poison ? .failed : .delivered)) }
  }

  @Test("An event that breaks the command costs its neighbours no attempt, and they are delivered in the same pass")
  func neighboursOfPoison() throws {
    let installation = try Installation()
    let ids = try (0..<8).flatMap { try installation.enqueue(["\($0)"], subject: "\($0)") }
    _ = try installation.worker(Breaking(poison: ids[5])).runOnce()
    for id in ids {
      let row = try installation.row(id)
      #expect(row.state == (id == ids[5] ? .due : .delivered))
      #expect(row.attempts == (id == ids[5] ? 1 : 0))
    }
  }

  @Test("The pass ends between two batches when it may not continue")
  func mayNotContinue() throws {
    let installation = try Installation()
    try installation.enqueue(["one", "two", "three"])
    let sink = RecordingSink()
    let worker = try installation.worker(sink, options: DeliveryOptions(nodeKey: Installation.node.pubkey, batchRows: 1))
    _ = worker.runOnce { sink.batches.isEmpty }
    #expect(sink.batches.count == 1)
    #expect(worker.runOnce().delivered == 2)
  }

  @Test("With the sink none rows stay due, the key is not read, and only the newest are kept")
  func sinkNone() throws {
    let installation = try Installation()
    let ids = try installation.enqueue(["one", "two", "three"])
    let worker = try installation.worker(nil, options: DeliveryOptions(nodeKey: Installation.node.pubkey, keptRows: 2))
    #expect(worker.runOnce().pruned == 1)
    #expect(try installation.counts().due == 2)
    #expect(try installation.store.read { try $0.outboxRow(id: ids[0]) } == nil)
    #expect(installation.keyReadCount == 0)
    #expect(worker.millisecondsUntilDue(limit: 5000) == nil)
  }

  @Test("Delivered rows are kept for 30 days, and go then")
  func deliveredRowsGo() throws {
    let installation = try Installation()
    try installation.enqueue(["one"])
    let worker = try installation.worker(RecordingSink())
    _ = worker.runOnce()
    installation.advance(seconds: 29 * 86_400)
    #expect(worker.runOnce().pruned == 0)
    installation.advance(seconds: 2 * 86_400)
    #expect(worker.runOnce().pruned == 1)
    #expect(try installation.counts().delivered == 0)
  }

  @Test("Rows that the sink says nothing about are tried again, not taken for delivered")
  func silentSink() throws {
    let installation = try Installation()
    let ids = try ["a", "b", "c"].flatMap { try installation.enqueue([$0], subject: $0) }
    let pass = try installation.worker(Silent()).runOnce()
    #expect(pass.delivered == 1)
    #expect(pass.retried == 2)
    #expect(try installation.row(ids[0]).state == .delivered)
    for id in ids.dropFirst() {
      #expect(try installation.row(id).state == .due)
      #expect(try installation.row(id).lastError == "the sink does not say what became of it")
    }
  }

  @Test("What a command printed is kept for the operator in the outbox, and stands in no diagnostic", arguments: [1, 20] as [UInt32])
  func quotedEvent(attempts: UInt32) throws {
    let installation = try Installation()
    let id = try installation.enqueue(["one"])[0]
    let sink = CommandSink(arguments: ["sh", "-c", "cat > /dev/null; echo 'refused {content: private}' >&2; exit 3"])
    let options = DeliveryOptions(nodeKey: Installation.node.pubkey, attempts: attempts)
    _ = try installation.worker(sink, options: options).runOnce()
    #expect(try installation.row(id).lastError.contains("refused {content: private}"))
    let said = installation.diagnostics.withLock { $0.map(\.message) }
    #expect(installation.names == [attempts == 1 ? "delivery.failed" : "delivery.retry"])
    for words in said {
      #expect(words.contains("exit 3"))
      #expect(!words.contains("private"))
    }
    if attempts == 1 { #expect(said[0].contains("`commonsguard outbox retry \(id.short)`")) }
  }

  @Test("Old rows are removed, and batches noted, by a few rows a transaction: a request never waits for all of them")
  func smallSteps() throws {
    let installation = try Installation()
    try installation.enqueue((0..<175).map { "\($0)" })
    let worker = try installation.worker(RecordingSink())
    func commits(_ body: () -> Void) -> Int {
      let before = installation.commits.withLock { $0 }
      body()
      return installation.commits.withLock { $0 } - before
    }
    #expect(commits { _ = worker.runOnce() } >= 4)
    #expect(try installation.counts() == OutboxCounts(delivered: 175))
    installation.advance(seconds: 31 * 86_400)
    var pruned = 0
    #expect(commits { pruned = worker.runOnce().pruned } >= 4)
    #expect(pruned == 175)
    #expect(try installation.counts() == OutboxCounts())
  }

  @Test("A row that cannot be read does not end the deliveries of the others")
  func unreadableRow() throws {
    let installation = try Installation()
    let spoiling = try installation.enqueueSpoilt("one")
    try installation.enqueue(["two", "three"])
    let worker = try installation.worker(RecordingSink())
    #expect(worker.runOnce().delivered == 2)
    #expect(worker.runOnce() == DeliveryPass())
    #expect(worker.millisecondsUntilDue(limit: 5000) == nil)
    #expect(try installation.counts() == OutboxCounts(delivered: 2, unreadable: 1))
    #expect(try installation.store.write { try $0.dropFollowUp(number: spoiling) })
  }

  @Test("A clock that was ahead once puts nothing off: rows are tried, old ones removed, faults told")
  func clockWasAhead() throws {
    let installation = try Installation()
    let id = try installation.enqueue(["one"])[0]
    let sink = RecordingSink()
    sink.answer = { _ in .retry("away") }
    let worker = try installation.worker(sink)
    let twentyYears: UInt64 = 20 * 365 * 86_400
    installation.advance(seconds: twentyYears)
    #expect(worker.runOnce().retried == 1)
    installation.now.subtract(twentyYears * 1000, ordering: .relaxed)
    #expect(worker.millisecondsUntilDue(limit: 5000) == 0)
    sink.answer = { _ in .delivered }
    #expect(worker.runOnce().delivered == 1)
    #expect(try installation.row(id).deliveredAt == 1_700_000_000)
    installation.advance(seconds: 31 * 86_400)
    #expect(worker.runOnce().pruned == 1)
  }

  @Test("When the outbox has had its quarter of the state, the rows that went are told of once, with their number")
  func fullOutbox() throws {
    let installation = try Installation(mapSizeMiB: 4)
    for number in 0..<40 { try installation.enqueue([String(repeating: "x", count: 60_000)], subject: "\(number)", createdAt: UInt64(number)) }
    let dropped = try installation.store.read { try $0.outboxTotals().dropped }
    #expect(dropped > 10)
    let worker = try installation.worker(nil)
    for _ in 0..<3 {
      _ = worker.runOnce()
      installation.advance(seconds: 61)
    }
    #expect(installation.names == ["delivery.outbox-full"])
    #expect(installation.diagnostics.withLock { $0[0].fields } == [.init("count", dropped)])
    for number in 100..<140 { try installation.enqueue([String(repeating: "x", count: 60_000)], subject: "\(number)", createdAt: UInt64(number)) }
    _ = worker.runOnce()
    #expect(installation.names.count == 1)
    installation.advance(seconds: 3600)
    _ = worker.runOnce()
    #expect(installation.names == ["delivery.outbox-full", "delivery.outbox-full"])
  }
}

/// A command that one event breaks, and every batch with it.
private struct Breaking: Sink {
  let poison: EventID

  func deliver(_ batch: [SignedRow]) -> [SinkOutcome] {
    let breaks = batch.contains { $0.id == poison }
    return batch.map { _ in breaks ? .retry("broken") : .delivered }
  }
}
/// Says what became of the first row only.
private struct Silent: Sink {
  func deliver(_ batch: [SignedRow]) -> [SinkOutcome] { [.delivered] }
}
