// SPDX-License-Identifier: AGPL-3.0-or-later
import Judgement
import Nostr
import Policy
import StateStore
import TestSupport
import Testing

@testable import Delivery

@Suite("Deferred follow-ups are built, and released events judged again")
struct StateWorkTests {
  private let author = TestKey("author")

  private func judge(_ event: Event, _ installation: Installation, at receivedAt: UInt64 = 1_700_000_000) throws -> Decision {
    let judge = try Judge(store: installation.store, registry: installation.registry)
    return judge.judge(raw: event.raw, in: Circumstances(receivedAt: receivedAt, source: .ip4)).decision
  }

  @Test("Several requests for one subject become one event, once the debounce has passed")
  func deferredIsMerged() throws {
    let installation = try Installation()
    for (index, content) in ["a", "b"].enumerated() {
      #expect(try judge(author.event(kind: 7001, content: content), installation, at: 1_700_000_000 + UInt64(index)).isAccept)
    }
    let sink = RecordingSink()
    let worker = try installation.worker(sink)
    #expect(worker.runOnce() == DeliveryPass())
    #expect(worker.millisecondsUntilDue(limit: 10_000) == 5000)
    installation.advance(seconds: 5)
    let pass = worker.runOnce()
    #expect(pass.built == 1)
    #expect(pass.delivered == 1)
    let event = try Event(parsing: try #require(sink.lines.first))
    #expect(event.content == "1")
    #expect(event.createdAt == 1_700_000_001)
    #expect(worker.runOnce() == DeliveryPass())
  }

  @Test("A later request is built anew, and the request of a domain that is switched off waits")
  func deferredAgain() throws {
    let installation = try Installation()
    #expect(try judge(author.event(kind: 7001, content: "a"), installation).isAccept)
    let off = DeferredFollowUp(
      domain: .groups, name: .alert, subject: [1], trigger: author.event(kind: 1).id, receivedAt: 1, dueAt: 1)
    try installation.store.write { try $0.enqueue(.deferred(off), at: 1) }
    installation.advance(seconds: 5)
    let sink = RecordingSink()
    let worker = try installation.worker(sink)
    #expect(worker.runOnce().built == 1)
    #expect(try judge(author.event(kind: 7001, content: "b"), installation).isAccept)
    #expect(worker.runOnce().built == 1)
    #expect(try sink.lines.map { try Event(parsing: $0).content.string } == ["1", "2"])
    #expect(try installation.store.read { try $0.deferredCount() } == 1)
    #expect(worker.millisecondsUntilDue(limit: 5000) == nil)
  }

  @Test("A parked event is judged again when its parent arrives, and published unchanged")
  func parkedIsPublished() throws {
    let installation = try Installation()
    let parent = author.event(kind: 7001)
    let child = TestKey("child").event(kind: 7002, tags: [["e", parent.id.hex]])
    let bad = TestKey("child").event(kind: 7002, tags: [["e", parent.id.hex]], content: "bad")
    #expect(try judge(child, installation) == .reject(Rejection.restricted("unknown parent").parked))
    #expect(try judge(bad, installation) == .reject(Rejection.restricted("unknown parent").parked))
    let sink = RecordingSink()
    let worker = try installation.worker(sink)
    #expect(worker.runOnce() == DeliveryPass())
    #expect(try judge(parent, installation).isAccept)
    #expect(worker.millisecondsUntilDue(limit: 5000) == 0)
    let pass = worker.runOnce()
    #expect(pass.accepted == 1)
    #expect(pass.refused == 1)
    #expect(sink.lines == [child.raw])
    #expect(try installation.store.read { try $0.parkedCount() } == 0)
    #expect(try installation.store.read { try $0.known(child.id) } != nil)
    #expect(try installation.row(child.id).name == .parkedEvent)
  }

  @Test("What its author deleted while it waited is not handed to the relay, which would never store it; what a stranger names is")
  func deletedMeanwhile() throws {
    let installation = try Installation()
    let parent = author.event(kind: 7001)
    let (deleted, kept) = (TestKey("child").event(kind: 7002, tags: [["e", parent.id.hex]]), author.event(kind: 7002, tags: [["e", parent.id.hex]]))
    for event in [deleted, kept] { #expect(try !judge(event, installation).isAccept) }
    let child = TestKey("child")
    let deletion = child.event(kind: 5, tags: [["e", deleted.id.hex], ["e", kept.id.hex]])
    try installation.store.write { state in
      for target in [deleted, kept] { try state.note(deletion: deletion.id, of: target.id, by: child.pubkey) }
    }
    #expect(try judge(parent, installation).isAccept)
    let sink = RecordingSink()
    let worker = try installation.worker(sink)
    #expect(worker.runOnce().accepted == 2)
    #expect(sink.lines == [kept.raw])
    #expect(try installation.row(deleted.id).state == .delivered)
    #expect(try installation.counts().due == 0)
  }

  @Test("One that cannot be judged stays parked, is told of, and stops none of the others")
  func brokenStopsNobody() throws {
    let installation = try Installation()
    let parent = author.event(kind: 7001)
    let children = ["a", "broken", "b"].map { TestKey("child").event(kind: 7002, tags: [["e", parent.id.hex]], content: $0) }
    for child in children { #expect(try !judge(child, installation).isAccept) }
    #expect(try judge(parent, installation).isAccept)
    let worker = try installation.worker(nil)
    let pass = worker.runOnce()
    #expect(pass.accepted == 2 && pass.refused == 0 && pass.faults == 1)
    #expect(installation.names == ["delivery.fault"])
    #expect(try installation.store.read { try $0.releasedEvents(limit: 9) }.map(\.id) == [children[1].id])
    #expect(try installation.store.check() == [])
  }

  @Test("A chain that waited from its end to its beginning is taken in one pass, in few commits")
  func chain() throws {
    let installation = try Installation()
    let parent = author.event(kind: 7001)
    var links = [parent]
    for number in 1...150 { links.append(TestKey("child").event(kind: 7002, tags: [["e", links[number - 1].id.hex]], content: "\(number)")) }
    for link in links.dropFirst().reversed() { #expect(try !judge(link, installation).isAccept) }
    let worker = try installation.worker(nil)
    worker.judge.options.releasedFor = .seconds(600)
    #expect(worker.runOnce() == DeliveryPass())
    #expect(try judge(parent, installation).isAccept)
    installation.commits.withLock { $0 = 0 }
    #expect(worker.runOnce().accepted == 150)
    #expect(installation.commits.withLock { $0 } <= 5)
    #expect(try installation.store.read { try $0.parkedCount() } == 0)
    #expect(try installation.counts().due == 150)
  }

  @Test("While nothing is delivered, what is built anew takes the place of what was built before", arguments: [true, false])
  func builtInPlace(hasSink: Bool) throws {
    let installation = try Installation()
    let sink = RecordingSink()
    sink.answer = { _ in .retry("away") }
    let worker = try installation.worker(hasSink ? sink : nil)
    for content in ["a", "b", "c"] {
      #expect(try judge(author.event(kind: 7001, content: content), installation).isAccept)
      installation.advance(seconds: 5)
      #expect(worker.runOnce().built == 1)
    }
    #expect(try installation.counts() == OutboxCounts(due: 1))
    installation.advance(seconds: 600)
    let last = RecordingSink()
    #expect(try installation.worker(last).runOnce().delivered == 1)
    #expect(try last.lines.map { try Event(parsing: $0).content.string } == ["3"])
    #expect(try installation.store.check() == [])
  }

  @Test("A build whose commit fails leaves the request and the event of before; done again, there is one event")
  func failedBuild() throws {
    let installation = try Installation()
    let worker = try installation.worker(nil)
    #expect(try judge(author.event(kind: 7001, content: "a"), installation).isAccept)
    installation.advance(seconds: 5)
    #expect(worker.runOnce().built == 1)
    #expect(try judge(author.event(kind: 7001, content: "b"), installation).isAccept)
    installation.advance(seconds: 5)
    installation.failsCommits.withLock { $0 = true }
    #expect(worker.runOnce().built == 0)
    #expect(try installation.counts() == OutboxCounts(due: 1))
    #expect(try installation.store.read { try $0.deferredCount() } == 1)
    installation.failsCommits.withLock { $0 = false }
    #expect(worker.runOnce().built == 1)
    let sink = RecordingSink()
    #expect(try installation.worker(sink).runOnce().delivered == 1)
    #expect(try sink.lines.map { try Event(parsing: $0).content.string } == ["2"])
  }

  @Test("A request that came while the clock was ahead is built at once, with a time that relays take")
  func clockWasAhead() throws {
    let installation = try Installation()
    let twentyYears: UInt64 = 20 * 365 * 86_400
    #expect(try judge(author.event(kind: 7001, content: "a"), installation, at: 1_700_000_000 + twentyYears).isAccept)
    let sink = RecordingSink()
    let worker = try installation.worker(sink)
    #expect(worker.millisecondsUntilDue(limit: 5000) == 0)
    #expect(worker.runOnce().delivered == 1)
    #expect(try Event(parsing: try #require(sink.lines.first)).createdAt == 1_700_000_000)
    #expect(worker.runOnce() == DeliveryPass())
  }
}
