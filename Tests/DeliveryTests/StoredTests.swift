// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import StateStore
import TestSupport
import Testing

@testable import Delivery

@Suite("What was accepted live is looked up in the relay")
struct StoredTests {
  private static let now: UInt64 = 1_700_000_000
  private let author = TestKey("author")
  private let installation: Installation
  private let relay: ScannedRelay
  private let sink = RecordingSink()

  init() throws {
    installation = try Installation()
    relay = try ScannedRelay()
    try relay.hold([])
  }

  private func worker() throws -> DeliveryWorker { try installation.worker(sink, stored: relay.lookup) }

  /// The journal has them, and whoever looks later finds what the judge would have noted with them.
  private func accept(_ events: [Event], source: SourceType = .ip4) throws {
    try installation.store.write { state throws in
      for event in events {
        _ = try state.appendJournal(
          JournalRow(.event(raw: event.raw, id: event.id, source: source, sourceInfo: nil), receivedAt: Self.now))
      }
    }
  }

  private func counts() throws -> StoredCounts { try installation.store.read { try $0.storedCounts() } }

  private func number(of name: String) -> Int { installation.names.count { $0 == name } }

  @Test("What is there is counted, what is not is delivered again, and what came from sync is not asked for")
  func missing() throws {
    let (kept, lost, synced) = (author.event(kind: 1, content: "a"), author.event(kind: 1, content: "b"), author.event(kind: 1, content: "c"))
    try accept([kept, lost])
    try accept([synced], source: .sync)
    try relay.hold([kept])
    let worker = try worker()
    installation.advance(seconds: 29)
    #expect(worker.runOnce() == DeliveryPass())
    #expect(relay.questions.isEmpty)
    installation.advance(seconds: 1)
    let pass = worker.runOnce()
    #expect(pass.confirmed == 1 && pass.redelivered == 1 && pass.delivered == 1)
    #expect(sink.lines == [lost.raw])
    #expect(relay.wasAsked(for: kept) && relay.wasAsked(for: lost) && !relay.wasAsked(for: synced))
    let counts = try counts()
    #expect(counts.lookedUpTo == 3 && counts.confirmed == 1 && counts.redelivered == 1)
    #expect(number(of: "delivery.missing") == 1)
    #expect(worker.runOnce() == DeliveryPass())
    #expect(relay.questions.count == 1)
  }

  @Test("While the lookup fails nothing is taken for missing nor for there, which is said once; when it answers again it goes on from where it was")
  func failing() throws {
    let (kept, lost) = (author.event(kind: 1, content: "a"), author.event(kind: 1, content: "b"))
    try accept([kept, lost])
    try relay.hold([kept])
    try relay.fail(true)
    installation.advance(seconds: 30)
    let worker = try worker()
    for minute in 1...3 {
      // Not asked in every pass.
      for _ in 0..<2 {
        let pass = worker.runOnce()
        #expect(pass.confirmed == 0 && pass.redelivered == 0)
      }
      #expect(relay.questions.count == minute)
      installation.advance(seconds: 60)
    }
    #expect(try counts() == StoredCounts())
    #expect(sink.batches.isEmpty)
    #expect(installation.names == ["delivery.fault"])
    try relay.fail(false)
    #expect(worker.runOnce().redelivered == 1)
    #expect(try counts().lookedUpTo == 2)
    #expect(sink.lines == [lost.raw])
  }

  /// Why the relay need not have an event any more, and what looks like that and is not.
  enum Fate: CaseIterable {
    case expired, expiresLater
    case replaced, newest
    case deleted, namedByStranger
    case deletedByAddress, newerThanDeletion

    var isGone: Bool { [.expired, .replaced, .deleted, .deletedByAddress].contains(self) }
  }

  /// - Parameter seconds: after so many it expires, if it does; the other one when all is over.
  private func event(_ fate: Fate, expiresBehind seconds: UInt64 = 30) -> Event {
    switch fate {
    case .expired: author.event(kind: 1, tags: [["expiration", "\(Self.now + seconds)"]])
    case .expiresLater: author.event(kind: 1, tags: [["expiration", "\(Self.now + 1000)"]])
    case .deleted, .namedByStranger: author.event(kind: 1)
    case .replaced, .newest, .deletedByAddress, .newerThanDeletion: author.event(kind: 30904, createdAt: 100, tags: [["d", "CF-1"]])
    }
  }

  /// What the state knows then.
  private func meet(_ fate: Fate, _ event: Event) throws {
    let (deletion, newer) = (TestKey("any").event(kind: 5), author.event(kind: 30904, createdAt: 101, tags: [["d", "CF-1"]]))
    try installation.store.write { state throws in
      if let address = event.address, fate != .replaced { try state.setHead(of: address, AddressHead(createdAt: event.createdAt, id: event.id)) }
      switch fate {
      case .expired, .expiresLater, .newest: break
      case .replaced: try state.setHead(of: try #require(event.address), AddressHead(createdAt: newer.createdAt, id: newer.id))
      case .deleted: try state.note(deletion: deletion.id, of: event.id, by: author.pubkey)
      case .namedByStranger: try state.note(deletion: deletion.id, of: event.id, by: TestKey("any").pubkey)
      case .deletedByAddress: try state.note(deletion: deletion.id, of: try #require(event.address), at: event.createdAt)
      case .newerThanDeletion: try state.note(deletion: deletion.id, of: try #require(event.address), at: event.createdAt - 1)
      }
    }
  }

  @Test("What expired, was replaced or deleted is not looked up; what only looks like that is", arguments: Fate.allCases, [false, true])
  func gone(fate: Fate, isKnownFirst: Bool) throws {
    let event = event(fate)
    if isKnownFirst { try meet(fate, event) }
    try accept([event])
    if !isKnownFirst { try meet(fate, event) }
    installation.advance(seconds: 30)
    let pass = try worker().runOnce()
    #expect(pass.redelivered == (fate.isGone ? 0 : 1))
    #expect(relay.wasAsked(for: event) == !fate.isGone)
    #expect(sink.lines == (fate.isGone ? [] : [event.raw]))
    #expect(try counts().lookedUpTo == 1)
  }

  @Test("What waits to be delivered again, and expires, is replaced or deleted meanwhile, is not sent", arguments: Fate.allCases)
  func goneMeanwhile(fate: Fate) throws {
    let event = event(fate, expiresBehind: 31)
    try accept([event])
    sink.answer = { _ in .retry("away") }
    let worker = try worker()
    installation.advance(seconds: 30)
    #expect(worker.runOnce().redelivered == 1)
    #expect(sink.batches.count == 1)
    try meet(fate, event)
    sink.answer = { _ in .delivered }
    installation.advance(seconds: 600)
    #expect(worker.runOnce().delivered == (fate.isGone ? 0 : 1))
    #expect(sink.batches.count == (fate.isGone ? 1 : 2))
    #expect(try installation.row(event.id).state == .delivered)
  }

  @Test("An archive is not sent where another node's of the same event is known, and is where it is the only one", arguments: [true, false])
  func archives(hasAnothers: Bool) throws {
    let dropped = author.event(kind: 7)
    let archive = try UnsignedEvent(
      pubkey: Installation.node.pubkey, createdAt: Self.now, kind: 16, tags: [["e", dropped.id.hex]],
      content: String(decoding: dropped.raw, as: UTF8.self))
    try installation.store.write { state throws in
      try state.note(archive: .ours, of: dropped.id)
      if hasAnothers { try state.note(archive: .another, of: dropped.id) }
      let followUp = FollowUpEvent(name: .archive, subject: dropped.id.bytes, trigger: dropped.id, body: .unsigned(archive))
      try state.enqueue(.event(followUp), at: Self.now)
    }
    _ = try worker().runOnce()
    #expect(sink.lines.count == (hasAnothers ? 0 : 1))
    #expect(try installation.row(archive.id).state == .delivered)
  }

  @Test("A released event that was replaced or deleted while it waited is not sent; one that was not is", arguments: Fate.allCases)
  func released(fate: Fate) throws {
    let event = event(fate)
    try meet(fate, event)
    try installation.store.write { state throws in
      let body = FollowUpEvent.Body.signed(raw: event.raw, id: event.id, kind: event.kind)
      try state.enqueue(.event(FollowUpEvent(name: .parkedEvent, subject: event.id.bytes, trigger: event.id, body: body)), at: Self.now)
    }
    installation.advance(seconds: 30)
    _ = try worker().runOnce()
    #expect(sink.lines == (fate.isGone ? [] : [event.raw]))
    #expect(try installation.row(event.id).state == .delivered)
  }

  @Test("The archive that carried a released event is sent, though what it carries was replaced")
  func releasedArchive() throws {
    let inner = event(.replaced)
    try meet(.replaced, inner)
    let outer = TestKey("other node").event(kind: 16, tags: [["e", inner.id.hex]], content: String(decoding: inner.raw, as: UTF8.self))
    try installation.store.write { state throws in
      let body = FollowUpEvent.Body.signed(raw: outer.raw, id: outer.id, kind: outer.kind)
      try state.enqueue(.event(FollowUpEvent(name: .parkedEvent, subject: outer.id.bytes, trigger: inner.id, body: body)), at: Self.now)
    }
    _ = try worker().runOnce()
    #expect(sink.lines == [outer.raw])
  }

  @Test("A worker whose state is empty asks once whether the relay has a past, and says so where it has", arguments: [true, false])
  func past(hasPast: Bool) throws {
    try relay.hold(hasPast ? [author.event(kind: 7001)] : [])
    for _ in 0..<2 {
      let worker = try worker()
      for _ in 0..<2 { #expect(worker.runOnce() == DeliveryPass()) }
    }
    #expect(relay.questions.count == 1)
    #expect(number(of: "state.relay-has-past") == (hasPast ? 1 : 0))
  }

  @Test("A state that is not empty asks nothing about the relay's past")
  func noPast() throws {
    try relay.hold([author.event(kind: 7001)])
    try accept([author.event(kind: 7001)], source: .sync)
    #expect(try worker().runOnce() == DeliveryPass())
    #expect(relay.questions.isEmpty && installation.names.isEmpty)
  }

  @Test("An empty state whose relay could not be asked about its past asks again, until it is told")
  func pastUnknown() throws {
    try relay.fail(true)
    let worker = try worker()
    for _ in 0..<2 { #expect(worker.runOnce() == DeliveryPass()) }
    #expect(relay.questions.count == 1)
    installation.advance(seconds: 60)
    #expect(worker.runOnce() == DeliveryPass())
    #expect(relay.questions.count == 2)
    #expect(installation.names.isEmpty)
    try relay.fail(false)
    try relay.hold([author.event(kind: 7001)])
    installation.advance(seconds: 60)
    for _ in 0..<2 { #expect(worker.runOnce() == DeliveryPass()) }
    #expect(relay.questions.count == 3)
    #expect(installation.names == ["state.relay-has-past"])
  }
}
