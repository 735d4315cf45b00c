// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Nostr
import Policy
import TestSupport
import Testing

@Suite("Rivals: untrusted campaigns for one project id")
struct RivalTests {
  static let listed = TestKey("listed captain")
  static let squatter = TestKey("squatter")
  static let otherCell = TestKey("other cell")

  private func relay() throws -> Relay { try Relay(Relay.options { $0.captains = [Self.listed.pubkey] }) }

  /// A campaign of somebody with a Bien of its own, or without any.
  static func campaign(
    at seconds: UInt64, by author: TestKey, bien: TestKey? = nil, cell: TestKey = otherCell, captain: TestKey? = nil, status: String = "crowdfunding",
    slug: String = "jardin", goal: String = "1000"
  ) -> Event {
    Sample.campaign(status: status, at: seconds, by: author) {
      $0.removeAll { $0.first == "p" || $0.first == "i" || $0.first == "d" || $0.first == "goal" }
      $0 += [["d", "crowdfund-48.85-2.35-\(slug)"], ["p", cell.hex, "", "umap"], ["goal", "ZEN_CONVERTIBLE", goal]]
      if let bien { $0.append(["p", bien.hex, "", "bien"]) }
      if let captain { $0.append(["captain", captain.hex]) }
    }
  }

  /// One of several campaigns with a Bien and its wallet.
  static func project(
    _ name: String, at seconds: UInt64, by author: TestKey, bien: TestKey? = Sample.bien, wallet: String? = Sample.wallet, goal: String = "1000",
    captain: TestKey? = nil
  ) -> Event {
    Sample.campaign(name, status: "crowdfunding", at: seconds, by: author) {
      $0.removeAll { $0.last == "bien" || $0.first == "i" || $0.first == "goal" }
      $0.append(["goal", "ZEN_CONVERTIBLE", goal])
      if let bien { $0.append(["p", bien.hex, "", "bien"]) }
      if let wallet { $0.append(["i", "g1pub:\(wallet)"]) }
      if let captain { $0.append(["captain", captain.hex]) }
    }
  }

  /// Every order of some things.
  static func orders<Element>(_ elements: [Element]) -> [[Element]] {
    guard !elements.isEmpty else { return [[]] }
    return elements.indices.flatMap { index in
      var rest = elements
      let first = rest.remove(at: index)
      return orders(rest).map { [first] + $0 }
    }
  }

  /// What people see of a relay's project.
  private struct Shown: Hashable {
    let digest: String
    let outcomes: String
    let captain: PublicKey?
    let head: EventID?
    let rivals: [EventID]
    let isDisputed: Bool
  }

  private func shown(_ events: [Event]) throws -> Shown {
    let relay = try relay()
    for event in events { try relay.settle(event) }
    // What was refused is offered again with every pull.
    for event in events { try relay.settle(event) }
    let view = try #require(try relay.campaign())
    #expect(try relay.store.read { try CrowdfundingState.disputedCount(reading: $0) } == (view.record.isDisputed ? 1 : 0))
    return Shown(
      digest: try relay.digest(), outcomes: try relay.outcomes(), captain: view.record.captain, head: view.record.head?.id,
      rivals: view.rivals.map(\.id), isDisputed: view.record.isDisputed)
  }

  /// What every order of some events shows.
  private func converge(_ events: [Event]) throws -> Shown {
    let all = Set(try Self.orders(events).map { try shown($0) })
    #expect(all.count == 1)
    return try #require(all.first)
  }

  @Test("any order of rivals, their updates and what belongs to the project gives one digest and one campaign: the lowest first version's")
  func anyOrder() throws {
    let honest = [Self.campaign(at: 10, by: Sample.captain, bien: Sample.bien), Self.campaign(at: 50, by: Sample.captain, goal: "1200")]
    let gift = Sample.contribution(at: 100)
    for (time, isFirst) in [(5 as UInt64, true), (20, false)] {
      let rival = Self.campaign(at: time, by: Self.squatter, bien: TestKey("own bien"))
      let update = Self.campaign(at: 60, by: Self.squatter, goal: "1500")
      let shown = try converge(honest + [rival, update, gift])
      #expect(shown.captain == (isFirst ? Self.squatter.pubkey : Sample.captain.pubkey))
      #expect(shown.head == (isFirst ? update.id : honest[1].id))
      #expect(shown.rivals == [isFirst ? honest[0].id : rival.id])
      #expect(shown.isDisputed)
    }
    #expect(try converge(honest + [gift]).isDisputed == false)
  }

  @Test("votes are folded by the versions of the lowest first version, whichever came first")
  func votes() throws {
    let honest = Self.campaign(at: 10, by: Sample.captain, status: "vote_pending")
    let rival = Self.campaign(at: 20, by: Self.squatter, status: "draft")
    let third = Self.campaign(at: 5, by: Sample.stranger, status: "vote_pending")
    let votes = [Sample.vote(at: 100), Sample.vote(at: 110, by: TestKey("second voter"))]
    let shown = try converge([honest, rival, third] + votes)
    #expect(shown.captain == Sample.stranger.pubkey)
    #expect(shown.rivals == [honest.id, rival.id])
    let closed = try converge([honest, Self.campaign(at: 5, by: Self.squatter, status: "draft")] + votes)
    #expect(closed.captain == Self.squatter.pubkey)
  }

  @Test("deletions of rivals, by id and by address, give one digest whenever they come")
  func deletions() throws {
    for time in [5 as UInt64, 20] {
      let honest = Self.campaign(at: 10, by: Sample.captain)
      let rival = Self.campaign(at: time, by: Self.squatter)
      let address = ["a", rival.address?.description ?? ""]
      for tags in [[["e", rival.id.hex], ["k", "30904"]], [address, ["k", "30904"]]] {
        let deletion = Self.squatter.event(kind: 5, createdAt: Sample.start + 70, tags: tags)
        let shown = try converge([honest, rival, deletion, Sample.contribution(at: 100)])
        #expect(shown.head == (time < 10 ? nil : honest.id))
        // Who deletes its claim stays a rival: it was made.
        #expect(shown.isDisputed)
      }
    }
  }

  @Test("what a map cell says without naming its captain updates the campaign of that cell, though it came before that campaign")
  func cellFirst() throws {
    let first = Self.campaign(at: 10, by: Sample.captain)
    let update = Self.campaign(at: 30, by: Self.otherCell, goal: "1100")
    let shown = try converge([first, update, Self.campaign(at: 50, by: Sample.captain, goal: "1200"), Sample.contribution(at: 100)])
    #expect(shown.captain == Sample.captain.pubkey)
    #expect(shown.rivals == [])
    #expect(!shown.isDisputed)
    // A rival that takes the cell's place takes it with what it claims for itself.
    let rival = Self.campaign(at: 5, by: Self.squatter, cell: TestKey("third cell"))
    let contested = try converge([first, update, rival])
    #expect(contested.captain == Self.squatter.pubkey)
    #expect(contested.rivals == [first.id, update.id])
  }

  @Test("a captain who binds two Biens to one project is a rival of itself: the lower version binds")
  func twoBiens() throws {
    let first = Self.campaign(at: 10, by: Sample.captain)
    let binding = Self.campaign(at: 20, by: Sample.captain, bien: Sample.bien, goal: "1100")
    let other = Self.campaign(at: 30, by: Sample.captain, bien: TestKey("own bien"), goal: "1200")
    let shown = try converge([first, binding, other, Sample.contribution(at: 100)])
    #expect(shown.head == binding.id)
    #expect(shown.rivals == [other.id])
    #expect(shown.isDisputed)
  }

  @Test("live a rival is refused, from sync it is kept beside")
  func liveAndSync() throws {
    let relay = try relay()
    try relay.live(Self.campaign(at: 10, by: Sample.captain))
    let rival = Self.campaign(at: 20, by: Self.squatter)
    #expect(try relay.live(rival) == "restricted: only the captain may change this campaign")
    #expect(try relay.live(Self.campaign(at: 20, by: Self.otherCell, captain: Self.squatter)) == "blocked: project-id is bound to another captain")
    #expect(try relay.campaign()?.record.isDisputed == false)
    #expect(try relay.sync(rival) == Relay.accept)
    #expect(try relay.campaign()?.record.captain == Sample.captain.pubkey)
    #expect(try relay.campaign()?.rivals.map(\.author) == [Self.squatter.pubkey])
  }

  @Test("while nothing vouches for any of them nothing irreversible happens; the operator's trust, or a listed captain, ends it")
  func disputed() throws {
    for isByCaptain in [false, true] {
      let relay = try relay()
      try relay.live(Self.campaign(at: 10, by: Sample.captain, goal: "5"))
      try relay.sync(Self.campaign(at: 20, by: Self.squatter))
      #expect(try relay.live(Sample.contribution(at: 100)) == Relay.accept)
      let funded = Self.campaign(at: 200, by: Sample.captain, status: "funded", goal: "5")
      #expect(try relay.live(funded) == "blocked: the outcome is disputed")
      if isByCaptain {
        let version = Self.campaign(at: 300, by: Self.listed)
        #expect(try relay.live(version) == Relay.accept)
        #expect(try relay.campaign()?.record.captain == Self.listed.pubkey)
      } else {
        let trust = OperatorDecision(domain: .crowdfunding, action: "trust", subject: "CF-TEST-1", by: "me", reason: "seen", at: Sample.start)
        try relay.judge.carryOut(trust)
        #expect(try relay.live(funded) == Relay.accept)
      }
      #expect(try relay.campaign()?.record.isDisputed == false)
      #expect(try relay.campaign()?.rivals == [])
      #expect(try relay.store.read { try CrowdfundingState.disputedCount(reading: $0) } == 0)
      // And what is trusted has no rivals from any source.
      #expect(try relay.sync(Self.campaign(at: 5, by: Sample.stranger)) == "restricted: only the captain may change this campaign")
    }
  }

  @Test("a Bien that speaks for a rival's campaign of itself gives one campaign with the updates that its captain made as a rival")
  func trustedRival() throws {
    let rival = Self.campaign(at: 5, by: Self.squatter, bien: Sample.bien)
    let honest = Self.campaign(at: 10, by: Sample.captain, bien: Sample.bien)
    let proof = Self.campaign(at: 30, by: Sample.bien, bien: Sample.bien, captain: Sample.captain, goal: "1100")
    let shown = try converge([rival, honest, proof, Sample.contribution(at: 100)])
    #expect(shown.captain == Sample.captain.pubkey)
    #expect(shown.head == proof.id)
    #expect(shown.rivals == [])
    #expect(!shown.isDisputed)
  }

  @Test("a Bien that speaks for itself takes the project id from what nothing vouches for, in any order; where it came second that stays disputed")
  func bienTakesOver() throws {
    let rival = Self.campaign(at: 5, by: Self.squatter, bien: TestKey("own bien"))
    let honest = Self.campaign(at: 10, by: Sample.captain, bien: Sample.bien)
    let proof = Self.campaign(at: 30, by: Sample.bien, bien: Sample.bien, captain: Sample.captain, goal: "1100")
    var shown: Set<[String]> = []
    for order in Self.orders([rival, honest, proof, Sample.contribution(at: 100)]) {
      let relay = try relay()
      for event in order + order { try relay.settle(event) }
      let record = try #require(try relay.campaign()?.record)
      shown.insert([try relay.digest(), record.captain.hex, record.head?.id.hex ?? ""])
      let isFirst = try #require(order.firstIndex { $0.id == rival.id }) < (order.firstIndex { $0.id == proof.id } ?? 0)
      #expect(record.isDisputed == isFirst)
      try relay.judge.carryOut(OperatorDecision(domain: .crowdfunding, action: "trust", subject: "CF-TEST-1", by: "me", reason: "seen", at: 1))
      #expect(try relay.campaign()?.record.isDisputed == false)
    }
    #expect(shown.count == 1)
    // Live it is refused, as any rival is.
    let relay = try relay()
    try relay.live(rival)
    #expect(try relay.live(proof) == "restricted: only the captain may change this campaign")
  }

  @Test("the address and the id of a rival's version lead to the project")
  func references() throws {
    let rival = Self.campaign(at: 20, by: Self.squatter, slug: "squat")
    let byAddress = Sample.contribution("+5", project: nil) { $0.append(["a", rival.address?.description ?? ""]) }
    let byID = Sample.contribution("+7", project: nil) { $0.append(["e", rival.id.hex]) }
    let shown = try converge([Self.campaign(at: 10, by: Sample.captain), rival, byAddress, byID])
    #expect(shown.isDisputed)
    let relay = try relay()
    for event in [byAddress, byID, Self.campaign(at: 10, by: Sample.captain), rival] { try relay.settle(event) }
    #expect(try relay.collected() == 1200)
  }

  @Test("of a hundred rivals the lowest sixteen are kept, in whatever order they come; the rest is refused")
  func hundred() throws {
    let honest = Self.campaign(at: 50, by: Sample.captain)
    let rivals = (0..<100).map { Self.campaign(at: 100 + UInt64($0), by: TestKey("rival \($0)")) }
    var digests: Set<String> = []
    for order in [[honest] + rivals, rivals + [honest], [honest] + rivals.reversed()] {
      let relay = try relay()
      for event in order { try relay.settle(event) }
      #expect(try relay.campaign()?.record.captain == Sample.captain.pubkey)
      #expect(try relay.campaign()?.rivals.map(\.id) == rivals.prefix(16).map(\.id))
      digests.insert(try relay.digest())
    }
    #expect(digests.count == 1)
    let relay = try relay()
    for event in [honest] + rivals.prefix(16) { #expect(try relay.sync(event) == Relay.accept) }
    #expect(try relay.sync(rivals[16]) == "blocked: too many campaigns claim this project-id")
    // Those who are known go on.
    #expect(try relay.sync(Self.campaign(at: 500, by: TestKey("rival 3"))) == Relay.accept)
  }

  @Test("a rival costs the same after many as after few, and costs the campaign in force nothing")
  func work() throws {
    var costs: [[Int]] = []
    for count in [2, 200] {
      let state = MemoryState()
      try state.judge(Self.campaign(at: 10, by: Sample.captain), from: .ip4)
      // Each is lower than all that came before: none is refused.
      for number in 0..<count {
        let rival = Self.campaign(at: 1000 - UInt64(number), by: TestKey("rival \(number)"))
        #expect((1...40).contains(try state.rowsRead(for: rival, from: .sync)))
        #expect(state.writes <= 6)
      }
      costs.append([
        try state.rowsRead(for: Sample.contribution(at: 2000), from: .ip4),
        try state.rowsRead(for: Self.campaign(at: 2000, by: Sample.captain, goal: "1100"), from: .sync),
        try state.rowsRead(for: Self.campaign(at: 2001, by: Sample.captain, goal: "1200"), from: .ip4),
      ])
      #expect(costs.last?.allSatisfy { $0 > 0 } == true)
      // A rival who deletes what it claims makes nobody fold the campaign in force.
      let tags = [["a", "30904:\(TestKey("rival 1").hex):crowdfund-48.85-2.35-jardin"], ["k", "30904"]]
      #expect(try state.judge(TestKey("rival 1").event(kind: 5, createdAt: Sample.start + 3000, tags: tags), from: .sync) == Relay.accept)
      costs[costs.count - 1].append(try state.rowsRead(for: Sample.contribution(at: 3001), from: .ip4))
    }
    #expect(costs[0] == costs[1])
  }

  // MARK: One Bien under several project ids

  /// What people see of all projects of a relay.
  private struct ShownProjects: Hashable {
    let digest: String
    let outcomes: String
    let disputed: [String]
    let rivals: [String: [String]]
  }

  private func convergeProjects(_ events: [Event], _ names: [String]) throws -> ShownProjects {
    let all = try Self.orders(events).map { order in
      let relay = try relay()
      for event in order + order { try relay.settle(event) }
      var disputed: [String] = []
      var rivals: [String: [String]] = [:]
      for name in names {
        guard let view = try relay.campaign(name) else { continue }
        if view.record.isDisputed { disputed.append(name) }
        rivals[name] = view.rivals.map { "\($0.project) \($0.id.hex)" }
      }
      return ShownProjects(digest: try relay.digest(), outcomes: try relay.outcomes(), disputed: disputed, rivals: rivals)
    }
    #expect(Set(all).count == 1)
    return try #require(all.first)
  }

  @Test("any order of untrusted projects that claim one Bien or one wallet gives one digest; each is kept, and all are disputed")
  func oneBien() throws {
    let first = Self.project("CF-A", at: 10, by: Sample.captain)
    for second in [
      Self.project("CF-B", at: 20, by: Self.squatter, wallet: nil), Self.project("CF-B", at: 5, by: Self.squatter, bien: TestKey("own bien")),
      Self.project("CF-B", at: 5, by: Self.squatter),
    ] {
      let rest = [Sample.contribution(at: 100, project: "CF-B"), Self.project("CF-A", at: 50, by: Sample.captain, goal: "1100")]
      let shown = try convergeProjects([first, second] + rest, ["CF-A", "CF-B"])
      #expect(shown.disputed == ["CF-A", "CF-B"])
      #expect(shown.rivals == ["CF-A": ["CF-B \(second.id.hex)"], "CF-B": ["CF-A \(first.id.hex)"]])
    }
  }

  @Test("a project whose first version comes last takes its place among those that claim its Bien")
  func lateFirstVersion() throws {
    let events = [
      Self.project("CF-A", at: 10, by: Sample.captain), Self.project("CF-A", at: 30, by: Sample.captain, goal: "1100"),
      Self.project("CF-B", at: 20, by: Self.squatter), Self.project("CF-C", at: 25, by: Sample.stranger, bien: nil),
      Self.project("CF-A", at: 5, by: Sample.captain, bien: nil, wallet: nil),
    ]
    #expect(try convergeProjects(events, ["CF-A", "CF-B", "CF-C"]).disputed == ["CF-A", "CF-B", "CF-C"])
  }

  @Test("a rival that takes the project id without its Bien leaves the Bien to whoever else claims it")
  func leftBien() throws {
    let events = [
      Self.project("CF-A", at: 10, by: Sample.captain), Self.project("CF-B", at: 20, by: Sample.stranger),
      Self.project("CF-A", at: 5, by: Self.squatter, bien: nil, wallet: nil), Sample.contribution(at: 100, project: "CF-B"),
    ]
    let shown = try convergeProjects(events, ["CF-A", "CF-B"])
    #expect(shown.disputed == ["CF-A"])
    #expect(shown.rivals["CF-B"] == [])
  }

  @Test("the Bien's own version ends it whenever it comes: the others lose the Bien, and are in no digest")
  func bienSpeaks() throws {
    let events = [
      Self.project("CF-A", at: 10, by: Sample.captain), Self.project("CF-B", at: 5, by: Self.squatter),
      Self.project("CF-C", at: 7, by: Sample.stranger),
      Self.project("CF-A", at: 30, by: Sample.bien, goal: "1100", captain: Sample.captain),
    ]
    #expect(try !convergeProjects(events, ["CF-A"]).disputed.contains("CF-A"))
  }

  @Test("live a second project of a Bien is refused, from sync it is kept, and the first goes on; the operator's trust gives it the Bien")
  func bienLiveAndSync() throws {
    let relay = try relay()
    try relay.live(Self.project("CF-A", at: 10, by: Sample.captain))
    let lower = Self.project("CF-B", at: 5, by: Self.squatter)
    #expect(try relay.live(lower, at: Sample.start + 20) == "blocked: the Bien belongs to another project")
    #expect(try relay.sync(lower) == Relay.accept)
    #expect(try relay.live(Self.project("CF-A", at: 30, by: Sample.captain, goal: "1100")) == Relay.accept)
    #expect(try relay.campaign("CF-A")?.record.isDisputed == true)
    try relay.judge.carryOut(OperatorDecision(domain: .crowdfunding, action: "trust", subject: "CF-A", by: "me", reason: "seen", at: 1))
    #expect(try relay.campaign("CF-A")?.record.isDisputed == false)
    #expect(try relay.campaign("CF-A")?.record.wallet?.text == Sample.wallet)
    #expect(try relay.campaign("CF-B")?.record.bien == nil)
    #expect(try relay.sync(Self.project("CF-C", at: 1, by: Sample.stranger)) == "blocked: the Bien belongs to another project")
  }

  @Test("a hundred projects that claim one Bien: sixteen wait behind the lowest, and each costs the same")
  func hundredProjects() throws {
    let state = MemoryState()
    try state.judge(Self.project("CF-A", at: 500, by: Sample.captain), from: .ip4)
    for number in 0..<16 {
      let rival = Self.project("CF-B\(number)", at: 600 + UInt64(number), by: TestKey("rival \(number)"))
      #expect(try state.judge(rival, from: .sync) == Relay.accept)
    }
    #expect(try state.judge(Self.project("CF-C", at: 700, by: Self.squatter), from: .sync) == "blocked: the Bien belongs to another project")
    var works: Set<Int> = []
    for number in 0..<100 {
      let lower = Self.project("CF-D\(number)", at: 400 - UInt64(number), by: TestKey("lower \(number)"))
      let work = try state.rowsRead(for: lower, from: .sync)
      #expect((1...70).contains(work))
      works.insert(work)
    }
    #expect(works.count < 10)
    #expect((1...12).contains(try state.rowsRead(for: Sample.contribution(at: 800, project: "CF-A"), from: .ip4)))
  }
}
