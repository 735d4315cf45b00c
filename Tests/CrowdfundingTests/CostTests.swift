// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import TestSupport
import Testing

@testable import Crowdfunding

/// Costs by counted work: how many rows one event reads and writes, whatever others prepared.
@Suite("No event of crowdfunding is expensive")
struct CostTests {
  /// Nobody is approved in these.
  static let open = Relay.options(node: nil) {
    $0.assetsVoteThreshold = Amount(hundredths: 1 << 60)
    $0.followUps.nodes = [Relay.node.pubkey]
  }
  static let campaign = Sample.campaign(status: "vote_pending")
  static let address = "30904:\(Sample.captain.hex):crowdfund-48.85-2.35-jardin-CF-TEST-1"

  /// A vote of many, some of it taken back, and one dated ahead.
  private func busy(_ count: Int, _ options: CrowdfundingOptions = open) throws -> MemoryState {
    let state = MemoryState(options)
    try state.judge(Self.campaign, from: .ip4)
    let votes = (0..<count).map { Sample.vote("+5", at: 100 + UInt64($0), by: TestKey($0)) }
    for vote in votes { #expect(try state.judge(vote, from: .sync) == Relay.accept) }
    let back = Sample.deletion(of: [votes[0]], at: 110, by: TestKey(0))
    for event in [back, Sample.label("vote-taken-back", about: back)] { try state.judge(event, from: .sync) }
    try state.judge(Sample.vote("+5", at: 50_000, by: TestKey("ahead")), from: .ip4, at: Sample.start + 49_200)
    return state
  }

  /// Takes back a vote of "late". The rows that are read by what does it: the kind 5, or from sync its label.
  private func takeBack(_ vote: Event, at seconds: UInt64, from source: SourceType, _ state: MemoryState) throws -> Int {
    let back = Sample.deletion(of: [vote], at: seconds, by: TestKey("late"))
    let work = try state.rowsRead(for: back, from: source)
    return source.isLive ? work : try state.rowsRead(for: Sample.label("vote-taken-back", about: back), from: source)
  }

  @Test("a vote, and taking one back, reads as much after many votes as after few, with deletions among them and one dated ahead")
  func votes() throws {
    for (count, source) in [(20, SourceType.ip4), (300, .ip4), (300, .sync)] {
      let state = try busy(count)
      let vote = Sample.vote("+5", at: 5000, by: TestKey("late"))
      #expect((1...12).contains(try state.rowsRead(for: vote, from: source)))
      #expect(state.writes == 3)
      #expect((1...20).contains(try takeBack(vote, at: 5001, from: source, state)))
      #expect(state.writes == (source.isLive ? 2 : 3))
      #expect(try state.campaign()?.vote.voters == UInt64(count))
      // Its author votes again, and again, and takes that back.
      for round in 1..<6 {
        let again = Sample.vote("+5", at: 5000 + UInt64(10 * round), by: TestKey("late"))
        #expect((1...30).contains(try state.rowsRead(for: again, from: source)))
        #expect((1...40).contains(try takeBack(again, at: 5001 + UInt64(10 * round), from: source, state)))
        #expect(try state.campaign()?.vote.voters == UInt64(count))
      }
      // A version that leaves the vote open looks at no vote, though one is dated ahead of it.
      #expect((1...16).contains(try state.rowsRead(for: Sample.campaign(status: "vote_pending", at: 6000), from: source)))
      #expect((count...(count + 30)).contains(try state.rowsRead(for: Sample.campaign(status: "crowdfunding", at: 6001), from: source)))
      // The vote dated ahead was accepted live: it stands here.
      #expect(try state.campaign()?.vote.voters == UInt64(count))
      #expect(try state.campaign()?.tally?.state.voters == UInt64(count - 1))
    }
  }

  @Test("votes behind an approval are added, and those before it where nothing was taken back")
  func approved() throws {
    let options = Relay.options(node: nil) {
      $0.assetsVoteThreshold = Amount(hundredths: 5000)
      $0.followUps.nodes = [Relay.node.pubkey]
    }
    let state = try busy(300, options)
    for seconds: UInt64 in [4000, 4001] {
      let work = try state.rowsRead(for: Sample.vote("+5", at: seconds, by: TestKey("late \(seconds)")), from: .sync)
      #expect((1...12).contains(work))
    }
    #expect(try state.campaign()?.vote.isApproved == true)
    let early = try state.rowsRead(for: Sample.vote("+5", at: 50, by: TestKey("early")), from: .sync)
    #expect((300...340).contains(early))
  }

  @Test("where it hangs by a hair whether the vote was approved, all votes are read, and once")
  func doubtful() throws {
    let options = Relay.options(node: nil) { $0.assetsVoteThreshold = Amount(hundredths: 50_000) }
    let state = MemoryState(options)
    try state.judge(Self.campaign, from: .ip4)
    // Seven stand; one of much weight comes and goes, then two of little: the threshold is reached, and the quorum, never both.
    for number in 0..<7 { try state.judge(Sample.vote("+1", at: 100, by: TestKey("standing \(number)")), from: .ip4) }
    for number in 0..<60 {
      for (index, weight) in ["+1000", "+1", "+1", "+1"].enumerated() {
        let key = TestKey("\(number) \(index)")
        let vote = Sample.vote(weight, at: 200 + UInt64(number * 10 + index * 2), by: key)
        #expect(try state.judge(vote, from: .ip4) == Relay.accept)
        if index == 0 { try state.judge(Sample.deletion(of: [vote], at: 201 + UInt64(number * 10), by: key), from: .ip4) }
        if index == 3 {
          for back in 1...3 {
            let voter = TestKey("\(number) \(back)")
            let small = Sample.vote("+1", at: 200 + UInt64(number * 10 + back * 2), by: voter)
            try state.judge(Sample.deletion(of: [small], at: 208 + UInt64(number * 10), by: voter), from: .ip4)
          }
        }
      }
    }
    #expect(try state.campaign()?.vote.isApproved == false)
    #expect(try state.campaign()?.vote.voters == 7)
    let work = try state.rowsRead(for: Sample.vote("+1", at: 5000, by: TestKey("last")), from: .ip4)
    #expect((1...(247 + 40)).contains(work))
    #expect(try state.campaign()?.vote.voters == 8)
  }

  /// A campaign of many versions, all of which follow each other.
  private func edited(_ count: Int, status: String = "crowdfunding") throws -> MemoryState {
    let state = MemoryState()
    for number in 0..<count {
      #expect(try state.judge(Sample.campaign(status: status, at: UInt64(number)) { $0.append(["x", "\(number)"]) }, from: .sync) == Relay.accept)
    }
    return state
  }

  @Test("a live version reads as much after many versions as after few; one that comes late reads them all, once, and writes only its own")
  func versions() throws {
    for count in [10, 200] {
      let state = try edited(count)
      #expect((1...16).contains(try state.rowsRead(for: Sample.campaign(status: "crowdfunding", at: 1000), from: .ip4)))
      #expect(state.writes == 3)
      let cancelled = Sample.campaign(status: "cancelled", at: 5)
      #expect((count...(count + 20)).contains(try state.rowsRead(for: cancelled, from: .sync)))
      #expect(state.writes == 3)
      #expect(try state.campaign()?.head?.id == cancelled.id)
    }
  }

  @Test("a deletion that names one address many times looks at each version once, refused or accepted")
  func repeated() throws {
    for count in [10, 200] {
      let many = [[String]](repeating: ["a", Self.address], count: 700) + [["k", "30904"]]
      let deletion = Sample.captain.event(kind: 5, createdAt: Sample.start + 5000, tags: many)
      let state = try edited(count)
      #expect((count...(count + 30)).contains(try state.rowsRead(for: deletion, from: .ip4)))
      #expect(state.writes == 2)
      #expect(try state.campaign()?.head == nil)
      let paid = try edited(count)
      try paid.judge(Sample.contribution(at: 4000), from: .ip4)
      let answer = "blocked: a campaign with contributions cannot be deleted"
      #expect((1...20).contains(try paid.rowsRead(for: deletion, from: .ip4, expecting: answer)))
    }
  }

  @Test("a deletion of many distinct addresses, few of which any version has, looks at each version once")
  func distinct() throws {
    let strangers = (0..<700).map { ["a", "30904:\(Sample.captain.hex):crowdfund-48.85-2.35-jardin-\($0)"] }
    let deletion = Sample.captain.event(kind: 5, createdAt: Sample.start + 5000, tags: strangers + [["a", Self.address], ["k", "30904"]])
    let addresses = Set(Deletion(deletion).addresses.map { FoldedAddress($0) })
    #expect(addresses.count == 701)
    for count in [10, 200] {
      let state = try edited(count)
      let project = try #require(try state.campaign()).project
      let versions = try FoldedVersion.all(of: project, epoch: 0, state).versions
      let addressReads = 3 * 701
      #expect((count...(count + addressReads + 40)).contains(try state.rowsRead(for: deletion, from: .ip4)))
      #expect(try state.campaign()?.head == nil)
      #expect(try state.judge(Sample.campaign(status: "crowdfunding", at: 4000), from: .ip4) == "blocked: deleted by its author")

      var looks = 0
      let counted = versions.lazy.map { version in
        looks += 1
        return version
      }
      #expect(FoldedAddress.all(of: counted, among: addresses) == [FoldedAddress(versions[0])])
      #expect(looks == count)
      // The twin: where none of them is a version's, none is found, for as many looks.
      #expect(FoldedAddress.all(of: counted, among: addresses.subtracting([FoldedAddress(versions[0])])).isEmpty)
      #expect(looks == 2 * count)
    }
  }

  @Test("versions, contributions and deletions, many of each, cost their sum and not their product")
  func product() throws {
    for count in [20, 100] {
      let state = try edited(count)
      for number in 0..<count {
        #expect(try state.judge(Sample.contribution("+1", at: 1000, by: TestKey(number)), from: .sync) == Relay.accept)
      }
      // Dated before them all, so that none of them counts, and every deletion has to look at each.
      try state.judge(Sample.campaign(status: "cancelled", at: 500), from: .sync)
      for number in 0..<count {
        let version = Sample.campaign(status: "crowdfunding", at: UInt64(number)) { $0.append(["x", "\(number)"]) }
        let deletion = Sample.deletion(of: [version], at: 2000 + UInt64(number), by: Sample.captain, kinds: ["30904"])
        #expect(try state.judge(deletion, from: .sync) == Relay.accept)
      }
      let last = Sample.deletion(of: [Sample.campaign(status: "cancelled", at: 500)], at: 4000, by: Sample.captain, kinds: ["30904"])
      #expect((1...(2 * count + 40)).contains(try state.rowsRead(for: last, from: .sync)))
      #expect(try state.campaign()?.head == nil)
      #expect(
        try state.rowsRead(for: Sample.contribution(at: 600, by: Sample.cell), from: .sync, expecting: "blocked: campaign not active (cancelled)") > 0
      )
    }
  }

  @Test("a deletion of hundreds of votes on as many campaigns reads each a few times")
  func manyCampaigns() throws {
    let state = MemoryState(Self.open)
    let voter = TestKey("voter")
    let votes = try (0..<100).map { number in
      let project = "CF-MANY-\(number)"
      try state.judge(Sample.campaign(project, status: "vote_pending") { $0.removeAll { $0.last == "bien" || $0.first == "i" } }, from: .ip4)
      let vote = Sample.vote(project: project)
      #expect(try state.judge(vote, from: .ip4) == Relay.accept)
      return vote
    }
    let work = try state.rowsRead(for: Sample.deletion(of: votes, at: 110, by: voter), from: .ip4)
    #expect((100...(100 * 12)).contains(work))
    #expect(try state.campaign("CF-MANY-99")?.vote.voters == 0)
  }

  @Test("one pubkey that votes and takes back without end costs the same each time as all its votes together")
  func restless() throws {
    let state = MemoryState(Self.open)
    try state.judge(Self.campaign, from: .ip4)
    for number in 0..<100 {
      let vote = Sample.vote(at: 100 + UInt64(2 * number))
      try state.judge(vote, from: .sync)
      try state.judge(Sample.deletion(of: [vote], at: 101 + UInt64(2 * number), by: TestKey("voter")), from: .ip4)
    }
    // One more that stands before them all: each of the others stood behind it.
    #expect((100...160).contains(try state.rowsRead(for: Sample.vote("+7", at: 50), from: .sync)))
    #expect(state.writes == 3)
    #expect(try state.campaign()?.vote.total.hundredths == 700)
  }
}
