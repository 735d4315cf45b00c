// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Nostr
import Policy
import TestSupport
import Testing

@Suite("What was accepted live here is not undone by what comes from sync")
struct HereTests {
  static let options = Relay.options {
    $0.assetsVoteThreshold = Amount(hundredths: 2000)
    $0.assetsVoteQuorum = 3
  }
  let relay: Relay
  let campaign = Sample.campaign(status: "vote_pending")
  static let address = "30904:\(Sample.captain.hex):crowdfund-48.85-2.35-jardin-CF-TEST-1"

  init() throws { relay = try Relay(Self.options) }

  private func figures(_ relay: Relay) throws -> [UInt64]? {
    try relay.campaign().map { [$0.record.vote.total.hundredths, $0.record.vote.voters, $0.record.vote.isApproved ? 1 : 0] }
  }

  /// A relay that learns all of it from others.
  private func follower(_ events: [Event]) throws -> Relay {
    let relay = try Relay(Self.options)
    for event in events { #expect(try relay.settle(event) == Relay.accept) }
    return relay
  }

  @Test("a kind 5 from sync does not take back a live vote, and an approval that was reached here stays; the digest takes both by their time")
  func approval() throws {
    let votes = ["a", "b", "c"].map { Sample.vote("+10", by: TestKey($0)) }
    for event in [campaign] + votes { #expect(try relay.live(event) == Relay.accept) }
    #expect(try figures(relay) == [3000, 3, 1])
    let back = Sample.deletion(of: [votes[0]], at: 100, by: TestKey("a"), kinds: ["7"])
    let early = Sample.deletion(of: [votes[1]], at: 99, by: TestKey("b"), kinds: ["7"])
    for deletion in [back, early] { #expect(try relay.syncLabelled(deletion) == Relay.accept) }
    #expect(try figures(relay) == [3000, 3, 1])
    #expect(try relay.campaign()?.record.isDisputed == true)
    #expect(try relay.agreed()?.vote.isApproved == false)
    #expect(try relay.campaign()?.status == .funded)
    #expect(try relay.live(Sample.vote("+1", at: 200, by: TestKey("d"))) == "blocked: no vote is open on this project")
    let follower = try follower([campaign] + votes + [back, early] + [back, early].map { Sample.label("vote-taken-back", about: $0) })
    #expect(try figures(follower)?[2] == 0)
    #expect(try follower.campaign()?.status == .votePending)
    #expect(try follower.digest() == relay.digest())
  }

  @Test("a live vote is not replaced by one of its author that is dated earlier and comes from sync")
  func replaced() throws {
    let vote = Sample.vote("+8", at: 100)
    let backdated = Sample.vote("+1000", at: 50)
    for event in [campaign, vote] { try relay.live(event) }
    #expect(try relay.sync(backdated) == Relay.accept)
    #expect(try figures(relay) == [800, 1, 0])
    #expect(try relay.live(Sample.vote("+9", at: 110)) == "blocked: already voted on this project")
    let follower = try follower([campaign, vote, backdated])
    #expect(try figures(follower) == [100_000, 1, 0])
    #expect(try follower.digest() == relay.digest())
    // When its author takes it back live, the other one counts.
    #expect(try relay.live(Sample.deletion(of: [vote], at: 120, by: TestKey("voter"))) == Relay.accept)
    #expect(try figures(relay) == [100_000, 1, 0])
  }

  @Test("a vote is taken back by a kind 5 from sync once that has a label, and not before; its author votes again")
  func synced() throws {
    let vote = Sample.vote("+8")
    try relay.live(campaign)
    try relay.sync(vote)
    let back = Sample.deletion(of: [vote], at: 110, by: TestKey("voter"))
    #expect(try relay.sync(back) == Relay.accept)
    #expect(try figures(relay) == [800, 1, 0])
    #expect(try relay.sync(Sample.label("vote-taken-back", about: back)) == Relay.accept)
    #expect(try figures(relay) == [0, 0, 0])
    #expect(try relay.live(Sample.vote("+3", at: 120)) == Relay.accept)
    #expect(try figures(relay) == [300, 1, 0])
  }

  @Test("a vote that was taken back live stays so, though votes from sync approve before that")
  func takenBack() throws {
    let vote = Sample.vote("+10", by: TestKey("a"))
    let back = Sample.deletion(of: [vote], at: 150, by: TestKey("a"), kinds: ["7"])
    for event in [campaign, vote, back] { #expect(try relay.live(event) == Relay.accept) }
    let others = ["b", "c", "d"].map { Sample.vote("+10", at: 120, by: TestKey($0)) }
    for vote in others { #expect(try relay.sync(vote) == Relay.accept) }
    #expect(try figures(relay) == [3000, 3, 1])
    let follower = try follower([campaign, vote, back, Sample.label("vote-taken-back", about: back)] + others)
    #expect(try figures(follower) == [4000, 4, 1])
    #expect(try follower.digest() == relay.digest())
  }

  @Test("a campaign with live money is not deleted here by a kind 5 that is dated before it, by id or by address", arguments: ["e", "a"])
  func money(name: String) throws {
    let running = Sample.campaign(status: "crowdfunding")
    let gift = Sample.contribution("+5")
    for event in [running, gift] { #expect(try relay.live(event) == Relay.accept) }
    let target = name == "e" ? running.id.hex : Self.address
    let deletion = Sample.captain.event(kind: 5, createdAt: Sample.start + 50, tags: [[name, target], ["k", "30904"]])
    #expect(try relay.live(deletion, at: Sample.start + 200) == "blocked: a campaign with contributions cannot be deleted")
    #expect(try relay.sync(deletion) == Relay.accept)
    #expect(try relay.campaign()?.status == .crowdfunding)
    let more = Sample.contribution("+6", at: 300)
    #expect(try relay.live(more) == Relay.accept)
    #expect(try relay.collected() == 1100)
    let follower = try follower([running, gift, deletion, more])
    #expect(try follower.campaign()?.record.head == nil)
    #expect(try follower.digest() == relay.digest())
  }

  @Test("a campaign with a live vote is not deleted here, and neither is one that began again after a deletion")
  func votes() throws {
    let first = Sample.campaign(status: "crowdfunding")
    let deletions = [100, 250].map { (seconds: UInt64) in
      Sample.captain.event(kind: 5, createdAt: Sample.start + seconds, tags: [["a", Self.address], ["k", "30904"]])
    }
    let again = Sample.campaign(status: "vote_pending", at: 200)
    let vote = Sample.vote("+5", at: 300)
    for event in [first, deletions[0]] { #expect(try relay.sync(event) == Relay.accept) }
    #expect(try relay.campaign()?.record.head == nil)
    for event in [again, vote] { #expect(try relay.live(event) == Relay.accept) }
    #expect(try relay.sync(deletions[1]) == Relay.accept)
    #expect(try relay.campaign()?.record.head?.id == again.id)
    #expect(try figures(relay) == [500, 1, 0])
    let follower = try follower([first, deletions[0], again, vote, deletions[1]])
    #expect(try follower.campaign()?.record.head == nil)
    #expect(try follower.digest() == relay.digest())
  }

  @Test("a campaign that was deleted live is kept by money from sync that is dated before that: every relay says the same")
  func deletedLive() throws {
    let running = Sample.campaign(status: "crowdfunding")
    let deletion = Sample.deletion(of: [running], at: 150, by: Sample.captain, kinds: ["30904"])
    let gift = Sample.contribution("+5")
    for event in [running, deletion] { #expect(try relay.live(event) == Relay.accept) }
    #expect(try relay.live(Sample.contribution(at: 140, by: Sample.cell)) == "blocked: campaign not active (deleted)")
    #expect(try relay.sync(gift) == Relay.accept)
    #expect(try relay.campaign()?.record.head?.id == running.id)
    let later = Sample.contribution(at: 200, by: Sample.cell)
    #expect(try relay.live(later) == Relay.accept)
    let follower = try follower([running, deletion, gift, later])
    #expect(try follower.campaign()?.record.head?.id == running.id)
    #expect(try follower.digest() == relay.digest())
  }

  @Test("a live first version after a deletion is newer than it, and begins anew")
  func begun() throws {
    let running = Sample.campaign(status: "crowdfunding")
    let deletion = Sample.deletion(of: [running], at: 150, by: Sample.captain)
    for event in [running, deletion] { #expect(try relay.live(event) == Relay.accept) }
    #expect(try relay.live(Sample.campaign(status: "draft", at: 140)) == "duplicate: a newer version is known")
    #expect(try relay.live(Sample.campaign(status: "draft", at: 150)) == "duplicate: a newer version is known")
    #expect(try relay.live(Sample.campaign(status: "funded", at: 151)) == "invalid: status cannot begin as funded")
    let again = Sample.campaign(status: "draft", at: 151)
    #expect(try relay.live(again) == Relay.accept)
    #expect(try relay.campaign()?.record.head?.id == again.id)
    #expect(try relay.digest() == follower([running, deletion, again]).digest())
  }

  @Test("what is live has to fit the campaign at its own time too, since other relays go by that")
  func ownTime() throws {
    let votable = try Relay()
    for event in [Sample.campaign(status: "draft"), Sample.campaign(status: "vote_pending", at: 100)] { #expect(try votable.live(event) == Relay.accept) }
    #expect(try votable.live(Sample.vote("+5", at: 99)) == "blocked: no vote is open on this project")
    #expect(try votable.live(Sample.vote("+5", at: 100)) == Relay.accept)

    let payable = try Relay()
    for event in [Sample.campaign(status: "draft"), Sample.campaign(status: "crowdfunding", at: 100)] { #expect(try payable.live(event) == Relay.accept) }
    #expect(try payable.live(Sample.contribution("+5", at: 99)).hasPrefix("blocked: campaign not active"))
    #expect(try payable.live(Sample.contribution("+5", at: 100)) == Relay.accept)
  }
}
