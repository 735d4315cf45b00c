// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Judgement
import Nostr
import Policy
import StateStore
import TestSupport
import Testing

@Suite("Decisions of the operator")
struct OperatorTests {
  private func decision(_ subject: String, action: String = "trust", domain: Domain = .crowdfunding) -> OperatorDecision {
    OperatorDecision(domain: domain, action: action, subject: subject, by: "ana", reason: "met them", at: 1_700_000_400)
  }

  @Test("a decision is journalled with who and why, and the journal judged again gives the same state")
  func replayed() throws {
    let bench = try Bench()
    bench.send(Bench.campaign())
    try bench.judge.carryOut(decision("CF-BENCH"))
    bench.send(Bench.contribution())
    var rows: [JournalRow] = []
    try bench.store.read { state in
      try state.journal { row in
        rows.append(row)
        return true
      }
    }
    #expect(rows.count == 3)
    let rebuilt = try Bench()
    for row in rows {
      switch row.content {
      case .decision(let found):
        #expect(found == decision("CF-BENCH"))
        try rebuilt.judge.carryOut(found)
      case .event(let raw, _, let source, _):
        let circumstances = Circumstances(receivedAt: row.receivedAt, source: source, isRejudged: true)
        #expect(rebuilt.judge.judge(raw: raw, in: circumstances).decision == .accept)
      }
    }
    let digest = try StateDigest.read(bench.store, bench.judge.registry)
    #expect(try StateDigest.read(rebuilt.store, rebuilt.judge.registry) == digest)
    func trust(_ bench: Bench) throws -> CampaignTrust? {
      try bench.store.read { try CampaignView.read(try #require(ProjectID("CF-BENCH")), reading: $0)?.record.trust }
    }
    #expect(try trust(rebuilt) == .operator)
    // It is this node's own: relays whose operators trust different campaigns have one digest all the same.
    let without = try Bench()
    without.send(Bench.campaign())
    without.send(Bench.contribution())
    #expect(try StateDigest.read(without.store, without.judge.registry) == digest)
    #expect(try trust(without) != .operator)
  }

  @Test("what cannot be decided is refused, and nothing is journalled")
  func refused() throws {
    let bench = try Bench()
    for decision in [decision("CF-NONE"), decision("nonsense"), decision("CF-NONE", action: "distrust"), decision("x", domain: .groups)] {
      #expect(throws: Rejection.self) { try bench.judge.carryOut(decision) }
    }
    #expect(try bench.journalCount() == 0)
  }
}
