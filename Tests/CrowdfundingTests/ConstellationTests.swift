// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Nostr
import Policy
import TestSupport
import Testing

/// Relays of one constellation that take each other's events, with labels and receipts, by sync.
@Suite("Several relays of one constellation")
struct ConstellationTests {
  private static let keys = ["a", "b", "late"].map { TestKey("relay \($0)") }
  private let a: Relay
  private let b: Relay
  private let running = Sample.campaign(status: "crowdfunding")
  private let open = Sample.campaign(status: "vote_pending")

  init() throws {
    a = try Self.relay(0)
    b = try Self.relay(1)
  }

  private static func relay(_ number: Int) throws -> Relay {
    let options = Relay.options(node: keys[number].pubkey) {
      $0.assetsVoteThreshold = Amount(hundredths: 2000)
      $0.assetsVoteQuorum = 3
      $0.followUps.nodes = Set(keys.map(\.pubkey)).subtracting([keys[number].pubkey])
    }
    return try Relay(options, key: keys[number])
  }

  /// Everything that one has and the other lacks, the newest first, until nothing is new: twice, for what was released.
  private func exchange(_ relays: Relay...) throws {
    for _ in 0..<2 {
      for source in relays {
        for target in relays where target !== source {
          let known = Set(try target.accepted().map(\.id))
          let events = try (source.accepted() + source.published()).filter { !known.contains($0.id) }
          for event in events.sorted(by: { $0.createdAt > $1.createdAt }) { try target.settle(event, at: Sample.start + 100_000) }
        }
      }
    }
  }

  /// A relay that joins when everything is over.
  private func late(from relays: Relay...) throws -> Relay {
    let joined = try Self.relay(2)
    for _ in 0..<2 {
      for source in relays {
        for event in try (source.accepted() + source.published()).sorted(by: { $0.createdAt > $1.createdAt }) {
          try joined.settle(event, at: Sample.start + 200_000)
        }
      }
    }
    return joined
  }

  private func expectSame(_ relays: Relay..., isDisputed: Bool) throws {
    #expect(try Set(relays.map { try $0.digest() }).count == 1)
    for relay in relays { #expect(try relay.campaign()?.record.isDisputed == isDisputed) }
    if !isDisputed { #expect(try Set(relays.map { try $0.outcomes() }).count == 1) }
  }

  private func resolve(_ relay: Relay, as resolution: Resolution, at seconds: UInt64 = 5000) throws {
    try relay.judge.carryOut(
      OperatorDecision(
        domain: .crowdfunding, action: resolution.action, subject: "CF-TEST-1", by: "ana", reason: "by phone", at: Sample.start + seconds))
  }

  private func vote(_ number: Int, at seconds: UInt64) -> Event { Sample.vote("+10", at: seconds, by: TestKey("voter \(number)")) }

  @Test("two votes that are deleted after the approval: live that is refused, and from sync nobody's label makes it count, at a late relay too")
  func deletedAfterApproval() throws {
    let votes = (0..<3).map { vote($0, at: 100 + UInt64($0)) }
    for event in [open] + votes { #expect(try a.live(event) == Relay.accept) }
    let deletions = (0..<2).map { Sample.deletion(of: [votes[$0]], at: 101, by: TestKey("voter \($0)"), kinds: ["7"]) }
    for deletion in deletions {
      #expect(try a.live(deletion, at: Sample.start + 200) == "blocked: the vote is decided")
      #expect(try b.sync(deletion) == Relay.accept)
    }
    try exchange(a, b)
    let joined = try late(from: b, a)
    try expectSame(a, b, joined, isDisputed: false)
    for relay in [a, b, joined] { #expect(try relay.campaign()?.status == .funded) }
  }

  @Test("a vote that was taken back and cast again counts as the second one, at a late relay too")
  func castAgain() throws {
    let first = vote(0, at: 100)
    let back = Sample.deletion(of: [first], at: 110, by: TestKey("voter 0"))
    let again = Sample.vote("+7", at: 120, by: TestKey("voter 0"))
    for event in [open, first, back, again] { #expect(try a.live(event) == Relay.accept) }
    #expect(try a.published().count == 3)
    let joined = try late(from: a)
    #expect(try joined.campaign()?.record.vote.total.hundredths == 700)
    try exchange(a, b)
    try expectSame(a, b, joined, isDisputed: false)
    // The twin: without the label the first one stands, and is the earliest.
    let other = try Self.relay(2)
    for event in [open, back, first, again] { try other.settle(event) }
    #expect(try other.campaign()?.record.vote.total.hundredths == 1000)
    #expect(try other.digest() != a.digest())
  }

  @Test("four contributions that are deleted after payment stay counted, whichever came first")
  func deletedContributions() throws {
    let gifts = (0..<4).map { Sample.contribution("+5", at: 100 + UInt64($0), by: TestKey("giver \($0)")) }
    for event in [running] + gifts { #expect(try a.live(event) == Relay.accept) }
    for (number, gift) in gifts.enumerated() {
      let deletion = Sample.deletion(of: [gift], at: 110, by: TestKey("giver \(number)"), kinds: ["7"])
      #expect(try a.live(deletion) == "blocked: a contribution that was counted cannot be deleted")
      #expect(try b.live(deletion) == Relay.accept)
    }
    try exchange(b, a)
    let joined = try late(from: b, a)
    try expectSame(a, b, joined, isDisputed: false)
    for relay in [a, b, joined] { #expect(try relay.collected() == 2000) }
    #expect(try a.followUps(.contributionReceipt).count == 4)
    for relay in [b, joined] { #expect(try relay.followUps(.contributionReceipt).isEmpty) }
  }

  /// The captain goes on at A while ten vote at B.
  private func parted() throws {
    #expect(try a.live(open) == Relay.accept)
    try exchange(a, b)
    #expect(try a.live(Sample.campaign(status: "crowdfunding", at: 105)) == Relay.accept)
    for number in 0..<10 {
      #expect(try b.live(vote(number, at: 110 + UInt64(number)), at: Sample.start + 200) == (number < 3 ? Relay.accept : Self.closed))
    }
    try exchange(a, b)
  }

  private static let closed = "blocked: no vote is open on this project"

  @Test("the captain's edit at A while ten vote at B: every relay says that it is disputed, and nothing irreversible happens")
  func edited() throws {
    try parted()
    let joined = try late(from: a, b)
    try expectSame(a, b, joined, isDisputed: true)
    #expect(try [a, b, joined].map { try $0.campaign()?.record.vote.isApproved } == [false, true, false])
    for relay in [a, b, joined] {
      #expect(try relay.agreed()?.vote.isApproved == false)
      #expect(try relay.live(Sample.campaign(status: "funded", at: 3000)) == "blocked: the outcome is disputed")
      #expect(try relay.store.read { try CrowdfundingState.disputedCount(reading: $0) } == 1)
    }
  }

  @Test(
    "a dispute ends when the operators of the nodes that decided resolve it alike; others take that over", arguments: [Resolution.approved, .open])
  func resolved(as resolution: Resolution) throws {
    try parted()
    try resolve(a, as: resolution)
    try exchange(a, b)
    // B announced the approval: where the other is resolved, its operator has to resolve as well.
    #expect(try a.campaign()?.record.isDisputed == (resolution == .open))
    #expect(try b.campaign()?.record.isDisputed == true)
    try resolve(b, as: resolution, at: 6000)
    try exchange(a, b)
    let joined = try late(from: a, b)
    try expectSame(a, b, joined, isDisputed: false)
    for relay in [a, b, joined] { #expect(try relay.campaign()?.record.vote.isApproved == (resolution == .approved)) }
    // It holds against whatever comes later.
    let early = Sample.campaign(status: "cancelled", at: 104)
    for relay in [a, b, joined] {
      #expect(try relay.sync(early) == Relay.accept)
      #expect(try relay.campaign()?.record.vote.isApproved == (resolution == .approved))
    }
  }

  @Test("resolutions that differ leave it disputed everywhere, until one operator decides again")
  func differing() throws {
    try parted()
    try resolve(a, as: .open)
    try resolve(b, as: .approved)
    try exchange(a, b)
    let joined = try late(from: a, b)
    try expectSame(a, b, joined, isDisputed: true)
    try resolve(b, as: .open, at: 7000)
    try exchange(a, b, joined)
    try expectSame(a, b, joined, isDisputed: false)
  }

  @Test("a campaign that is deleted at A while B takes a contribution: disputed by B's receipt, until it is resolved")
  func keptOrDeleted() throws {
    #expect(try a.live(running) == Relay.accept)
    try exchange(a, b)
    #expect(try b.live(Sample.contribution("+5", at: 120)) == Relay.accept)
    #expect(try a.live(Sample.deletion(of: [running], at: 110, by: Sample.captain, kinds: ["30904"])) == Relay.accept)
    try exchange(a, b)
    let joined = try late(from: a, b)
    try expectSame(a, b, joined, isDisputed: true)
    #expect(try [a, b, joined].map { try $0.campaign()?.record.head == nil } == [true, false, true])
    for relay in [a, b] { try resolve(relay, as: .kept) }
    try exchange(a, b, joined)
    try expectSame(a, b, joined, isDisputed: false)
    for relay in [a, b, joined] { #expect(try relay.campaign()?.record.head?.id == running.id) }
  }

  @Test("a vote that was recorded keeps its campaign at other relays as long as it is not taken back")
  func recorded() throws {
    for isTakenBack in [false, true] {
      let (a, b) = (try Self.relay(0), try Self.relay(1))
      #expect(try a.live(open) == Relay.accept)
      for event in try a.accepted() { try b.sync(event) }
      let vote = vote(0, at: 120)
      #expect(try b.live(vote) == Relay.accept)
      if isTakenBack { #expect(try b.live(Sample.deletion(of: [vote], at: 130, by: TestKey("voter 0"))) == Relay.accept) }
      #expect(try a.live(Sample.deletion(of: [open], at: 110, by: Sample.captain, kinds: ["30904"])) == Relay.accept)
      try exchange(a, b)
      try expectSame(a, b, isDisputed: !isTakenBack)
    }
  }

  @Test("owners that the captain changed before an approval elsewhere make it disputed where it was approved")
  func owners() throws {
    #expect(try a.live(open) == Relay.accept)
    try exchange(a, b)
    let edited = Sample.campaign(status: "vote_pending", at: 105) { $0.set(["owner", Sample.cell.hex, "cash", "9", "EUR"]) }
    #expect(try a.live(edited) == Relay.accept)
    for number in 0..<3 { #expect(try b.live(vote(number, at: 110)) == Relay.accept) }
    try exchange(a, b)
    #expect(try b.campaign()?.record.isDisputed == true)
    #expect(try b.agreed()?.vote.isApproved == true)
    try resolve(b, as: .approved)
    #expect(try b.campaign()?.record.isDisputed == false)
    #expect(try b.digest() == a.digest())
  }

  @Test("two votes of one key at two relays are no dispute, nor are totals that differ")
  func twice() throws {
    #expect(try a.live(open) == Relay.accept)
    try exchange(a, b)
    #expect(try a.live(Sample.vote("+2", at: 100)) == Relay.accept)
    #expect(try b.live(Sample.vote("+9", at: 101)) == Relay.accept)
    try exchange(a, b)
    try expectSame(a, b, try late(from: a, b), isDisputed: false)
  }

  @Test("one node makes the receipt of a reaction: who knows another's makes none, and none for what came by sync")
  func receipts() throws {
    let gift = Sample.contribution("+5")
    #expect(try a.live(running) == Relay.accept)
    #expect(try b.live(running) == Relay.accept)
    #expect(try b.sync(Sample.receipt(of: gift, by: a.key)) == Relay.accept)
    #expect(try b.live(gift) == Relay.accept)
    #expect(try b.followUps(.contributionReceipt).isEmpty)
    #expect(try a.live(gift) == Relay.accept)
    #expect(try a.followUps(.contributionReceipt).count == 1)
    // Its own, come back, says nothing of others.
    let more = Sample.contribution("+6", at: 200)
    #expect(try b.sync(Sample.receipt(of: more, by: b.key)) == Relay.accept)
    #expect(try b.live(more) == Relay.accept)
    #expect(try b.followUps(.contributionReceipt).count == 1)
  }

  @Test("an approval is announced once, by the node whose live vote brought it about")
  func announced() throws {
    #expect(try a.live(open) == Relay.accept)
    let votes = (0..<3).map { vote($0, at: 100 + UInt64($0)) }
    for vote in votes { #expect(try a.live(vote) == Relay.accept) }
    try exchange(a, b)
    let labels = try a.published().filter { $0.tags.contains("l", value: "vote-approved") }
    #expect(labels.count == 1)
    #expect(labels.first?.createdAt == votes[2].createdAt)
    let tags = labels.first?.tags.map { tag in (0..<tag.count).compactMap { tag[$0]?.string } }
    #expect(
      tags == [
        ["L", "commonsguard"], ["l", "vote-approved", "commonsguard"], ["e", votes[2].id.hex], ["p", votes[2].pubkey.hex],
        ["a", "30904:\(Sample.captain.hex):crowdfund-48.85-2.35-jardin-CF-TEST-1"], ["project-id", "CF-TEST-1"],
      ])
    #expect(try b.published().isEmpty)
    try resolve(a, as: .approved)
    let resolved = try #require(try a.published().last { $0.tags.contains("l", value: "resolved") })
    #expect(resolved.createdAt == Sample.start + 5000)
    #expect(resolved.tags.first(named: "e") == nil && resolved.tags.contains("outcome", value: "approved"))
  }
}
