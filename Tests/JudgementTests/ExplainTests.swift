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
    #expect(unknown.passed.first == "K2")
    #expect(unknown.failed == "K4" && !unknown.passed.contains("K4"))
    #expect(Bench.text(unknown.decision) == "error: project not found")
    let created = try bench.judge.explain(raw: Bench.campaign().raw, in: circumstances)
    #expect(created.passed.first == "C0" && created.failed == nil)
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

  @Test("a known event blames no check: it was judged when it came")
  func known() throws {
    let bench = try Bench()
    let newer = Bench.campaign(at: 1_700_000_001)
    for event in [Bench.campaign(), newer] { #expect(bench.send(event) == "accept") }
    let superseded = try bench.judge.explain(raw: Bench.campaign().raw, in: circumstances)
    #expect(superseded.isKnown && superseded.failed == nil && superseded.passed.isEmpty)
    #expect(Bench.text(superseded.decision) == "duplicate: superseded by \(newer.id.short)")
    let again = try bench.judge.explain(raw: newer.raw, in: circumstances)
    #expect(again.isKnown && again.decision == .accept && again.passed.isEmpty)
  }

  @Test("a refusal that no numbered check gave names none: a campaign that its author deleted before it came")
  func noCheck() throws {
    let bench = try Bench()
    let deletion = TestKey("captain").event(
      kind: 5, createdAt: 1_700_000_010, tags: [["e", Bench.campaign().id.hex], ["k", "30904"]])
    #expect(bench.send(deletion) == "accept")
    let deleted = try bench.judge.explain(raw: Bench.campaign().raw, in: circumstances)
    #expect(Bench.text(deleted.decision) == "blocked: deleted by its author")
    #expect(deleted.failed == nil && deleted.passed.contains("C10"))
  }
}
