// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Policy
import TestSupport
import Testing

@Suite("Votes")
struct VoteTests {
  let relay: Relay

  init() throws {
    relay = try Relay(
      Relay.options {
        $0.assetsVoteThreshold = Amount(hundredths: 2000)
        $0.assetsVoteQuorum = 3
      })
    #expect(try relay.live(Sample.campaign(status: "vote_pending")) == Relay.accept)
  }

  private func figures(_ project: String = "CF-TEST-1") throws -> [UInt64]? {
    try relay.campaign(project).map { [$0.record.vote.total.hundredths, $0.record.vote.voters, $0.record.vote.isApproved ? 1 : 0] }
  }

  @Test("both dialects are votes, and votes are no contributions")
  func dialects() throws {
    #expect(try relay.live(Sample.vote("+2")) == Relay.accept)
    let old = TestKey("old").event(
      kind: 7, createdAt: Sample.start + 100, tags: [["t", "crowdfunding"], ["target", "VOTE"], ["project-id", "CF-TEST-1"]], content: "+3")
    #expect(try relay.live(old) == Relay.accept)
    let both = TestKey("both").event(
      kind: 7, createdAt: Sample.start + 100, tags: [["t", "crowdfunding"], ["t", "vote-assets"], ["project-id", "CF-TEST-1"]], content: "+")
    #expect(try relay.live(both) == Relay.accept)
    #expect(try figures() == [600, 3, 0])
    #expect(try relay.collected() == 0)
  }

  @Test("V1: a vote is + or +N", arguments: ["👍", "", "-", "5", "+0", "+1001", "+01", "+1.5"])
  func content(content: String) throws {
    #expect(try relay.live(Sample.vote(content)) == "invalid: a vote is + or +N")
  }

  @Test("V2: the campaign is known, and a vote-type is ASSETS_USAGE")
  func campaign() throws {
    #expect(try relay.live(Sample.vote { $0.append(["vote-type", "ASSETS_USAGE"]) }) == Relay.accept)
    #expect(try relay.live(Sample.vote { $0.append(["vote-type", "OTHER"]) }) == "invalid: unknown vote-type")
    #expect(try relay.live(Sample.vote(project: "CF-NONE")) == "error: project not found")
    #expect(try relay.sync(Sample.vote(project: "CF-NONE")) == "error: missing campaign CF-NONE, parked")
    #expect(try relay.live(Sample.vote(project: "none")) == "invalid: malformed project-id")
    #expect(try relay.live(Sample.vote(by: Sample.stranger) { $0.append(["p", Sample.stranger.hex]) }) == "invalid: p is not the campaign's Bien")
  }

  @Test("V3: live, the vote has to be open now")
  func phase() throws {
    try relay.live(Sample.campaign(status: "crowdfunding", at: 50))
    #expect(try relay.live(Sample.vote(at: 20), at: Sample.start + 100) == "blocked: no vote is open on this project")
    #expect(try relay.sync(Sample.vote(at: 20)) == Relay.accept)
  }

  @Test("V4: a pubkey has one standing vote on a project; a vote taken back is as never cast, and its author may vote again")
  func once() throws {
    let vote = Sample.vote("+2")
    #expect(try relay.live(vote) == Relay.accept)
    #expect(try relay.live(vote) == Relay.accept)
    #expect(try relay.live(Sample.vote("+3", at: 101)) == "blocked: already voted on this project")
    #expect(try figures() == [200, 1, 0])
    #expect(try relay.live(Sample.deletion(of: [vote], at: 110, by: TestKey("voter"))) == Relay.accept)
    #expect(try figures() == [0, 0, 0])
    let again = Sample.vote("+3", at: 120)
    #expect(try relay.live(again) == Relay.accept)
    #expect(try figures() == [300, 1, 0])
    #expect(try relay.live(Sample.vote("+4", at: 121)) == "blocked: already voted on this project")
    #expect(try relay.live(Sample.deletion(of: [again], at: 130, by: TestKey("voter"))) == Relay.accept)
    #expect(try relay.live(Sample.vote("+4", at: 140)) == Relay.accept)
    #expect(try relay.live(Sample.vote("+5", at: 141)) == "blocked: already voted on this project")
    #expect(try figures() == [400, 1, 0])
  }

  @Test("V4: of the standing votes of one pubkey the earliest counts: when it is taken back, the next")
  func next() throws {
    let votes = [Sample.vote("+2", at: 100), Sample.vote("+7", at: 90), Sample.vote("+9", at: 80)]
    let deletions = votes.enumerated().map { Sample.deletion(of: [$1], at: 200 + UInt64($0), by: TestKey("voter")) }
    for vote in votes { try relay.sync(vote) }
    #expect(try figures() == [900, 1, 0])
    try relay.syncLabelled(deletions[1])
    #expect(try figures() == [900, 1, 0])
    try relay.syncLabelled(deletions[2])
    #expect(try figures() == [200, 1, 0])
    try relay.syncLabelled(deletions[0])
    #expect(try figures() == [0, 0, 0])
  }

  @Test("a deletion whose created_at is before its vote's: the vote was never cast, in either order")
  func deletedBefore() throws {
    let vote = Sample.vote("+2", at: 150)
    let deletion = Sample.deletion(of: [vote], at: 120, by: TestKey("voter"), kinds: ["7"])
    var digests: Set<String> = []
    let label = Sample.label("vote-taken-back", about: deletion)
    for events in [[vote, deletion, label], [deletion, vote, label], [label, deletion, vote]] {
      let relay = try Relay()
      try relay.sync(Sample.campaign(status: "vote_pending"))
      for event in events { #expect(try relay.sync(event) == Relay.accept) }
      #expect(try relay.campaign()?.record.vote.voters == 0)
      digests.insert(try relay.digest())
    }
    #expect(digests.count == 1)
    // It does not approve either, though nothing was approved before it.
    for other in ["a", "b"] { try relay.sync(Sample.vote("+10", by: TestKey(other))) }
    for event in [vote, deletion, label] { try relay.sync(event) }
    #expect(try figures() == [2000, 2, 0])
  }

  @Test("a deletion that is dated after the approval changes nothing; one dated before it undoes it, where nothing was decided live")
  func deletedAfterApproval() throws {
    let votes = ["a", "b", "c"].map { Sample.vote("+10", by: TestKey($0)) }
    for vote in votes { try relay.sync(vote) }
    #expect(try figures() == [3000, 3, 1])
    #expect(try relay.syncLabelled(Sample.deletion(of: [votes[0]], at: 200, by: TestKey("a"))) == Relay.accept)
    #expect(try figures() == [3000, 3, 1])
    #expect(try relay.syncLabelled(Sample.deletion(of: [votes[0]], at: 50, by: TestKey("a"))) == Relay.accept)
    #expect(try figures() == [2000, 2, 0])
    // It is never too late to vote again.
    #expect(try relay.live(Sample.vote("+20", at: 300, by: TestKey("a"))) == Relay.accept)
    #expect(try figures() == [4000, 3, 1])
  }

  @Test("V4: of two votes of one pubkey from sync both are accepted, and the earlier counts, whichever came first")
  func twiceFromSync() throws {
    let votes = [Sample.vote("+2", at: 100), Sample.vote("+7", at: 90)]
    for vote in votes { #expect(try relay.sync(vote) == Relay.accept) }
    #expect(try figures() == [700, 1, 0])
    let other = try Relay()
    try other.live(Sample.campaign(status: "vote_pending"))
    for vote in votes.reversed() { #expect(try other.sync(vote) == Relay.accept) }
    #expect(try other.campaign()?.record.vote.total.hundredths == 700)
    #expect(try other.digest() == relay.digest())
  }

  @Test("V5: anyone may vote where no members are configured, and a vote does not expire")
  func voters() throws {
    #expect(try relay.live(Sample.vote(by: Sample.stranger)) == Relay.accept)
    #expect(try relay.live(Sample.vote { $0.append(["expiration", "1900000000"]) }) == "invalid: a vote must not expire")
  }

  @Test("a vote needs the threshold and the quorum; once approved it takes no more, and the campaign is funded")
  func approval() throws {
    #expect(try relay.live(Sample.vote("+30", by: TestKey("a"))) == Relay.accept)
    #expect(try relay.live(Sample.vote("+1", by: TestKey("b"))) == Relay.accept)
    #expect(try figures() == [3100, 2, 0])
    #expect(try relay.campaign()?.status == .votePending)
    let last = Sample.vote("+1", by: TestKey("c"))
    #expect(try relay.live(last) == Relay.accept)
    #expect(try figures() == [3200, 3, 1])
    #expect(try relay.campaign()?.status == .funded)
    #expect(try relay.live(Sample.vote("+1", by: TestKey("d"))) == "blocked: no vote is open on this project")
    #expect(try relay.live(Sample.deletion(of: [last], at: 101, by: TestKey("c"))) == "blocked: the vote is decided")
    #expect(try figures() == [3200, 3, 1])
  }

  @Test("a quorum without the threshold approves nothing")
  func quorumAlone() throws {
    for name in ["a", "b", "c", "d"] { try relay.live(Sample.vote("+1", by: TestKey(name))) }
    #expect(try figures() == [400, 4, 0])
  }

  @Test("a vote that no version known here allows at its time waits for versions that may still come")
  func early() throws {
    let relay = try Relay()
    try relay.sync(Sample.campaign(status: "draft"))
    let vote = Sample.vote("+2", at: 100)
    #expect(try relay.sync(vote) == "blocked: no vote is open on this project")
    #expect(try relay.parkedCount() == 1)
    #expect(try relay.settle(Sample.campaign(status: "vote_pending", at: 90)) == Relay.accept)
    #expect(try relay.campaign()?.record.vote.voters == 1)
    // It came from sync: the node that took it live labels it.
    #expect(try relay.followUps(.decisionLabel).isEmpty)
    #expect(try relay.parkedCount() == 0)
  }
}
