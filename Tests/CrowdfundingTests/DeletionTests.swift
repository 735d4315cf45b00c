// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Nostr
import Policy
import TestSupport
import Testing

@Suite("Deletions")
struct DeletionTests {
  let relay: Relay
  let campaign = Sample.campaign(status: "vote_pending")
  let giver = TestKey("giver")
  let voter = TestKey("voter")

  init() throws {
    relay = try Relay()
    #expect(try relay.live(campaign) == Relay.accept)
  }

  @Test("only the author's own deletion takes a vote back")
  func foreign() throws {
    let vote = Sample.vote()
    try relay.live(vote)
    let rows = try relay.journalCount()
    #expect(try relay.live(Sample.deletion(of: [vote], at: 110, by: Sample.stranger)) == Relay.accept)
    #expect(try relay.journalCount() == rows)
    #expect(try relay.campaign()?.record.vote.voters == 1)
    #expect(try relay.live(Sample.deletion(of: [vote], at: 111, by: voter)) == Relay.accept)
    #expect(try relay.campaign()?.record.vote.voters == 0)
  }

  @Test("a vote cannot be taken back when it is not open any more")
  func afterTheVote() throws {
    let vote = Sample.vote()
    try relay.live(vote)
    try relay.live(Sample.campaign(status: "crowdfunding", at: 200))
    #expect(try relay.live(Sample.deletion(of: [vote], at: 210, by: voter)) == Relay.accept)
    #expect(try relay.campaign()?.record.vote.voters == 1)
  }

  @Test("a deletion never un-pays")
  func contribution() throws {
    try relay.live(Sample.campaign(status: "crowdfunding", at: 10))
    let event = Sample.contribution()
    try relay.live(event)
    #expect(try relay.live(Sample.deletion(of: [event], at: 110, by: giver, kinds: ["7"])) == Relay.accept)
    #expect(try relay.collected() == 500)
  }

  @Test("a campaign without money or votes can be deleted, by id and by address; one with votes cannot")
  func campaigns() throws {
    let address = "30904:\(Sample.captain.hex):crowdfund-48.85-2.35-jardin-CF-TEST-1"
    let byAddress = Sample.captain.event(kind: 5, createdAt: Sample.start + 150, tags: [["a", address]])
    let byID = Sample.deletion(of: [campaign], at: 150, by: Sample.captain)
    for deletion in [byAddress, byID] {
      let relay = try Relay()
      try relay.live(campaign)
      #expect(try relay.live(deletion) == Relay.accept)
      #expect(try relay.campaign()?.record.head == nil)
      #expect(try relay.live(Sample.vote(at: 160)) == "blocked: no vote is open on this project")
    }
    try relay.live(Sample.vote())
    for deletion in [byAddress, byID] {
      #expect(try relay.live(deletion) == "blocked: a campaign with contributions cannot be deleted")
      #expect(try relay.sync(deletion) == Relay.accept)
      #expect(try relay.campaign()?.record.head?.id == campaign.id)
    }
  }

  @Test("a deletion by address covers the versions before it, those too that arrive later")
  func lateVersion() throws {
    let address = "30904:\(Sample.captain.hex):crowdfund-48.85-2.35-jardin-CF-TEST-1"
    try relay.sync(Sample.captain.event(kind: 5, createdAt: Sample.start + 150, tags: [["a", address], ["k", "30904"]]))
    #expect(try relay.live(Sample.campaign(status: "vote_pending", at: 20)) == "blocked: deleted by its author")
    #expect(try relay.sync(Sample.campaign(status: "vote_pending", at: 20)) == Relay.accept)
    #expect(try relay.campaign()?.record.head == nil)
    let again = Sample.campaign(status: "draft", at: 200)
    #expect(try relay.live(again) == Relay.accept)
    #expect(try relay.campaign()?.record.head?.id == again.id)
  }

  @Test(
    "a deletion that came first is remembered: live the event is refused, from sync it is folded with its deletion",
    arguments: ["7", "9742", "30023", "30904"])
  func remembered(kind: String) throws {
    let vote = Sample.vote()
    #expect(try relay.live(Sample.deletion(of: [vote], at: 110, by: voter, kinds: [kind])) == Relay.accept)
    #expect(try relay.live(vote, at: Sample.start + 120) == "blocked: deleted by its author")
    #expect(try relay.sync(vote, at: Sample.start + 120) == Relay.accept)
    #expect(try relay.campaign()?.record.vote.voters == 0)
    #expect(try relay.live(Sample.vote(at: 130)) == "blocked: already voted on this project")
  }

  @Test("a deletion without our k of an unknown event is not ours")
  func unclaimed() throws {
    let vote = Sample.vote()
    let rows = try relay.journalCount()
    #expect(try relay.live(Sample.deletion(of: [vote], at: 110, by: voter, kinds: ["1"])) == Relay.accept)
    #expect(try relay.journalCount() == rows)
    #expect(try relay.live(vote, at: Sample.start + 120) == Relay.accept)
  }

  @Test("deletions are remembered for 7 days")
  func expiry() throws {
    let week: UInt64 = 7 * 86_400
    let early = Sample.vote(by: TestKey("early"))
    let late = Sample.vote(by: TestKey("late"))
    for (vote, name) in [(early, "early"), (late, "late")] {
      try relay.live(Sample.deletion(of: [vote], at: 110, by: TestKey(name), kinds: ["7"]))
    }
    #expect(try relay.live(early, at: Sample.start + 110 + week) == "blocked: deleted by its author")
    #expect(try relay.live(late, at: Sample.start + 111 + week) == Relay.accept)
  }

  @Test("of each pubkey the newest 100 are remembered")
  func limit() throws {
    let votes = (0..<101).map { Sample.vote(at: 100 + UInt64($0)) }
    for (index, vote) in votes.enumerated() {
      try relay.live(Sample.deletion(of: [vote], at: 300 + UInt64(index), by: voter, kinds: ["7"]))
    }
    #expect(try relay.live(votes[1], at: Sample.start + 500) == "blocked: deleted by its author")
    #expect(try relay.live(votes[100], at: Sample.start + 500) == "blocked: deleted by its author")
    #expect(try relay.live(votes[0], at: Sample.start + 500) == Relay.accept)
  }

  @Test("the deletion of a parked vote waits for it, though it has no k")
  func parked() throws {
    let relay = try Relay()
    try relay.sync(Sample.campaign(status: "draft"))
    let vote = Sample.vote(at: 100)
    try relay.sync(vote)
    let deletion = Sample.deletion(of: [vote], at: 110, by: voter)
    #expect(try relay.sync(deletion) == "error: missing target \(vote.id.short), parked")
    try relay.settle(Sample.campaign(status: "vote_pending", at: 50))
    #expect(try relay.parkedCount() == 0)
    #expect(try relay.campaign()?.record.vote.voters == 0)
    #expect(try relay.journalCount() == 4)
  }
}
