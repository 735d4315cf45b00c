// SPDX-License-Identifier: AGPL-3.0-or-later
import Judgement
import Nostr
import Policy
import TestSupport
import Testing

@Suite("explain")
struct ExplainTests {
  private let circumstances = Circumstances(receivedAt: 1_700_000_500, source: .ip4)

  @Test("it names the checks that an event passed and the one that refused it, and changes nothing")
  func checks() throws {
    let bench = try Bench()
    let unknown = try bench.judge.explain(raw: Bench.contribution().raw, in: circumstances)
    #expect(unknown.claims == [.crowdfunding])
    #expect(unknown.checks.first == "K2")
    #expect(unknown.checks.last == "K4")
    #expect(Bench.text(unknown.decision) == "error: project not found")
    let created = try bench.judge.explain(raw: Bench.campaign().raw, in: circumstances)
    #expect(created.checks.first == "C0")
    #expect(created.decision == .accept)
    #expect(created.effects?.changes.isEmpty == false)
    #expect(try bench.journalCount() == 0)
  }

  @Test("it tells what is known, what would wait, and what nobody claims")
  func others() throws {
    let bench = try Bench()
    let waiting = try bench.judge.explain(raw: Bench.contribution().raw, in: Circumstances(receivedAt: 1_700_000_500, source: .sync))
    #expect(waiting.wouldPark)
    #expect(Bench.text(waiting.decision) == "error: missing campaign CF-BENCH, parked")
    #expect(try bench.store.read { try $0.parkedCount() } == 0)
    bench.send(Bench.campaign())
    #expect(try bench.judge.explain(raw: Bench.campaign().raw, in: circumstances).isKnown)
    #expect(try bench.judge.explain(raw: TestKey("a").event(kind: 1).raw, in: circumstances).claims.isEmpty)
    #expect(try bench.judge.explain(raw: Array("{}".utf8), in: circumstances).decision.isAccept == false)
  }
}
