// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Nostr
import Policy
import StateStore
import TestSupport
import Testing

@Suite("Follow-ups of crowdfunding")
struct FollowUpTests {
  private func tags(_ event: JSONValue) -> [[String]] {
    guard case .array(let tags)? = event["tags"] else { return [] }
    return tags.map { tag in
      guard case .array(let elements) = tag else { return [] }
      return elements.compactMap { $0.text?.string }
    }
  }

  @Test("a receipt has the spec's tags, and created_at and id follow from its trigger")
  func receipt() throws {
    let campaign = Sample.campaign(status: "crowdfunding")
    let gift = Sample.contribution("+5")
    var ids: Set<String> = []
    for delay in [UInt64(1), 77] {
      let relay = try Relay()
      try relay.live(campaign)
      try relay.live(gift, at: gift.createdAt + delay)
      let receipts = try relay.followUps(.contributionReceipt)
      let receipt = try #require(receipts.first)
      #expect(receipts.count == 1)
      #expect(receipt["kind"]?.numeric?.decimal == 9742)
      #expect(receipt["created_at"]?.numeric?.decimal == gift.createdAt)
      #expect(receipt["pubkey"]?.text?.string == Relay.node.hex)
      #expect(
        tags(receipt) == [
          ["e", campaign.id.hex], ["a", "30904:\(Sample.captain.hex):crowdfund-48.85-2.35-jardin-CF-TEST-1"],
          ["e", gift.id.hex, "", "reaction"], ["p", gift.pubkey.hex], ["project-id", "CF-TEST-1"], ["amount", "5"], ["currency", "ZEN"],
          ["target", "ZEN_CONVERTIBLE"], ["tx_ref", "CF:CF-TEST-1:ZEN:5:\(gift.pubkey.hex.prefix(8)):\(gift.id.hex.prefix(16))"], ["s", "OK"],
          ["settlement", "none"], ["t", "crowdfunding-contribution"], ["t", "UPlanet"], ["role", "receipt"],
        ])
      ids.insert(receipt["id"]?.text?.string ?? "")
    }
    #expect(ids.count == 1)
  }

  @Test("without a node key there is no follow-up, and each can be turned off")
  func switchedOff() throws {
    let without: [(inout CrowdfundingOptions) -> Void] = [
      { $0.followUps.nodeKey = nil },
      { $0.followUps = FollowUpOptions(nodeKey: Relay.node.pubkey, receipts: false, snapshots: false, labels: []) },
    ]
    for change in without {
      let relay = try Relay(Relay.options(change: change))
      try relay.live(Sample.campaign(status: "crowdfunding"))
      try relay.live(Sample.contribution())
      try relay.live(Sample.campaign("CF-VOTE", status: "vote_pending") { $0.removeAll { $0.last == "bien" || $0.first == "i" } })
      try relay.live(Sample.vote(project: "CF-VOTE"))
      #expect(try relay.store.read { try $0.outboxCounts().due } == 0)
      #expect(try relay.store.read { try $0.deferredCount() } == 0)
    }
  }

  @Test("a recorded vote is labelled")
  func label() throws {
    let relay = try Relay()
    try relay.live(Sample.campaign(status: "vote_pending"))
    let vote = Sample.vote()
    try relay.live(vote)
    try relay.live(vote)
    let labels = try relay.followUps(.decisionLabel)
    #expect(labels.count == 1)
    #expect(labels.first?["kind"]?.numeric?.decimal == 1985)
    #expect(
      labels.first.map(tags) == [
        ["L", "commonsguard"], ["l", "vote-recorded", "commonsguard"], ["e", vote.id.hex], ["p", vote.pubkey.hex],
        ["a", "30904:\(Sample.captain.hex):crowdfund-48.85-2.35-jardin-CF-TEST-1"],
        ["project-id", "CF-TEST-1"],
      ])
  }

  private func snapshot(_ relay: Relay) throws -> (FollowUpEvent, UnsignedEvent)? {
    let due = try relay.store.read { try $0.dueDeferred(now: .max, limit: 10) }
    let deferred = try #require(due.first)
    #expect(due.count == 1)
    let validator = try #require(relay.registry.validator(of: .crowdfunding))
    return try relay.store.write { state in
      guard let (followUp, changes) = try validator.build(deferred, reading: state) else { return nil }
      try state.apply(changes)
      guard case .unsigned(let event) = followUp.body else { return nil }
      return (followUp, event)
    }
  }

  @Test("a snapshot shows totals, contributions, vote and status, by the node, later than the last one")
  func snapshots() throws {
    let relay = try Relay()
    try relay.live(Sample.campaign(status: "crowdfunding"))
    try relay.live(Sample.contribution("+5"), at: Sample.start + 150)
    let (_, first) = try #require(try snapshot(relay))
    #expect(first.kind == 30904)
    #expect(first.createdAt == Sample.start + 150)
    // A `d` of its own: relays keep one event for each address, and would drop the campaign for its snapshot.
    #expect(first.tags.filter { $0[0] == "d" } == [["d", "CF-TEST-1:snapshot"]])
    #expect(first.tags.contains(["role", "snapshot"]))
    for tag in [
      ["project-id", "CF-TEST-1"], ["g", "48.85,2.35"], ["p", Sample.bien.hex, "", "bien"], ["p", Sample.cell.hex, "", "umap"],
      ["i", "g1pub:\(Sample.wallet)"],
    ] { #expect(first.tags.contains(tag), "\(tag)") }
    let content = try #require(JSONValue(parsing: Text(first.content)))
    #expect(content["totals"]?["zen_convertible_collected"]?.numeric?.string == "5")
    #expect(content["totals"]?["zen_convertible_target"]?.numeric?.string == "1000")
    #expect(content["campaigns"]?["zen_convertible_campaign_active"] == .bool(true))
    #expect(content["status"]?.text?.string == "crowdfunding")
    #expect(content["vote"]?["voters"]?.numeric?.decimal == 0)
    let (_, second) = try #require(try snapshot(relay))
    #expect(second.createdAt == Sample.start + 151)
    let signed = try Event(parsing: second.signed(by: Relay.node.key))
    #expect(try relay.live(signed) == Relay.accept)
    #expect(try relay.journalCount() == 2)
  }

  @Test("a snapshot lists the newest 100 contributions in at most 48 KiB, and holds no key material")
  func snapshotLimits() throws {
    let relay = try Relay()
    try relay.live(Sample.campaign(status: "crowdfunding"))
    for number in 0..<130 { try relay.sync(Sample.contribution("+1", at: 100 + UInt64(number), by: TestKey(number % 7))) }
    let (_, event) = try #require(try snapshot(relay))
    #expect(event.content.utf8.count <= 48 * 1024)
    let content = try #require(JSONValue(parsing: Text(event.content)))
    guard case .array(let listed)? = content["contributions"] else {
      Issue.record("no contributions")
      return
    }
    #expect(listed.count == 100)
    #expect(listed.last?["created_at"]?.numeric?.decimal == Sample.start + 229)
    for word in ["nsec", "salt", "pepper", "derivation", "secret"] { #expect(!event.content.contains(word)) }
  }

  @Test("a change of status asks for a snapshot at once, other changes after the debounce")
  func debounce() throws {
    let relay = try Relay()
    try relay.live(Sample.campaign(status: "crowdfunding"))
    try relay.live(Sample.contribution("+5"), at: Sample.start + 150)
    #expect(try relay.store.read { try $0.dueDeferred(now: Sample.start + 154, limit: 1) }.isEmpty)
    #expect(try relay.store.read { try $0.dueDeferred(now: Sample.start + 155, limit: 1) }.count == 1)
    try relay.live(Sample.contribution("+1000", by: Sample.cell), at: Sample.start + 151)
    #expect(try relay.store.read { try $0.dueDeferred(now: Sample.start + 151, limit: 1) }.count == 1)
  }

  @Test("a goal that is reached asks for a snapshot at once only when it is the last one")
  func lastGoal() throws {
    let relay = try Relay()
    let campaign = Sample.campaign(status: "crowdfunding") {
      $0.set(["goal", "ZEN_CONVERTIBLE", "10"])
      $0.append(["goal", "ZEN_COMMONS", "10"])
    }
    #expect(try relay.live(campaign) == Relay.accept)
    func isAsked(_ text: String, for target: String, at time: UInt64) throws -> Bool {
      #expect(try relay.live(Sample.contribution(text) { $0.append(["target", target]) }, at: time) == Relay.accept)
      return try !relay.store.read { try $0.dueDeferred(now: time, limit: 1) }.isEmpty
    }
    #expect(try !isAsked("+10", for: "ZEN_CONVERTIBLE", at: Sample.start + 150))
    #expect(try !isAsked("+9", for: "ZEN_COMMONS", at: Sample.start + 151))
    #expect(try isAsked("+1", for: "ZEN_COMMONS", at: Sample.start + 152))
  }
}
