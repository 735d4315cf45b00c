// SPDX-License-Identifier: AGPL-3.0-or-later
import Judgement
import Nostr
import Policy
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
}

/// Owns kind 5: a second event waits for a first one, and its author is on no list.
private struct ListedSecond: Validator {
  private static let table = Table(.economy, 0, "firsts")
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
    guard circumstances.isRejudged, !circumstances.isBare else { throw Rejection.blocked("not on the list") }
    return .accepted(Effects(changes: [.put(Self.table, key: [2], value: [1])]))
  }
}
