// SPDX-License-Identifier: AGPL-3.0-or-later
import Judgement
import Nostr
import Policy
import StateStore
import TestSupport
import Testing

@Suite("A parked event whose past has come")
struct ReleasedTests {
  private let first = TestKey("a").event(kind: 5, tags: [], content: "first")
  private let second = TestKey("a").event(kind: 5, tags: [], content: "second")

  /// What became of the second, which came too early, once the first was there.
  private func release(_ circumstances: Circumstances) throws -> (accepted: Int, refused: Int) {
    let bench = try Bench([ListedSecond()])
    #expect(bench.send(raw: second.raw, source: .sync) == "error: missing the first, parked")
    guard case .accept = bench.judge.judge(raw: first.raw, in: circumstances).decision else {
      Issue.record("the first was refused")
      return (0, 0)
    }
    return try bench.judge.judgeAllReleased(releasing: circumstances)
  }

  @Test("is not asked in a rebuild what a journal is not asked")
  func rebuild() throws {
    #expect(try release(Circumstances(receivedAt: 1_700_000_500, source: .import, isRejudged: true)) == (1, 0))
  }

  @Test("is asked everything elsewhere, and in a rebuild of events that nobody is known to have accepted")
  func elsewhere() throws {
    #expect(try release(Circumstances(receivedAt: 1_700_000_500, source: .import)) == (0, 1))
    #expect(try release(Circumstances(receivedAt: 1_700_000_500, source: .import, isRejudged: true, isBare: true)) == (0, 1))
  }

  private func parkedSecond(_ options: JudgeOptions = JudgeOptions()) throws -> Bench {
    let bench = try Bench([ListedSecond(isListed: true)], options: options)
    #expect(bench.send(raw: second.raw, source: .sync) == "error: missing the first, parked")
    #expect(bench.send(first) == "accept")
    return bench
  }

  @Test("and that comes again by itself before the worker ran is no longer parked, and not published again")
  func cameAgain() throws {
    let bench = try parkedSecond()
    #expect(bench.send(raw: second.raw, source: .sync) == "accept")
    #expect(try bench.store.read { try $0.parkedCount() } == 0)
    #expect(try bench.judge.judgeAllReleased() == (0, 0))
    #expect(try bench.store.read { try $0.outboxCounts().due } == 0)
  }

  @Test("is published, since the relay was answered with a refusal; not in a rebuild")
  func published() throws {
    let bench = try parkedSecond()
    #expect(try bench.judge.judgeAllReleased() == (1, 0))
    #expect(try bench.store.read { try $0.dueFollowUps(now: 1_700_000_500, limit: 9) }.map(\.id) == [second.id])
    let rebuild = try parkedSecond(JudgeOptions(writesFollowUps: false))
    #expect(try rebuild.judge.judgeAllReleased() == (1, 0))
    #expect(try rebuild.store.read { try $0.outboxCounts().due } == 0)
  }

  @Test("is answered without “, parked” where a limit forbids to keep it, and nothing is kept")
  func limited() throws {
    var limits = ParkingLimits.standard
    limits.events = 0
    let bench = try Bench([ListedSecond()], options: JudgeOptions(parking: limits))
    #expect(bench.send(raw: second.raw, source: .sync) == "error: missing the first")
    #expect(try bench.store.read { try $0.parkedCount() } == 0)
  }

  @Test("is judged again when a decision of the operator provides what it waits for")
  func decided() throws {
    let bench = try Bench([ListedSecond(isListed: true)])
    #expect(bench.send(raw: second.raw, source: .sync) == "error: missing the first, parked")
    try bench.judge.carryOut(OperatorDecision(domain: .economy, action: "first", subject: "", by: "ana", reason: "", at: 1_700_000_400))
    #expect(try bench.judge.judgeAllReleased() == (1, 0))
  }
}

/// Owns kind 5: a second event waits for a first one, and its author is on no list.
private struct ListedSecond: Validator {
  private static let table = Table(.economy, 0, "firsts")
  var isListed = false
  let domain = Domain.economy
  let tables = [table]

  func claim(on event: borrowing EventSlices) -> Claim { event.kind == 5 ? .owned : .none }
  func parse(_ event: VerifiedEvent, in circumstances: Circumstances, trace: CheckTrace?) throws -> Bool { event.content == "first" }
  func digest(reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {}

  func decide(_ isFirst: Bool, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable, trace: CheckTrace?) throws
    -> Verdict
  {
    let dependency = Dependency(domain, [1])
    if isFirst {
      var effects = Effects(changes: [.put(Self.table, key: [1], value: [1])])
      effects.provides = [dependency]
      return .accepted(effects)
    }
    guard try state.contains(Self.table, [1]) else { throw Parked(.error("missing the first"), waitingFor: dependency) }
    guard isListed || circumstances.isRecalled else { throw Rejection.blocked("not on the list") }
    return .accepted(Effects(changes: [.put(Self.table, key: [2], value: [1])]))
  }

  func decide(_ decision: OperatorDecision, reading state: borrowing some StateReader & ~Copyable) throws -> Effects {
    Effects(changes: [.put(Self.table, key: [1], value: [1])], provides: [Dependency(domain, [1])])
  }
}
