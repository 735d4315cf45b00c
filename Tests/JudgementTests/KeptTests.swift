// SPDX-License-Identifier: AGPL-3.0-or-later
import Judgement
import Nostr
import Policy
import StateStore
import TestSupport
import Testing

@Suite("An event that is nobody's for now")
struct KeptTests {
  private let target = TestKey("a").event(kind: 7, content: "target")

  private func deletion(by author: String = "a", of target: Event? = nil) -> Event {
    TestKey(author).event(kind: 5, tags: [["e", (target ?? self.target).id.hex]])
  }

  private func journal(_ bench: Bench) throws -> [EventID] {
    var ids: [EventID] = []
    try bench.store.read { state in
      try state.journal { row in
        if case .event(_, let id, _, _) = row.content { ids.append(id) }
        return true
      }
    }
    return ids
  }

  private func kept(_ bench: Bench) throws -> Int { try bench.store.read { try $0.parkedCount() } }

  @Test("is accepted and kept aside, and is no part of the journal", arguments: [SourceType.ip4, .sync])
  func aside(_ source: SourceType) throws {
    let bench = try Bench([Summoner()])
    let judgement = bench.judge.judge(raw: deletion().raw, in: Circumstances(receivedAt: 1_700_000_500, source: source))
    #expect(judgement.decision == .accept)
    #expect(judgement.owner == nil)
    #expect(try journal(bench).isEmpty)
    #expect(try kept(bench) == 1)
    #expect(bench.send(deletion(), source: source) == "accept")
    #expect(try kept(bench) == 1)
    #expect(try bench.store.check() == [])
  }

  @Test("is journalled when what it waited for arrives, before it, as it came itself")
  func summoned() throws {
    let bench = try Bench([Summoner()])
    bench.send(deletion(), at: 1_700_000_123, source: .stream)
    #expect(bench.send(target) == "blocked: deleted by its author")
    #expect(bench.send(target, source: .sync) == "accept")
    #expect(try journal(bench) == [deletion().id, target.id])
    let row = try #require(try bench.store.read { try $0.journalRow(1) })
    #expect(row.receivedAt == 1_700_000_123)
    guard case .event(_, _, .stream, _) = row.content else { return #expect(Bool(false), "another source") }
    #expect(try kept(bench) == 0)
    #expect(try bench.judge.judgeAllReleased() == (0, 0))
    #expect(try bench.store.read { try $0.outboxCounts().due } == 0)
  }

  @Test("gives the same in the other order, and when the journal is judged again")
  func orders() throws {
    let early = try Bench([Summoner()])
    early.send(deletion(), source: .sync)
    early.send(target, source: .sync)
    let late = try Bench([Summoner()])
    late.send(target, source: .sync)
    late.send(deletion(), source: .sync)
    #expect(try Set(journal(early)) == Set(journal(late)))
    let digest = try StateDigest.read(early.store, early.judge.registry)
    #expect(try StateDigest.read(late.store, late.judge.registry) == digest)
    let rebuilt = try Bench([Summoner()])
    for event in [deletion(), target] {
      let judgement = rebuilt.judge.judge(raw: event.raw, in: Circumstances(receivedAt: 1_700_000_500, source: .sync, isRejudged: true))
      #expect(judgement.decision == .accept)
    }
    #expect(try journal(rebuilt) == [deletion().id, target.id])
    #expect(try StateDigest.read(rebuilt.store, rebuilt.judge.registry) == digest)
  }

  @Test("of another author is not summoned, nor by another event")
  func others() throws {
    let bench = try Bench([Summoner()])
    bench.send(deletion(by: "b"), source: .sync)
    bench.send(deletion(of: TestKey("a").event(kind: 7, content: "another")), source: .sync)
    #expect(bench.send(target) == "accept")
    #expect(try journal(bench) == [target.id])
    #expect(try kept(bench) == 2)
  }

  @Test("is summoned as well by what was parked, and is then released")
  func byReleased() throws {
    let bench = try Bench([Summoner()])
    let waiting = TestKey("a").event(kind: 7, content: "waits")
    bench.send(deletion(of: waiting), source: .sync)
    #expect(bench.send(waiting, source: .sync) == "error: missing the other, parked")
    #expect(bench.send(TestKey("a").event(kind: 7, content: "the other"), source: .sync) == "accept")
    #expect(try bench.judge.judgeAllReleased() == (1, 0))
    #expect(try journal(bench).contains(deletion(of: waiting).id))
    #expect(try kept(bench) == 0)
  }

  @Test("that waits for something to be provided is judged then, and not published: the relay has it")
  func released() throws {
    let bench = try Bench([Summoner()])
    let event = TestKey("a").event(kind: 5, content: "needs the other")
    #expect(bench.send(event, source: .sync) == "accept")
    #expect(try journal(bench).isEmpty)
    bench.send(TestKey("a").event(kind: 7, content: "the other"))
    #expect(try bench.judge.judgeAllReleased() == (1, 0))
    #expect(try journal(bench).last == event.id)
    #expect(try bench.store.read { try $0.outboxCounts().due } == 0)
  }

  @Test(
    "is not kept where what nobody claims is refused, where a limit is reached, or where the state cannot be written: it is accepted all the same")
  func notKept() throws {
    let strict = try Bench([Summoner()], options: JudgeOptions(rejectsUnclaimed: true))
    #expect(strict.send(deletion()).hasPrefix("blocked: "))
    #expect(try kept(strict) == 0)
    var limits = ParkingLimits.standard
    limits.events = 3
    let bench = try Bench([Summoner()], options: JudgeOptions(parking: limits))
    for author in ["a", "b", "c"] { #expect(bench.send(deletion(by: author)) == "accept") }
    #expect(try kept(bench) == 1)
    let failing = try Bench([Summoner()])
    failing.failure.code.store(5, ordering: .relaxed)  // EIO
    #expect(failing.send(deletion()) == "accept")
    failing.failure.code.store(0, ordering: .relaxed)
    #expect(try kept(failing) == 0)
    let full = try Bench([Summoner()], mapSizeMiB: 17)
    try full.fill(percent: 92)
    #expect(full.send(deletion()) == "accept")
    #expect(try kept(full) == 0)
  }

  @Test("is summoned with three others at most; the rest is judged by the worker, after what arrived")
  func many() throws {
    let bench = try Bench([Summoner()])
    let deletions = (1...20).map { TestKey("a").event(kind: 5, tags: [["e", target.id.hex]], content: "\($0)") }
    for deletion in deletions { #expect(bench.send(deletion, source: .sync) == "accept") }
    #expect(bench.send(target, source: .sync) == "accept")
    #expect(try journal(bench).count == 5)
    #expect(try journal(bench).last == target.id)
    #expect(try bench.judge.judgeAllReleased() == (16, 0))
    #expect(try Set(journal(bench)) == Set(deletions.map(\.id) + [target.id]))
    #expect(try kept(bench) == 0)
    #expect(try bench.store.check() == [])
    #expect(try bench.store.read { try $0.outboxCounts().due } == 0)
  }

  @Test("is summoned before older ones: the newest is the one that covers what arrives by its address")
  func newest() throws {
    let bench = try Bench([Summoner()])
    let deletions = (1...8).map { TestKey("a").event(kind: 5, createdAt: 1_699_999_000 + $0, tags: [["e", target.id.hex]]) }
    for deletion in deletions { bench.send(deletion, source: .sync) }
    bench.send(target, source: .sync)
    #expect(try Set(journal(bench).dropLast()) == Set(deletions.suffix(4).map(\.id)))
  }

  @Test("takes effect in the last tenth of the map too: it had its room before")
  func nearlyFull() throws {
    let bench = try Bench([Summoner(yieldsWhenFull: true)], mapSizeMiB: 17)
    bench.send(deletion())
    try bench.fill(percent: 92)
    #expect(bench.send(target) == "blocked: deleted by its author")
    #expect(try journal(bench) == [deletion().id])
  }

  @Test("passes when it is dated ahead, and is not kept; what is somebody's is refused")
  func future() throws {
    let bench = try Bench([Summoner(isDependent: true)])
    let ahead = TestKey("a").event(kind: 5, createdAt: 1_700_009_000, tags: [["e", target.id.hex]])
    #expect(bench.send(ahead) == "accept")
    #expect(try kept(bench) == 0)
    bench.send(target)
    #expect(bench.send(ahead) == "invalid: created_at is in the future")
  }

  @Test("is dropped after seven days, as what is parked")
  func expired() throws {
    let bench = try Bench([Summoner()])
    bench.send(deletion(), at: 1_700_000_000)
    bench.send(deletion(by: "b"), at: 1_700_000_001 + 7 * 86_400)
    #expect(try kept(bench) == 1)
    #expect(bench.send(target, at: 1_700_000_001 + 7 * 86_400) == "accept")
  }
}

/// Owns kind 7 and the deletions of it. A deletion whose target is unknown is kept; one event waits for another.
private struct Summoner: Validator {
  private static let table = Table(.economy, 0, "rows")
  let domain = Domain.economy
  let tables = [table]
  private static let other = Dependency(.economy, [1])
  /// What is accepted is refused in the last tenth of the map.
  var yieldsWhenFull = false
  /// Deletions are somebody's only if the state says so.
  var isDependent = false

  func owns(_ event: Event, reading state: borrowing some StateReader & ~Copyable) throws -> Bool { true }

  func claim(on event: borrowing EventSlices) -> Claim {
    switch event.kind {
    case 5: isDependent ? .dependsOnState : .owned
    case 7: .owned
    default: .none
    }
  }

  func parse(_ event: VerifiedEvent, in circumstances: Circumstances, trace: CheckTrace?) throws -> VerifiedEvent { event }

  func digest(reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {
    try state.scan(Self.table, prefix: []) { key, _ in
      feed(key)
      return true
    }
  }

  func decide(_ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable, trace: CheckTrace?)
    throws
    -> Verdict
  {
    if event.kind == 7 { return try decide(target: event, in: circumstances, reading: state) }
    guard let target = event.tags.first(named: "e")?[1].flatMap({ EventID(hex: $0) }) else {
      return try state.contains(Self.table, [1]) ? accepted(event, marking: event.id.bytes) : .kept(until: [Self.other])
    }
    if circumstances.isSummoned || circumstances.isRecalled { return accepted(event, marking: target.bytes) }
    guard try state.known(target) != nil else { return .kept(until: [.arrival(of: target, by: event.pubkey, in: domain)]) }
    return accepted(event, marking: target.bytes)
  }

  private func decide(target event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable) throws
    -> Verdict
  {
    if event.content == "the other" { return accepted(event, marking: [1], provides: [Self.other]) }
    if event.content == "waits", try !state.contains(Self.table, [1]) { throw Parked(.error("missing the other"), waitingFor: Self.other) }
    let isDeleted = try state.contains(Self.table, event.id.bytes)
    if isDeleted, circumstances.isLive { throw Rejection.blocked("deleted by its author") }
    return accepted(event, marking: [2] + event.id.bytes)
  }

  private func accepted(_ event: VerifiedEvent, marking key: [UInt8], provides: [Dependency] = []) -> Verdict {
    .accepted(Effects(changes: [.put(Self.table, key: key, value: [1])], provides: provides, yieldsWhenFull: yieldsWhenFull))
  }
}
