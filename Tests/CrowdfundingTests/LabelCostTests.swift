// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import TestSupport
import Testing

@testable import Crowdfunding

@Suite("Labels cost what they change")
struct LabelCostTests {
  private let node = Relay.node

  private func voted(_ count: Int) throws -> (MemoryState, [Event]) {
    let state = MemoryState(CostTests.open)
    try state.judge(CostTests.campaign, from: .ip4)
    let votes = (0..<count).map { Sample.vote("+5", at: 100 + UInt64($0), by: TestKey($0)) }
    for vote in votes { #expect(try state.judge(vote, from: .sync) == Relay.accept) }
    return (state, votes)
  }

  @Test("an announcement reads as much after many votes as after few, and less when it says nothing new")
  func announcements() throws {
    for count in [20, 300] {
      let (state, votes) = try voted(count)
      #expect((1...16).contains(try state.rowsRead(for: Sample.label("vote-approved", about: votes[0]), from: .sync)))
      #expect(try state.campaign()?.isDisputed == true)
      #expect((1...2).contains(try state.rowsRead(for: Sample.label("vote-approved", about: votes[1]), from: .sync)))
      #expect(state.writes == 0)
      #expect((1...16).contains(try state.rowsRead(for: Sample.label("vote-recorded", about: votes[0]), from: .sync)))
      #expect((1...4).contains(try state.rowsRead(for: Sample.label("vote-recorded", about: votes[1]), from: .sync)))
      #expect((1...16).contains(try state.rowsRead(for: Sample.receipt(of: votes[0]), from: .sync)))
      #expect((1...2).contains(try state.rowsRead(for: Sample.receipt(of: votes[1]), from: .sync)))
      #expect((1...16).contains(try state.rowsRead(for: Sample.label("resolved", outcome: "open"), from: .sync)))
      #expect((1...30).contains(try state.rowsRead(for: Sample.vote("+5", at: 5000, by: TestKey("late")), from: .sync)))
    }
  }

  @Test("a label of a kind 5 that names a hundred votes reads each a few times, and once more nothing is folded")
  func manyVotes() throws {
    let state = MemoryState(CostTests.open)
    let votes = try (0..<100).map { number in
      let project = "CF-MANY-\(number)"
      try state.judge(Sample.campaign(project, status: "vote_pending") { $0.removeAll { $0.last == "bien" || $0.first == "i" } }, from: .ip4)
      let vote = Sample.vote(project: project)
      #expect(try state.judge(vote, from: .sync) == Relay.accept)
      return vote
    }
    let back = Sample.deletion(of: votes, at: 110, by: TestKey("voter"))
    #expect((100...(100 * 8)).contains(try state.rowsRead(for: back, from: .sync)))
    #expect(state.writes == 0)
    #expect((100...(100 * 14)).contains(try state.rowsRead(for: Sample.label("vote-taken-back", about: back), from: .sync)))
    #expect(try state.campaign("CF-MANY-99")?.vote.voters == 0)
    let again = Sample.label("vote-taken-back", about: back, at: 111)
    #expect((100...(100 * 8)).contains(try state.rowsRead(for: again, from: .sync)))
    #expect(state.writes == 1)
  }

  @Test("votes that were recorded elsewhere on a campaign that the fold has deleted cost their sum, and not their product")
  func recorded() throws {
    for count in [20, 200] {
      let state = MemoryState(CostTests.open)
      try state.judge(CostTests.campaign, from: .sync)
      try state.judge(Sample.deletion(of: [CostTests.campaign], at: 50, by: Sample.captain, kinds: ["30904"]), from: .sync)
      for number in 0..<count {
        let vote = Sample.vote("+5", at: 100 + UInt64(number), by: TestKey(number))
        for event in [vote, Sample.label("vote-recorded", about: vote)] { #expect(try state.judge(event, from: .sync) == Relay.accept) }
      }
      #expect(try state.campaign()?.isDisputed == true)
      let work = try state.rowsRead(for: Sample.vote("+5", at: 5000, by: TestKey("late")), from: .sync)
      #expect((count...(6 * count + 60)).contains(work))
    }
  }
}
