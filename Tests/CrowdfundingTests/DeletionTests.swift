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
    #expect(try relay.live(Sample.deletion(of: [vote], at: 210, by: voter)) == "blocked: the vote is decided")
    #expect(try relay.campaign()?.record.vote.voters == 1)
  }

  @Test("a deletion never un-pays: live it is refused, from sync it changes nothing")
  func contribution() throws {
    try relay.live(Sample.campaign(status: "crowdfunding", at: 10))
    let event = Sample.contribution()
    try relay.live(event)
    let digest = try relay.digest()
    let deletion = Sample.deletion(of: [event], at: 110, by: giver, kinds: ["7"])
    #expect(try relay.live(deletion) == "blocked: a contribution that was counted cannot be deleted")
    #expect(try relay.sync(deletion) == Relay.accept)
    #expect(try relay.collected() == 500)
    #expect(try relay.digest() == digest)
    let other = try Relay()
    for event in [campaign, Sample.campaign(status: "crowdfunding", at: 10), deletion, event] { #expect(try other.sync(event) == Relay.accept) }
    #expect(try other.collected() == 500)
    #expect(try other.digest() == digest)
  }

  @Test("one blocked target refuses the whole deletion")
  func allOrNothing() throws {
    let vote = Sample.vote()
    try relay.live(vote)
    let other = Sample.campaign("CF-OTHER", status: "crowdfunding", by: voter) { $0.removeAll { $0.last == "bien" || $0.first == "i" } }
    try relay.live(other)
    let gift = Sample.contribution("+5", by: voter, project: "CF-OTHER")
    try relay.live(gift)
    #expect(
      try relay.live(Sample.deletion(of: [vote, gift], at: 110, by: voter)) == "blocked: a contribution that was counted cannot be deleted")
    #expect(try relay.campaign()?.record.vote.voters == 1)
    #expect(try relay.live(Sample.deletion(of: [vote], at: 111, by: voter)) == Relay.accept)
    #expect(try relay.campaign()?.record.vote.voters == 0)
  }

  @Test("live, a deletion that names a vote is at most an hour old; from sync it may be of any age")
  func age() throws {
    let vote = Sample.vote()
    try relay.live(vote)
    let deletion = Sample.deletion(of: [vote], at: 110, by: voter)
    #expect(try relay.live(deletion, at: Sample.start + 110 + 3601) == "invalid: created_at is too old for a deletion")
    #expect(try relay.live(deletion, at: Sample.start + 110 + 3600) == Relay.accept)
    #expect(try relay.campaign()?.record.vote.voters == 0)
    let campaign = Sample.campaign("CF-OTHER") { $0.removeAll { $0.last == "bien" || $0.first == "i" } }
    try relay.live(campaign)
    #expect(try relay.live(Sample.deletion(of: [campaign], at: 110, by: Sample.captain), at: Sample.start + 9000) == Relay.accept)
  }

  @Test("live, a deletion cannot be deleted; from sync that changes nothing")
  func deletionOfDeletion() throws {
    let vote = Sample.vote()
    try relay.live(vote)
    let deletion = Sample.deletion(of: [vote], at: 110, by: voter)
    try relay.live(deletion)
    let second = Sample.deletion(of: [deletion], at: 120, by: voter)
    #expect(try relay.live(second) == "blocked: a deletion cannot be deleted")
    #expect(try relay.sync(second) == Relay.accept)
    #expect(try relay.live(Sample.deletion(of: [deletion], at: 120, by: Sample.stranger)) == Relay.accept)
    #expect(try relay.campaign()?.record.vote.voters == 0)
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

  private static let address = "30904:\(Sample.captain.hex):crowdfund-48.85-2.35-jardin-CF-TEST-1"

  private func byAddress(at seconds: UInt64, kinds: [String] = ["30904"], by author: TestKey = Sample.captain) -> Event {
    author.event(kind: 5, createdAt: Sample.start + seconds, tags: [["a", Self.address]] + kinds.map { ["k", $0] })
  }

  @Test("a deletion by address covers the versions before it and of its own second, those too that arrive later")
  func lateVersion() throws {
    try relay.sync(byAddress(at: 150))
    for seconds: UInt64 in [20, 150] {
      #expect(try relay.live(Sample.campaign(status: "vote_pending", at: seconds)) == "blocked: deleted by its author")
      #expect(try relay.sync(Sample.campaign(status: "vote_pending", at: seconds)) == Relay.accept)
      #expect(try relay.campaign()?.record.head == nil)
    }
    let again = Sample.campaign(status: "draft", at: 151)
    #expect(try relay.live(again) == Relay.accept)
    #expect(try relay.campaign()?.record.head?.id == again.id)
  }

  @Test("a deletion by address that comes before its campaign is remembered for ever, as one by id is: the same digest in both orders")
  func addressFirst() throws {
    let year: UInt64 = 365 * 86_400
    for deletion in [byAddress(at: 50), Sample.deletion(of: [campaign], at: 50, by: Sample.captain, kinds: ["30904"])] {
      let first = try Relay()
      #expect(try first.live(deletion) == Relay.accept)
      #expect(try first.live(campaign, at: Sample.start + year) == "blocked: deleted by its author")
      #expect(try first.sync(campaign, at: Sample.start + year) == Relay.accept)
      #expect(try first.campaign()?.record.head == nil)
      #expect(try first.live(Sample.vote(at: 60)) == "blocked: no vote is open on this project")
      let after = try Relay()
      #expect(try after.sync(campaign) == Relay.accept)
      #expect(try after.sync(deletion) == Relay.accept)
      #expect(try after.campaign()?.record.head == nil)
      #expect(try after.digest() == first.digest())
    }
    // Another's deletion says nothing.
    let foreign = try Relay()
    #expect(try foreign.sync(byAddress(at: 50, by: Sample.stranger)) == Relay.accept)
    #expect(try foreign.live(campaign) == Relay.accept)
  }

  @Test("a deletion of an old version leaves the campaign that was changed since; one of the newest deletes it")
  func oldVersion() throws {
    let newer = Sample.campaign(status: "vote_pending", at: 100) { $0.append(["x", "news"]) }
    let old = Sample.deletion(of: [campaign], at: 150, by: Sample.captain, kinds: ["30904"])
    let new = Sample.deletion(of: [newer], at: 160, by: Sample.captain, kinds: ["30904"])
    let events = [campaign, newer, old, new]
    var digests: [Set<EventID>: Set<String>] = [:]
    for order in [[0, 1, 2], [0, 2, 1], [2, 0, 1], [0, 1, 3], [3, 0, 1], [1, 3, 0]] {
      let relay = try Relay()
      for index in order { #expect(try relay.sync(events[index]) == Relay.accept) }
      #expect(try relay.campaign()?.record.head?.id == (order.contains(2) ? newer.id : nil))
      digests[Set(order.map { events[$0].id }), default: []].insert(try relay.digest())
    }
    #expect(digests.values.allSatisfy { $0.count == 1 })
    #expect(digests.count == 2)
  }

  @Test("a campaign is deleted unless money that counts or a standing vote is dated before the deletion, or a version after it")
  func fold() throws {
    let running = Sample.campaign(status: "crowdfunding", at: 10)
    let vote = Sample.vote(at: 5, by: voter)
    let back = Sample.deletion(of: [vote], at: 8, by: voter, kinds: ["7"])
    let deletion = byAddress(at: 200)
    let cases: [([Event], Bool)] = [
      ([campaign, running, deletion], true), ([campaign, running, Sample.contribution(at: 100), deletion], false),
      ([campaign, running, Sample.contribution(at: 300), deletion], true), ([campaign, vote, running, deletion], false),
      ([campaign, vote, back, Sample.label("vote-taken-back", about: back), running, deletion], true),
      ([campaign, running, deletion, Sample.campaign(status: "draft", at: 201)], false),
    ]
    for (events, isDeleted) in cases {
      var digests: Set<String> = []
      for order in [events, events.reversed()] {
        let relay = try Relay()
        for event in order { try relay.settle(event) }
        #expect(try (relay.campaign()?.record.head == nil) == isDeleted)
        #expect(try relay.journalCount() == events.count)
        digests.insert(try relay.digest())
      }
      #expect(digests.count == 1)
    }
  }

  @Test(
    "a deletion that came first is remembered: live the event is refused, from sync it is folded with its deletion",
    arguments: ["5", "7", "9742", "30023", "30904"])
  func remembered(kind: String) throws {
    let vote = Sample.vote()
    #expect(try relay.live(Sample.deletion(of: [vote], at: 110, by: voter, kinds: [kind])) == Relay.accept)
    #expect(try relay.live(vote, at: Sample.start + 120) == "blocked: deleted by its author")
    #expect(try relay.sync(vote, at: Sample.start + 120) == Relay.accept)
    #expect(try relay.campaign()?.record.vote.voters == 0)
    #expect(try relay.live(Sample.vote(at: 130)) == Relay.accept)
  }

  @Test("a deletion without our k of an unknown event is not ours")
  func unclaimed() throws {
    let vote = Sample.vote()
    let rows = try relay.journalCount()
    #expect(try !MemoryState().owns(Sample.deletion(of: [vote], at: 110, by: voter, kinds: ["1"])))
    #expect(try relay.live(Sample.deletion(of: [vote], at: 110, by: voter, kinds: ["1"])) == Relay.accept)
    #expect(try relay.journalCount() == rows)
    #expect(try relay.live(vote, at: Sample.start + 120) == Relay.accept)
  }

  @Test("deletions are remembered for ever, however many there are")
  func memory() throws {
    let votes = (0..<150).map { Sample.vote(at: 100 + UInt64($0)) }
    try relay.live(Sample.deletion(of: votes, at: 300, by: voter, kinds: ["7"]))
    let century: UInt64 = 100 * 365 * 86_400
    for vote in [votes[0], votes[149]] { #expect(try relay.live(vote, at: Sample.start + century) == "blocked: deleted by its author") }
    #expect(try relay.live(votes[0], at: Sample.start + 500) == "blocked: deleted by its author")
    let gift = Sample.contribution()
    try relay.live(Sample.deletion(of: [gift], at: 90, by: giver, kinds: ["7"]))
    try relay.live(Sample.campaign(status: "crowdfunding", at: 95))
    #expect(try relay.live(gift, at: Sample.start + century) == "blocked: deleted by its author")
  }

  @Test("a deletion that says no kinds, of an author and of something not known here, is kept aside, and decided when what it names comes")
  func keptAside() throws {
    for tags in [[["e", campaign.id.hex]], [["a", Self.address]]] {
      let state = MemoryState()
      let deletion = Sample.captain.event(kind: 5, createdAt: Sample.start + 50, tags: tags)
      #expect(try state.owns(deletion))
      #expect(try state.judge(deletion, from: .sync) == MemoryState.kept)
      #expect(try state.judge(deletion, from: .sync, isSummoned: true) == Relay.accept)
      #expect(try state.judge(campaign, from: .ip4) == "blocked: deleted by its author")
      #expect(try state.judge(campaign, from: .sync) == Relay.accept)
      #expect(try state.campaign()?.head == nil)
      // Now its author is known, and what it deletes is remembered for ever.
      let vote = Sample.vote(by: Sample.captain)
      #expect(try state.judge(Sample.deletion(of: [vote], at: 60, by: Sample.captain), from: .sync) == Relay.accept)
      #expect(try state.judge(vote, from: .ip4) == "blocked: deleted by its author")
    }
  }

  @Test("a deletion that says no kinds gives the same digest before its target and behind it, by id and by address, live and from sync")
  func withoutKinds() throws {
    let vote = Sample.vote()
    let first = Sample.campaign("CF-FIRST", status: "vote_pending") { $0.removeAll { $0.last == "bien" || $0.first == "i" } }
    let cases: [(target: Event, deletion: Event, project: String)] = [
      (campaign, Sample.deletion(of: [campaign], at: 50, by: Sample.captain), "CF-TEST-1"),
      (campaign, Sample.captain.event(kind: 5, createdAt: Sample.start + 50, tags: [["a", Self.address]]), "CF-TEST-1"),
      (vote, Sample.deletion(of: [vote], at: 110, by: voter), "CF-TEST-1"),
      (first, Sample.deletion(of: [first], at: 50, by: Sample.captain), "CF-FIRST"),
    ]
    for (target, deletion, project) in cases {
      var digests: Set<String> = []
      for order in [[target, deletion], [deletion, target]] {
        let relay = try Relay()
        if target.id == vote.id { try relay.sync(campaign) }
        let label = Sample.label("vote-taken-back", about: deletion)
        for event in order + [label] { #expect(try relay.settle(event, at: Sample.start + 200) == Relay.accept) }
        #expect(try relay.parkedCount() == 0)
        let view = try #require(try relay.campaign(project))
        #expect(target.id == vote.id ? view.record.vote.voters == 0 : view.record.head == nil)
        digests.insert(try relay.digest())
      }
      #expect(digests.count == 1)
      let relay = try Relay()
      if target.id == vote.id { try relay.sync(campaign) }
      #expect(try relay.live(deletion) == Relay.accept)
      #expect(try relay.live(target, at: Sample.start + 200) == "blocked: deleted by its author")
    }
  }

  @Test("a deletion that names nothing of its author's that is known is no update of what exists")
  func reserved() throws {
    let vote = Sample.vote()
    try relay.live(vote)
    for (deletion, opens) in [
      (Sample.deletion(of: [vote], at: 110, by: voter), false), (Sample.deletion(of: [Sample.vote(at: 120)], at: 130, by: voter, kinds: ["7"]), true),
      (byAddress(at: 1, by: Sample.stranger), nil),
    ] as [(Event, Bool?)] {
      let explanation = try relay.judge.explain(raw: deletion.raw, in: Circumstances(receivedAt: deletion.createdAt, source: .ip4))
      #expect(explanation.effects?.yieldsWhenFull == opens)
    }
  }

  @Test("a deletion by an address that first carried one project and then another deletes both, in every order")
  func addressOfTwoProjects() throws {
    func version(_ project: String, at seconds: UInt64) -> Event {
      Sample.campaign(project, status: "crowdfunding", at: seconds) { tags in
        tags = tags.filter { $0.first != "i" && $0.last != "bien" }.map { $0.first == "d" ? ["d", "crowdfund-48.85-2.35-shared"] : $0 }
      }
    }
    let events = [version("CF-FIRST", at: 0), version("CF-SECOND", at: 10)]
    let address = "30904:\(Sample.captain.hex):crowdfund-48.85-2.35-shared"
    let deletion = Sample.captain.event(kind: 5, createdAt: Sample.start + 100, tags: [["a", address], ["k", "30904"]])
    var digests: Set<String> = []
    for order in [[events[0], events[1], deletion], [events[0], deletion, events[1]], [deletion, events[1], events[0]], [events[1], events[0], deletion]] {
      let relay = try Relay()
      for event in order { #expect(try relay.sync(event) == Relay.accept) }
      for project in ["CF-FIRST", "CF-SECOND"] { #expect(try relay.campaign(project)?.record.head == nil) }
      digests.insert(try relay.digest())
    }
    #expect(digests.count == 1)
  }
}
