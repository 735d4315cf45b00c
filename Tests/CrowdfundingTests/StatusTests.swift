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

  @Test("C13: from sync a version that does not fit those of its own past is kept, and is not in force")
  func past() throws {
    let relay = try Relay()
    try relay.sync(version("draft", at: 0))
    try relay.sync(version("completed", at: 100))
    #expect(try relay.sync(version("crowdfunding", at: 200)) == Relay.accept)
    #expect(try relay.campaign()?.record.head?.terms.status == .completed)
    #expect(try relay.sync(version("crowdfunding", at: 50)) == Relay.accept)
    #expect(try relay.campaign()?.record.head?.terms.status == .completed)
    #expect(try relay.sync(Sample.contribution(at: 60) { $0.append(["target", "ZEN_CONVERTIBLE"]) }) == "invalid: this campaign has no such goal")
    #expect(try relay.parkedCount() == 1)
  }

  @Test("C13: for ZEN_COMMONS what the commons owners give counts with what is collected")
  func commons() throws {
    let owners = [["owner", Sample.stranger.hex, "commons", "600.5", "ZEN"], ["owner", Sample.cell.hex, "commons", "99.5", "ZEN"]]
    func campaign(_ status: String, at seconds: UInt64, goal: String) -> Event {
      version(status, at: seconds) { $0 = $0.filter { $0.first != "owner" } + owners + [["goal", "ZEN_COMMONS", goal]] }
    }
    let relay = try Relay()
    try relay.live(campaign("crowdfunding", at: 0, goal: "1000"))
    #expect(try relay.live(campaign("funded", at: 1, goal: "1000")) == "invalid: goal ZEN_COMMONS not reached (700/1000)")
    #expect(try relay.live(Sample.contribution("+300") { $0.append(["target", "ZEN_COMMONS"]) }) == Relay.accept)
    #expect(try relay.campaign()?.status == .funded)
    #expect(try relay.live(campaign("funded", at: 200, goal: "1000")) == Relay.accept)
    let rich = try Relay()
    try rich.live(campaign("crowdfunding", at: 0, goal: "700"))
    #expect(try rich.campaign()?.status == .funded)
    #expect(try rich.live(campaign("funded", at: 1, goal: "700")) == Relay.accept)
  }

  @Test("C13: an optional goal need not be reached, and is not needed for the campaign to be funded")
  func optional() throws {
    func campaign(_ status: String, at seconds: UInt64, mark: String) -> Event {
      version(status, at: seconds) { $0 += [["goal", "ZEN_CONVERTIBLE", "10"], ["goal", "G1", "5", "0", mark]] }
    }
    for (mark, isOptional) in [("optional", true), ("", false), ("OPTIONAL", false)] {
      let relay = try Relay()
      try relay.live(campaign("crowdfunding", at: 0, mark: mark))
      #expect(try relay.live(campaign("funded", at: 1, mark: mark)) == "invalid: goal ZEN_CONVERTIBLE not reached (0/10)")
      try relay.live(Sample.contribution("+10"))
      #expect(try relay.campaign()?.status == (isOptional ? .funded : .crowdfunding))
      #expect(try relay.live(campaign("funded", at: 200, mark: mark)) == (isOptional ? Relay.accept : "invalid: goal G1 not reached (0/5)"))
    }
    let relay = try Relay()
    try relay.live(campaign("crowdfunding", at: 0, mark: ""))
    #expect(try relay.live(campaign("crowdfunding", at: 1, mark: "optional")) == "invalid: goals are fixed once the campaign runs")
  }

  @Test("C14: once a vote was cast goals, wallets and owners are fixed, live; a vote taken back was never cast; targets may rise")
  func votedTerms() throws {
    let changes: [(String, (inout [[String]]) -> Void)] = [
      ("goals", { $0.set(["goal", "ZEN_CONVERTIBLE", "999"]) }), ("wallets", { $0.append(["wallet", "ASSETS", Sample.wallet]) }),
      ("owners", { $0.set(["owner", Sample.stranger.hex, "cash", "10000", "EUR"]) }),
    ]
    for (what, change) in changes {
      let relay = try Relay()
      try relay.live(version("vote_pending", at: 0, goals: true))
      let vote = Sample.vote()
      try relay.live(vote)
      let changed = version("vote_pending", at: 200, goals: true, change: change)
      #expect(try relay.live(changed) == "invalid: \(what) are fixed once votes are cast")
      let raised = version("vote_pending", at: 201, goals: true) { $0.set(["goal", "ZEN_CONVERTIBLE", "1001"]) }
      #expect(try relay.live(raised) == Relay.accept)
      #expect(try relay.sync(version("vote_pending", at: 202, goals: true, change: change)) == Relay.accept)
      try relay.live(Sample.deletion(of: [vote], at: 210, by: TestKey("voter")))
      #expect(try relay.live(version("vote_pending", at: 220, goals: true, change: change)) == Relay.accept)
    }
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
