// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Nostr
import Policy
import TestSupport
import Testing

@Suite("Labels and receipts of the constellation")
struct LabelTests {
  private let relay: Relay
  private let campaign = Sample.campaign(status: "vote_pending")
  private let voter = TestKey("voter")
  private let friend = TestKey("friend")

  init() throws {
    let friend = TestKey("friend")
    relay = try Relay(Relay.options { $0.followUps.nodes = [friend.pubkey] })
    #expect(try relay.live(campaign) == Relay.accept)
  }

  @Test("a node's label is journalled whatever its source, once; a stranger's passes, and so does one that says something else")
  func claimed() throws {
    let vote = Sample.vote()
    let label = Sample.label("vote-recorded", about: vote, by: friend)
    var rows = try relay.journalCount()
    for name in ["vote-recorded", "vote-approved", "vote-taken-back"] {
      for node in [Relay.node, friend] {
        #expect(try relay.sync(Sample.label(name, about: vote, by: node)) == Relay.accept)
        rows += 1
        #expect(try relay.journalCount() == rows)
      }
    }
    #expect(try relay.live(label) == Relay.accept)
    #expect(try relay.sync(Sample.label("vote-recorded", about: vote, by: Sample.stranger)) == Relay.accept)
    #expect(try relay.sync(Sample.label("poll-decided", about: vote, by: friend)) == Relay.accept)
    #expect(try relay.journalCount() == rows)
  }

  @Test("a label that does not say what it is about is refused")
  func malformed() throws {
    let vote = Sample.vote()
    for label in [
      Sample.label("vote-recorded", by: friend), Sample.label("vote-taken-back", by: friend),
      Sample.label("vote-approved", about: vote, by: friend, project: nil), Sample.label("resolved", by: friend),
      Sample.label("resolved", by: friend, outcome: "maybe"), Sample.label("resolved", by: friend, project: "nonsense", outcome: "open"),
    ] { #expect(try relay.sync(label) == "invalid: malformed label") }
    for label in [Sample.label("vote-recorded", about: vote, by: friend, project: nil), Sample.label("resolved", by: friend, outcome: "open")] {
      #expect(try relay.sync(label) == Relay.accept)
    }
  }

  @Test("vote, kind 5 and label give the same in every order, also a label by two nodes, and a kind 5 that comes twice")
  func anyOrder() throws {
    let vote = Sample.vote()
    let back = Sample.deletion(of: [vote], at: 110, by: voter, kinds: ["7"])
    let events = [vote, back, Sample.label("vote-taken-back", about: back), Sample.label("vote-taken-back", about: back, by: friend)]
    var digests: Set<String> = []
    for first in 0..<4 {
      for second in 0..<4 where second != first {
        let rest = (0..<4).filter { $0 != first && $0 != second }
        for order in [[first, second] + rest, [first, second] + rest.reversed()] {
          let relay = try Relay(relay.options)
          try relay.sync(campaign)
          for index in order { #expect(try relay.settle(events[index]) == Relay.accept) }
          #expect(try relay.campaign()?.record.vote.voters == 0)
          digests.insert(try relay.digest())
        }
      }
    }
    #expect(digests.count == 1)
  }

  @Test("of two kind 5s that name a vote the labelled one counts, in every order, also where both came before the vote")
  func twoDeletions() throws {
    let vote = Sample.vote()
    let backdated = Sample.deletion(of: [vote], at: 101, by: voter, kinds: ["7"])
    let back = Sample.deletion(of: [vote], at: 150, by: voter)
    let events = [vote, backdated, back, Sample.label("vote-taken-back", about: back, by: friend)]
    var digests: Set<String> = []
    func orders(_ rest: [Event], after order: [Event] = []) -> [[Event]] {
      rest.isEmpty ? [order] : rest.indices.flatMap { index in
        var others = rest
        let next = others.remove(at: index)
        return orders(others, after: order + [next])
      }
    }
    for order in orders(events) {
      let relay = try Relay(Relay.options { $0.followUps.nodes = [friend.pubkey] })
      for event in [campaign] + order { #expect(try relay.sync(event) == Relay.accept) }
      digests.insert(try relay.digest())
    }
    #expect(digests.count == 1)
    let without = try Relay()
    #expect(try without.sync(campaign) == Relay.accept)
    #expect(try without.digest() == digests.first)
  }

  @Test("this node labels a live kind 5 that names a vote, or what may be one, and no other; from sync none")
  func takenBack() throws {
    let votes = [Sample.vote(at: 100), Sample.vote(at: 101, by: friend), Sample.vote(at: 102, by: Sample.cell)]
    for vote in votes[..<2] { #expect(try relay.live(vote) == Relay.accept) }
    let known = Sample.deletion(of: [votes[0]], at: 110, by: voter)
    let unknown = Sample.deletion(of: [votes[2]], at: 110, by: Sample.cell, kinds: ["7"])
    #expect(try relay.live(known) == Relay.accept)
    #expect(try relay.live(unknown) == Relay.accept)
    #expect(try relay.sync(Sample.deletion(of: [votes[1]], at: 110, by: friend)) == Relay.accept)
    let labels = try relay.published().filter { $0.tags.contains("l", value: "vote-taken-back") }
    #expect(Set(labels.compactMap { $0.tags.first(named: "e")?[1]?.string }) == [known.id.hex, unknown.id.hex])
    #expect(labels.first { $0.tags.contains("project-id", value: "CF-TEST-1") } != nil)
    // Dated back by more than an hour, it may name a vote that stands elsewhere: it takes none back.
    let before = try relay.published().count
    let dated = Sample.deletion(of: [Sample.vote(at: 50, by: Sample.captain)], at: 60, by: Sample.captain, kinds: ["7"])
    #expect(try relay.live(dated, at: Sample.start + 5000) == Relay.accept)
    #expect(try relay.published().count == before)
    #expect(try relay.sync(Sample.vote(at: 50, by: Sample.captain)) == Relay.accept)
    #expect(try relay.campaign()?.record.vote.voters == 2)
  }

  @Test("no kind 5 takes a label or a receipt back, whatever its source: relays would drop it, and late ones miss it")
  func undeletable() throws {
    let vote = Sample.vote()
    try relay.live(vote)
    let back = Sample.deletion(of: [vote], at: 110, by: voter)
    let label = Sample.label("vote-taken-back", about: back, by: friend)
    let receipt = Sample.receipt(of: Sample.contribution(), by: friend)
    for event in [back, label, receipt] { #expect(try relay.sync(event) == Relay.accept) }
    #expect(try relay.campaign()?.record.vote.voters == 0)
    for (event, answer) in [(label, "blocked: a label cannot be deleted"), (receipt, "blocked: a receipt cannot be deleted")] {
      let deletion = Sample.deletion(of: [event], at: 120, by: friend)
      #expect(try relay.live(deletion) == answer)
      #expect(try relay.sync(deletion) == answer)
    }
    #expect(try relay.campaign()?.record.vote.voters == 0)
  }

  @Test("a receipt comes from a node of the constellation and says what it is of; a record that is no receipt passes")
  func receipts() throws {
    let gift = Sample.contribution()
    let rows = try relay.journalCount()
    #expect(try relay.sync(Sample.receipt(of: gift, by: Sample.stranger)) == "restricted: receipts come from the campaign's node")
    let empty = friend.event(kind: 9742, createdAt: Sample.start, tags: [["role", "receipt"], ["project-id", "CF-TEST-1"]])
    #expect(try relay.sync(empty) == "invalid: malformed receipt")
    let record = Sample.stranger.event(kind: 9742, createdAt: Sample.start, tags: [["project-id", "CF-TEST-1"], ["amount", "5"]])
    #expect(try relay.live(record) == Relay.accept)
    #expect(try relay.journalCount() == rows)
    #expect(try relay.sync(Sample.receipt(of: gift, by: friend)) == Relay.accept)
    #expect(try relay.sync(Sample.receipt(of: gift, by: friend)) == Relay.accept)
    #expect(try relay.journalCount() == rows + 1)
    #expect(try relay.collected() == 0)
  }

  @Test("announcements that come before their campaign are found by it")
  func early() throws {
    let first = try Relay(relay.options)
    #expect(try first.sync(Sample.label("vote-approved", about: Sample.vote(), by: friend)) == Relay.accept)
    #expect(try first.sync(campaign) == Relay.accept)
    #expect(try first.campaign()?.record.isDisputed == true)
    #expect(try relay.campaign()?.record.isDisputed == false)
    #expect(try relay.sync(Sample.label("vote-approved", about: Sample.vote(), by: friend)) == Relay.accept)
    #expect(try relay.campaign()?.record.isDisputed == true)
    #expect(try relay.digest() == first.digest())
  }

  @Test("of several resolutions of one node the newest counts, in any order; decisions are replayed by a rebuild")
  func newest() throws {
    let labels = [("open", 10), ("approved", 20), ("open", 30)].map { Sample.label("resolved", by: friend, outcome: $0, at: $1) }
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
      let relay = try Relay(relay.options)
      try relay.sync(campaign)
      for index in order { #expect(try relay.sync(labels[index]) == Relay.accept) }
      #expect(try relay.campaign()?.record.vote.isApproved == false)
      #expect(try relay.sync(Sample.label("resolved", by: friend, outcome: "approved", at: 40)) == Relay.accept)
      #expect(try relay.campaign()?.record.vote.isApproved == true)
    }
  }
}
