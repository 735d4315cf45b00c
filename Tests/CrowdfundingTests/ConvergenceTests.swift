// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Foundation
import Ledger
import Nostr
import Policy
import StateStore
import TestSupport
import Testing

@Suite("Convergence")
struct ConvergenceTests {
  /// The same ones in every run. `scripts/histories` tries others: COMMONSGUARD_HISTORIES says how many, COMMONSGUARD_SEED from which seed on.
  static let histories = ProcessInfo.processInfo.environment["COMMONSGUARD_HISTORIES"].flatMap(Int.init) ?? 12
  static let firstSeed = ProcessInfo.processInfo.environment["COMMONSGUARD_SEED"].flatMap(UInt64.init) ?? 1

  /// Few voters and little money are enough, so that random histories reach both.
  static let options = Relay.options(node: nil) {
    $0.assetsVoteThreshold = Amount(hundredths: 1500)
    $0.assetsVoteQuorum = 2
    $0.followUps.nodes = Set(History.nodes.map(\.pubkey))
  }
  /// The same for a node that publishes what it decides.
  static let publishing = Relay.options {
    $0 = options
    $0.followUps.nodeKey = Relay.node.pubkey
  }

  @Test("the same accepted events give the same digest, the same votes and the right totals in any order")
  func anyOrder() throws {
    for number in 0..<Self.histories { try check(Self.firstSeed &+ UInt64(number), isMixed: false) }
  }

  @Test("what was accepted partly live gives the same digest when it all comes from sync, in any order")
  func fromLive() throws {
    for number in 0..<Self.histories { try check(Self.firstSeed &+ UInt64(number), isMixed: true) }
  }

  @Test(
    "an event that names a replaced version and something stronger or weaker means the same whichever comes first",
    arguments: ["crowdfunding", "vote-assets"])
  func replacedVersion(topic: String) throws {
    let address = "30904:\(Sample.captain.hex):crowdfund-48.85-2.35-jardin-CF-TEST-1"
    let replaced = ["e", String(repeating: "ab", count: 32)]
    let references = [[replaced, ["p", Sample.bien.hex]], [replaced, ["a", address]], [["project-id", "CF-TEST-1"], replaced]]
    let reactions = zip(references, ["+5", "+7", "+9"]).map { tags, amount in
      TestKey(amount).event(kind: 7, createdAt: Sample.start + 10, tags: [["t", topic]] + tags, content: amount)
    }
    let newest = Sample.campaign(status: topic == "crowdfunding" ? "crowdfunding" : "vote_pending")
    var digests: Set<String> = []
    for order in [[newest] + reactions, reactions + [newest], [reactions[1], newest, reactions[2], reactions[0]]] {
      let relay = try Relay()
      for event in order { try relay.settle(event) }
      // What names the replaced version first of all waits for it; the others count.
      #expect(try relay.parkedCount() == 1)
      #expect(try relay.campaign()?.record.vote.total.hundredths == (topic == "crowdfunding" ? 0 : 1600))
      #expect(try relay.collected() == (topic == "crowdfunding" ? 1600 : 0))
      digests.insert(try relay.digest())
    }
    #expect(digests.count == 1)
  }

  @Test("who contributed and is bound as the Bien later did not pay itself: in either order it counts nothing")
  func becameBien() throws {
    func campaign(at seconds: UInt64, names bien: TestKey?) -> Event {
      Sample.campaign(status: "crowdfunding", at: seconds) {
        $0.removeAll { $0.last == "bien" || $0.first == "i" }
        if let bien { $0.append(["p", bien.hex, "", "bien"]) }
      }
    }
    let giver = TestKey("giver")
    let first = campaign(at: 0, names: nil)
    let binding = campaign(at: 200, names: giver)
    let gift = Sample.contribution(by: giver)
    let relay = try Relay()
    for event in [first, gift, binding] { #expect(try relay.settle(event) == Relay.accept) }
    let other = try Relay()
    for event in [first, binding] { #expect(try other.settle(event) == Relay.accept) }
    #expect(try other.settle(gift) == "invalid: self contribution")
    #expect(try other.digest() == relay.digest())
  }

  /// Judges a history in its own order, and then what was accepted in 20 others.
  ///
  /// - Parameter isMixed: some of its events come live the first time.
  private func check(_ seed: UInt64, isMixed: Bool) throws {
    let comment = Comment(rawValue: "seed \(seed): COMMONSGUARD_SEED=\(seed) repeats it")
    let history = History(seed: seed)
    var random = SplitMix64(seed: seed ^ 0x5eed)
    let first = try Relay(isMixed ? Self.publishing : Self.options)
    for entry in history.entries {
      if isMixed, Bool.random(using: &random) { try first.live(entry.event, at: entry.receivedAt) }
      try first.settle(entry.event, at: entry.receivedAt)
    }
    let accepted = try history.entries.indices.filter { index in
      try first.store.read { try $0.known(history.entries[index].event.id) != nil }
    }
    let digest = try first.digest()
    let outcomes = try first.outcomes()
    // What the first one decided live others learn from its labels.
    let published = try first.published().map { History.Entry(event: $0, receivedAt: $0.createdAt + 5000, after: []) }
    let events = accepted.map { history.entries[$0].event } + published.map(\.event)
    let model = ReferenceModel(events, threshold: 1500, quorum: 2)
    if !isMixed { try expectFold(model, history, first, comment) }
    try expectTotals(history, first, comment)
    let places = Dictionary(uniqueKeysWithValues: accepted.enumerated().map { ($1, $0) })
    let constraints = accepted.map { history.entries[$0].after.compactMap { places[$0] } } + published.map(\.after)
    let entries = accepted.map { history.entries[$0] } + published
    for _ in 0..<20 {
      let other = try Relay(Self.options)
      for place in History.order(constraints, using: &random) {
        try other.settle(entries[place].event, at: entries[place].receivedAt)
      }
      #expect(try other.digest() == digest, comment)
      if !isMixed { #expect(try other.outcomes() == outcomes, comment) }
      try expectFold(model, history, other, comment)
      try expectTotals(history, other, comment)
    }
    try expectRebuilt(first, digest, comment)
  }

  private func expectFold(_ model: ReferenceModel, _ history: History, _ relay: Relay, _ comment: Comment) throws {
    for (project, campaign) in model.campaigns where !history.contested.contains(project) {
      guard let agreed = try relay.agreed(project) else { continue }
      #expect(agreed.vote.total.hundredths == campaign.total, comment)
      #expect(agreed.vote.voters == campaign.voters, comment)
      #expect(agreed.vote.isApproved == campaign.isApproved, comment)
      #expect((agreed.status == nil) == campaign.isDeleted, comment)
      // The sums that are kept are those of the fold.
      #expect(try relay.campaign(project)?.record.vote.total.hundredths == campaign.total, comment)
    }
  }

  /// Whatever was accepted is collected, once.
  private func expectTotals(_ history: History, _ relay: Relay, _ comment: Comment) throws {
    var sums: [String: UInt64] = [:]
    for entry in history.entries where entry.event.kind == 7 && ReferenceModel.value("t", entry.event) == "crowdfunding" {
      guard try relay.store.read({ try $0.known(entry.event.id) }) != nil else { continue }
      let goal = ReferenceModel.value("target", entry.event) ?? "ZEN_CONVERTIBLE"
      sums[(ReferenceModel.value("project-id", entry.event) ?? "") + goal, default: 0] += (UInt64(entry.event.content.string.dropFirst()) ?? 0) * 100
    }
    let projects = Set(history.entries.compactMap { ReferenceModel.value("project-id", $0.event) })
    for project in projects {
      for figures in try relay.campaign(project)?.goals ?? [] {
        #expect(figures.collected.hundredths == sums[project + figures.goal.type.name] ?? 0, comment)
      }
    }
    #expect(try relay.store.read { try Ledger.audit(reading: $0) }.isEmpty, comment)
  }

  /// The journal, judged again row by row, gives the same state.
  private func expectRebuilt(_ relay: Relay, _ digest: String, _ comment: Comment) throws {
    let rebuilt = try Relay(relay.options)
    var rows: [JournalRow] = []
    try relay.store.read { state in
      try state.journal { row in
        rows.append(row)
        return true
      }
    }
    for row in rows {
      guard case .event(let raw, _, let source, _) = row.content else { continue }
      let circumstances = Circumstances(receivedAt: row.receivedAt, source: source, isRejudged: true)
      #expect(Relay.text(rebuilt.judge.judge(raw: raw, in: circumstances).decision) == Relay.accept, comment)
    }
    #expect(try rebuilt.digest() == digest, comment)
    // And what holds here, whatever other relays make of the same events.
    #expect(try rebuilt.records() == relay.records(), comment)
    #expect(try rebuilt.journalCount() == rows.count, comment)
  }
}
