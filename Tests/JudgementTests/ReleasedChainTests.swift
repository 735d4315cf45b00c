// SPDX-License-Identifier: AGPL-3.0-or-later
import Judgement
import Nostr
import Policy
import StateStore
import TestSupport
import Testing

@Suite("What one event releases after another")
struct ReleasedChainTests {
  private static func chain(_ count: Int, broken: Int? = nil) -> [Event] {
    var links: [Event] = []
    for number in 0..<count {
      links.append(
        TestKey("a").event(kind: 7100, tags: links.last.map { [["e", $0.id.hex]] } ?? [], content: number == broken ? "broken" : "\(number)"))
    }
    return links
  }

  /// All links but the first wait, the newest came first; then the first comes.
  private func bench(_ links: [Event], _ options: JudgeOptions = JudgeOptions()) throws -> Bench {
    let bench = try Bench([Links()], options: options)
    for link in links.dropFirst().reversed() { #expect(bench.send(link, source: .sync) == "error: missing the link before, parked") }
    #expect(bench.send(links[0], source: .sync) == "accept")
    return bench
  }

  /// In how many commits what is released is judged.
  private func commits(_ bench: Bench, accepting count: Int) throws -> Int {
    let before = try bench.store.read { $0.newestCommit }
    #expect(try bench.judge.judgeAllReleased() == (count, 0))
    return try bench.store.read { $0.newestCommit } - before
  }

  @Test("is judged in one go, 64 in a commit, each published in its turn")
  func together() throws {
    var options = JudgeOptions()
    options.releasedFor = .seconds(600)
    let links = Self.chain(201)
    let bench = try bench(links, options)
    #expect(try commits(bench, accepting: 200) == 4)
    #expect(try bench.journalCount() == 201)
    #expect(try bench.store.read { try $0.parkedCount() } == 0)
    #expect(try bench.store.read { try $0.dueFollowUps(now: 1_700_000_500_000, limit: 300) }.map(\.id) == links.dropFirst().map(\.id))
    #expect(try bench.store.check() == [])
  }

  @Test("is judged one in a commit where there is no more time, and gives the same")
  func alone() throws {
    var options = JudgeOptions()
    options.releasedFor = .zero
    let links = Self.chain(20)
    let bench = try bench(links, options)
    #expect(try commits(bench, accepting: 19) == 19)
    let others = try self.bench(links)
    try others.judge.judgeAllReleased()
    #expect(try StateDigest.read(others.store, others.judge.registry) == StateDigest.read(bench.store, bench.judge.registry))
  }

  @Test("stops at a link that cannot be judged, which stays parked and released; what another chain releases goes on")
  func broken() throws {
    let links = Self.chain(40, broken: 20)
    let bench = try bench(links)
    var faults: Set<UInt64> = []
    var accepted = 0
    while let step = try bench.judge.judgeReleasedStep(without: faults) {
      accepted += step.accepted
      faults.formUnion(step.faults.map(\.event.sequence))
    }
    #expect(accepted == 19 && faults.count == 1)
    #expect(try bench.store.read { try $0.releasedEvents(limit: 9) }.map(\.id) == [links[20].id])
    #expect(try bench.store.read { try $0.parkedCount() } == 20)
    #expect(throws: Fault.self) { try bench.judge.judgeAllReleased() }
    #expect(try bench.store.check() == [])
  }

  @Test("is passed over by who comes second")
  func judgedElsewhere() throws {
    let bench = try bench(Self.chain(3))
    let other = try Judge(store: bench.store, registry: bench.judge.registry)
    #expect(try other.judgeAllReleased() == (2, 0))
    #expect(try bench.judge.judgeReleasedStep() == nil)
    #expect(try bench.journalCount() == 3)
  }

  // MARK: Archives

  /// One that waited with the archive that carried it.
  private func archived(_ event: Event, by archive: [UInt8], in bench: Bench, isKept: Bool = false) throws {
    let dependency = Dependency(.economy, event.tags.first(named: "e")?[1].flatMap { EventID(hex: $0) }?.bytes ?? [])
    let parked = ParkedEvent(
      id: event.id, pubkey: event.pubkey, createdAt: event.createdAt, raw: event.raw, outer: archive, receivedAt: 1_700_000_400, source: .sync,
      sourceInfo: nil)
    try bench.store.write { state in
      let isThere = try isKept ? state.keep(parked, until: [dependency]) : state.park(parked, waitingFor: dependency)
      #expect(isThere)
    }
  }

  @Test("is published as the archive that carried it, with the archive's id and kind; what was kept aside and what is refused is not published")
  func archive() throws {
    let links = Self.chain(2)
    let refused = TestKey("a").event(kind: 7100, tags: [["e", links[0].id.hex]], content: "refused")
    let kept = TestKey("a").event(kind: 7100, tags: [["e", links[0].id.hex]], content: "kept")
    let bench = try Bench([Links()])
    let archives = [links[1], refused, kept].map { event in
      TestKey("node").event(kind: 16, tags: [["e", event.id.hex]], content: String(decoding: event.raw, as: UTF8.self))
    }
    try archived(links[1], by: archives[0].raw, in: bench)
    try archived(refused, by: archives[1].raw, in: bench)
    try archived(kept, by: archives[2].raw, in: bench, isKept: true)
    #expect(bench.send(links[0], source: .sync) == "accept")
    #expect(try bench.judge.judgeAllReleased() == (2, 1))
    let due = try bench.store.read { try $0.dueFollowUps(now: 1_700_000_500_000, limit: 9) }
    #expect(due.map(\.id) == [archives[0].id] && due.first?.kind == 16)
    #expect(due.first?.body == .signed(raw: archives[0].raw) && due.first?.trigger == links[1].id)
    #expect(try bench.store.read { try $0.known(links[1].id) } != nil)
    #expect(try bench.store.read { try $0.known(archives[0].id) } == nil)
  }
}

/// Owns kind 7100: each event waits for the one that its `e` names.
private struct Links: Validator {
  let domain = Domain.economy
  let tables: [Table] = []

  func claim(on event: borrowing EventSlices) -> Claim { event.kind == 7100 ? .owned : .none }
  func parse(_ event: VerifiedEvent, in circumstances: Circumstances, trace: CheckTrace?) throws -> VerifiedEvent { event }
  func digest(reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {}

  func decide(
    _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable, trace: CheckTrace?
  ) throws -> Verdict {
    if let before = event.tags.first(named: "e")?[1].flatMap({ EventID(hex: $0) }), try state.known(before) == nil {
      throw Parked(.error("missing the link before"), waitingFor: Dependency(.economy, before.bytes))
    }
    if event.content == "broken" { throw Fault.invariant("a broken link") }
    if event.content == "refused" { throw Rejection.invalid("refused") }
    return .accepted(Effects(provides: [Dependency(.economy, event.id.bytes)]))
  }
}
