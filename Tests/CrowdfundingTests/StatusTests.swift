// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Nostr
import Policy
import TestSupport
import Testing

@Suite("How a campaign goes on")
struct StatusTests {
  static let statuses = ["draft", "vote_pending", "crowdfunding", "funded", "completed", "cancelled"]
  /// What a live campaign without goals may do; the vote of none is approved.
  static let allowed: [String: Set<String>] = [
    "draft": ["funded", "vote_pending", "crowdfunding", "cancelled"], "vote_pending": ["crowdfunding", "cancelled"],
    "crowdfunding": ["funded", "cancelled"], "funded": ["completed", "cancelled"], "completed": [], "cancelled": [],
  ]
  static let paths: [String: [String]] = [
    "draft": ["draft"], "vote_pending": ["vote_pending"], "crowdfunding": ["crowdfunding"], "funded": ["draft", "funded"],
    "completed": ["draft", "funded", "completed"], "cancelled": ["draft", "cancelled"],
  ]

  private func version(_ status: String, at seconds: UInt64, goals: Bool = false, change: (inout [[String]]) -> Void = { _ in }) -> Event {
    Sample.campaign(status: status, at: seconds) {
      if !goals { $0.remove("goal") }
      change(&$0)
    }
  }

  @Test("C13: live, a status goes where the spec lets it go, and nowhere else", arguments: statuses)
  func moves(from: String) throws {
    for to in Self.statuses where to != from {
      let relay = try Relay()
      for (index, step) in (Self.paths[from] ?? []).enumerated() {
        #expect(try relay.live(version(step, at: UInt64(index))) == Relay.accept)
      }
      let answer =
        Self.allowed[from]?.contains(to) == true
        ? Relay.accept
        : from == "vote_pending" && to == "funded" ? "invalid: the vote is not approved" : "invalid: status cannot go from \(from) to \(to)"
      #expect(try relay.live(version(to, at: 10)) == answer)
    }
  }

  @Test("C13: funded has to be borne out by the ledger")
  func goals() throws {
    let relay = try Relay()
    try relay.live(version("draft", at: 0, goals: true))
    #expect(try relay.live(version("funded", at: 1, goals: true)) == "invalid: goal ZEN_CONVERTIBLE not reached (0/1000)")
    try relay.live(version("crowdfunding", at: 2, goals: true))
    try relay.live(Sample.contribution("+320"))
    #expect(try relay.live(version("funded", at: 200, goals: true)) == "invalid: goal ZEN_CONVERTIBLE not reached (320/1000)")
    try relay.live(Sample.contribution("+680", by: Sample.cell))
    #expect(try relay.live(version("funded", at: 200, goals: true)) == Relay.accept)
    #expect(try relay.live(version("completed", at: 201, goals: true)) == Relay.accept)
  }

  @Test("C13: funded by an approved vote")
  func vote() throws {
    let relay = try Relay(
      Relay.options {
        $0.assetsVoteThreshold = Amount(hundredths: 100)
        $0.assetsVoteQuorum = 1
      })
    try relay.live(version("vote_pending", at: 0))
    #expect(try relay.live(version("funded", at: 200)) == "invalid: the vote is not approved")
    try relay.live(Sample.vote("+1"))
    #expect(try relay.live(version("funded", at: 200)) == Relay.accept)
  }

  @Test("C13: from sync a claim that the ledger does not bear out is accepted, and shown as such")
  func claims() throws {
    let relay = try Relay()
    try relay.sync(version("crowdfunding", at: 0, goals: true))
    #expect(try relay.sync(version("funded", at: 10, goals: true)) == Relay.accept)
    let view = try relay.campaign()
    #expect(view?.status == .crowdfunding)
    #expect(view?.claimedStatus == .funded)
    #expect(try relay.live(Sample.contribution()) == Relay.accept)
    #expect(try relay.sync(version("completed", at: 20, goals: true)) == Relay.accept)
    #expect(try relay.campaign()?.claimedStatus == .completed)
    #expect(try relay.live(Sample.contribution(by: Sample.cell)) == "blocked: campaign not active (completed)")
  }

  @Test("C13: from sync a version is judged against those of its own past")
  func past() throws {
    let relay = try Relay()
    try relay.sync(version("draft", at: 0))
    try relay.sync(version("completed", at: 100))
    #expect(try relay.sync(version("crowdfunding", at: 200)) == "invalid: status cannot go from completed to crowdfunding")
    #expect(try relay.sync(version("crowdfunding", at: 50)) == Relay.accept)
    #expect(try relay.campaign()?.record.head?.terms.status == .completed)
    #expect(try relay.sync(Sample.contribution(at: 60) { $0.append(["target", "ZEN_CONVERTIBLE"]) }) == "invalid: this campaign has no such goal")
  }

  @Test("C14: while it runs goals, wallets and owners are fixed, but targets may rise")
  func terms() throws {
    let relay = try Relay()
    try relay.live(version("draft", at: 0, goals: true))
    #expect(try relay.live(version("draft", at: 1, goals: true) { $0.set(["goal", "ZEN_CONVERTIBLE", "900"]) }) == Relay.accept)
    #expect(try relay.live(version("crowdfunding", at: 2, goals: true)) == Relay.accept)
    #expect(try relay.live(version("crowdfunding", at: 3, goals: true) { $0.set(["goal", "ZEN_CONVERTIBLE", "1001"]) }) == Relay.accept)
    let refused: [(String, (inout [[String]]) -> Void)] = [
      ("goals", { $0.set(["goal", "ZEN_CONVERTIBLE", "1000"]) }), ("goals", { $0 += [["goal", "G1", "5"]] }),
      ("wallets", { $0 += [["wallet", "ASSETS", Sample.wallet]] }), ("owners", { $0.set(["owner", Sample.stranger.hex, "cash", "5", "EUR"]) }),
    ]
    for (what, change) in refused {
      let event = version("crowdfunding", at: 4, goals: true) {
        $0.set(["goal", "ZEN_CONVERTIBLE", "1001"])
        change(&$0)
      }
      #expect(try relay.live(event) == "invalid: \(what) are fixed once the campaign runs")
    }
  }

  @Test("Convergence: what was live in its time is not lost because it came later")
  func late() throws {
    let relay = try Relay()
    try relay.sync(version("crowdfunding", at: 0, goals: true))
    try relay.sync(version("cancelled", at: 200, goals: true))
    #expect(try relay.live(Sample.contribution(at: 100)) == "blocked: campaign not active (cancelled)")
    #expect(try relay.sync(Sample.contribution(at: 100)) == Relay.accept)
    #expect(try relay.sync(Sample.contribution(at: 300)) == "blocked: campaign not active (cancelled)")
    #expect(try relay.collected() == 500)
  }
}
