// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import TestSupport
import Testing

@testable import Crowdfunding

/// Rows as programs before schema 3 wrote them.
@Suite("States of before")
struct StoredFormTests {
  private enum Old {
    static func put(_ terms: CampaignTerms, to writer: inout RecordWriter) {
      var now = RecordWriter()
      now.put(terms)
      // The newest layout ends with the owners' commons: presence 1 · amount 8.
      writer.put(fixed: now.bytes.dropLast(9))
    }

    static func campaign(
      _ record: CampaignRecord, hasDeletions: Bool = false, hasVoteDeletions: Bool = false, vote: VoteState = VoteState()
    ) -> StateChange {
      var writer = RecordWriter()
      writer.put(UInt8(1))
      writer.put(record.epoch)
      writer.put(record.trust.rawValue)
      writer.put(hasDeletions)
      writer.put(hasVoteDeletions)
      writer.put(false)
      writer.put(record.captain)
      writer.put(optional: record.bien) { $0.put($1) }
      writer.put(optional: record.wallet) { $0.put($1) }
      writer.put(optional: record.cell) { $0.put($1) }
      writer.put(optional: record.latest) {
        $0.put($1.id)
        $0.put($1.author)
        $0.put($1.createdAt)
        $0.put($1.unclaimedStatus.rawValue)
        put($1.terms, to: &$0)
      }
      writer.put(vote)
      return .put(CrowdfundingState.campaigns, key: record.project.bytes, value: writer.bytes)
    }

    static func version(_ record: CampaignRecord, _ head: CampaignRecord.Head, deletion: FoldPosition? = nil) -> StateChange {
      var writer = RecordWriter()
      for byte: UInt8 in [1, 0, 1, 0, 3] { writer.put(byte) }
      writer.put(head.id)
      writer.put(head.author)
      writer.put(head.createdAt)
      writer.put(optional: deletion) { $0.put($1) }
      put(head.terms, to: &writer)
      return .put(CrowdfundingState.versions, key: VersionRecord.key(record.project, head.createdAt, head.id), value: writer.bytes)
    }

    static func vote(_ project: ProjectID, _ event: Event, isLive: Bool = true) -> StateChange {
      ballot(project, event, type: 1, isLive: isLive) {
        $0.put(Amount(hundredths: UInt64(event.content.string.dropFirst()).map { $0 * 100 } ?? 0))
        $0.put(false)
        $0.put(false)
      }
    }

    static func ballot(_ project: ProjectID, _ event: Event, type: UInt8, isLive: Bool = false, _ rest: (inout RecordWriter) -> Void) -> StateChange {
      var writer = RecordWriter()
      for byte: UInt8 in [1, type, isLive ? 1 : 0, 1] { writer.put(byte) }
      writer.put(event.pubkey)
      rest(&writer)
      return .put(CrowdfundingState.ballots, key: CrowdfundingState.timedKey(project, event.createdAt, event.id), value: writer.bytes)
    }
  }

  @Test("a campaign of before is read whole, its optional goals and commons from the event itself")
  func campaign() throws {
    let event = Sample.campaign(status: "crowdfunding") {
      $0 += [["goal", "ZEN_COMMONS", "10", "0", "optional"], ["owner", Sample.cell.hex, "commons", "7", "ZEN"]]
    }
    let state = MemoryState()
    try state.judge(event, from: .ip4)
    let now = try #require(try state.campaign())
    state.apply([Old.campaign(now, vote: VoteState()), Old.version(now, try #require(now.latest))])
    let old = try #require(try state.campaign())
    #expect(old.head?.terms == now.head?.terms)
    #expect(old.head?.terms.commons == Amount(hundredths: 700))
    #expect(old.tally == nil)
    let digest = try state.digest()
    #expect(
      try state.judge(
        Sample.campaign(status: "crowdfunding", at: 10) {
          $0 += [["goal", "ZEN_COMMONS", "10", "0", "optional"], ["owner", Sample.cell.hex, "commons", "7", "ZEN"]]
        }, from: .ip4) == Relay.accept)
    #expect(try state.campaign()?.tally == VoteTally())
    #expect(try state.digest() != digest)
  }

  @Test("a campaign of before has rivals as one of today has: behind it and before it")
  func rivals() throws {
    let first = Sample.campaign(status: "crowdfunding", at: 50)
    let rivals = [90, 10].map { RivalTests.campaign(at: $0, by: RivalTests.squatter) } + [RivalTests.project("CF-B", at: 5, by: Sample.stranger)]
    for rival in rivals {
      let (state, fresh) = (MemoryState(), MemoryState())
      for state in [state, fresh] { try state.judge(first, from: .ip4) }
      let now = try #require(try state.campaign())
      state.apply([Old.campaign(now), Old.version(now, try #require(now.latest))])
      for state in [state, fresh] { #expect(try state.judge(rival, from: .sync) == Relay.accept) }
      #expect(try state.digest() == fresh.digest())
      #expect(try state.campaign()?.captain == fresh.campaign()?.captain)
      #expect(try state.campaign()?.isDisputed == true)
      #expect(try state.campaign()?.isRivalled == true)
    }
  }

  @Test("versions of before fold with their optional goals, which they do not hold, as in a rebuild from the same events", arguments: [true, false])
  func optionalGoals(isOptionalLater: Bool) throws {
    func edition(_ isOptional: Bool, at seconds: UInt64) -> Event {
      Sample.campaign(status: "crowdfunding", at: seconds) {
        $0.append(["goal", "ZEN_COMMONS", "10", "0"] + (isOptional ? ["optional"] : []))
      }
    }
    // The goal's being optional may not change while the campaign runs (C14): a second version that changes it is not in force.
    let first = edition(true, at: 0)
    let second = edition(isOptionalLater, at: 10)
    let state = MemoryState()
    try state.judge(first, from: .sync)
    let one = try #require(try state.campaign()?.latest)
    try state.judge(second, from: .sync)
    let rebuilt = try state.digest()
    let now = try #require(try state.campaign())
    #expect(now.latest?.id == (isOptionalLater ? second.id : first.id))
    let terms = try VersionRecord(decoding: version(second, of: now, in: state)).terms
    let two = CampaignRecord.Head(id: second.id, author: second.pubkey, createdAt: second.createdAt, terms: terms, unclaimedStatus: .crowdfunding)
    let rows = [Old.version(now, one), Old.version(now, two)]
    // The program of before took the second for the head.
    var before = now
    before.latest = two
    state.apply(rows + [Old.campaign(before)])
    #expect(try state.digest() == rebuilt)
    #expect(try version(first, of: now, in: state).first == 1)

    // What comes next is folded with them, as where they were never stored otherwise, and brings their rows up to date.
    let third = edition(true, at: 20)
    let fresh = MemoryState()
    for event in [first, second, third] { try fresh.judge(event, from: .sync) }
    #expect(try state.judge(third, from: .sync) == Relay.accept)
    #expect(try state.digest() == fresh.digest())
    #expect(try state.campaign() == fresh.campaign())
    for event in [first, second] {
      #expect(try version(event, of: now, in: state) == version(event, of: now, in: fresh))
    }
  }

  private func version(_ event: Event, of campaign: CampaignRecord, in state: MemoryState) throws -> [UInt8] {
    try #require(try state.value(CrowdfundingState.versions, VersionRecord.key(campaign.project, event.createdAt, event.id)))
  }

  @Test("a deletion of a version of before leaves its goals what they are")
  func deletedVersion() throws {
    let event = Sample.campaign(status: "crowdfunding") { $0.append(["goal", "ZEN_COMMONS", "10", "0", "optional"]) }
    let state = MemoryState()
    try state.judge(event, from: .sync)
    let now = try #require(try state.campaign())
    state.apply([Old.campaign(now), Old.version(now, try #require(now.latest))])
    let deletion = Sample.deletion(of: [event], at: 50, by: Sample.captain, kinds: ["30904"])
    #expect(try state.judge(deletion, from: .sync) == Relay.accept)
    let record = try VersionRecord(decoding: version(event, of: now, in: state))
    #expect(record.deletion == FoldPosition(createdAt: deletion.createdAt, id: deletion.id))
    #expect(record.terms == now.latest?.terms)
    #expect(record.terms.goals.contains { $0.isOptional })
  }

  @Test("votes of before, and deletions of votes in rows of their own, fold as they did")
  func votes() throws {
    let state = MemoryState()
    try state.judge(Sample.campaign(status: "vote_pending"), from: .ip4)
    let record = try #require(try state.campaign())
    let project = record.project
    let votes = [Sample.vote("+2", by: TestKey("a")), Sample.vote("+3", by: TestKey("b"))]
    let deletion = Sample.deletion(of: [votes[0]], at: 120, by: TestKey("a"))
    var vote = VoteState()
    vote.total = Amount(hundredths: 300)
    vote.voters = 1
    state.apply(
      votes.map { Old.vote(project, $0, isLive: false) }
        + [Old.ballot(project, deletion, type: 2, isLive: true) { $0.put(votes[0].id) }, Old.campaign(record, hasVoteDeletions: true, vote: vote)]
        + votes.map { .put(CrowdfundingState.voters, key: project.keyPrefix + $0.pubkey.bytes, value: $0.id.bytes) })
    #expect(try state.campaign()?.vote == vote)
    #expect(try state.judge(Sample.vote("+5", at: 150, by: TestKey("b")), from: .ip4) == "blocked: already voted on this project")
    #expect(try state.judge(Sample.vote("+5", at: 150, by: TestKey("a")), from: .ip4) == Relay.accept)
    #expect(try state.campaign()?.vote.total.hundredths == 800)
    #expect(try state.campaign()?.tally?.state.voters == 2)
  }

  @Test("a vote that was taken back live in a row of before stays so when other deletions come", arguments: [true, false])
  func takenBack(hasRead: Bool) throws {
    let state = MemoryState()
    try state.judge(Sample.campaign(status: "vote_pending"), from: .ip4)
    let record = try #require(try state.campaign())
    let project = record.project
    let key = TestKey("a")
    let vote = Sample.vote("+5", by: key)
    let other = Sample.vote("+3", by: TestKey("b"))
    let deletion = Sample.deletion(of: [vote], at: 120, by: key)
    var sum = VoteState()
    sum.total = Amount(hundredths: 300)
    sum.voters = 1
    state.apply([
      Old.vote(project, vote), Old.vote(project, other), Old.ballot(project, deletion, type: 2, isLive: true) { $0.put(vote.id) },
      Old.campaign(record, hasVoteDeletions: true, vote: sum),
      .put(CrowdfundingState.voters, key: project.keyPrefix + vote.pubkey.bytes, value: vote.id.bytes),
      .put(CrowdfundingState.voters, key: project.keyPrefix + other.pubkey.bytes, value: other.id.bytes),
    ])
    for event in [vote, other, deletion] { try state.adopt(event, event.kind == 5 ? .deletion : .vote, event.kind == 5 ? nil : project) }
    // A vote of a third brings the campaign's record up to date first.
    if hasRead { #expect(try state.judge(Sample.vote("+2", by: TestKey("c")), from: .ip4) == Relay.accept) }
    let total: UInt64 = hasRead ? 500 : 300
    for seconds: UInt64 in [130, 125, 200] {
      let again = Sample.deletion(of: [vote], at: seconds, by: key, kinds: ["7"])
      for event in [again, Sample.label("vote-taken-back", about: again)] { #expect(try state.judge(event, from: .sync) == Relay.accept) }
      #expect(try state.campaign()?.vote.total.hundredths == total)
      #expect(try state.campaign()?.tally?.state.total.hundredths == total)
    }
    // The twin: a vote that was never taken back counts, until it is.
    #expect(try state.judge(Sample.deletion(of: [other], at: 210, by: TestKey("b")), from: .ip4) == Relay.accept)
    #expect(try state.campaign()?.vote.total.hundredths == total - 300)
  }

  @Test("live money keeps a campaign of before, which had deletions, from what comes from sync; money from sync does not", arguments: [true, false])
  func kept(isLive: Bool) throws {
    let state = MemoryState()
    let first = Sample.campaign(status: "crowdfunding", at: 0)
    // Begun again after its deletion, with a status that could not follow the one before.
    let second = Sample.campaign(status: "draft", at: 50)
    let third = Sample.campaign(status: "crowdfunding", at: 60)
    try state.judge(first, from: .sync)
    let before = try #require(try state.campaign())
    let old = Sample.deletion(of: [first], at: 20, by: Sample.captain, kinds: ["30904"])
    try state.judge(old, from: .sync)
    try state.judge(second, from: .sync)
    try state.judge(third, from: .sync)
    let now = try #require(try state.campaign())
    #expect(now.latest?.id == third.id)
    #expect(try state.judge(Sample.contribution(at: 100), from: isLive ? .ip4 : .sync) == Relay.accept)
    state.apply([
      Old.campaign(now, hasDeletions: true),
      Old.version(before, try #require(before.latest), deletion: FoldPosition(createdAt: old.createdAt, id: old.id)),
    ])
    #expect(try state.campaign()?.head?.id == third.id)
    // Dated before the money, so that the money does not count against it in the fold.
    let late = Sample.deletion(of: [third], at: 70, by: Sample.captain, kinds: ["30904"])
    #expect(try state.judge(late, from: .sync) == Relay.accept)
    #expect(try state.campaign()?.latest?.id == third.id)
    #expect((try state.campaign()?.head?.id == third.id) == isLive)
    // Further money from other relays changes nothing of it.
    try state.judge(Sample.contribution("+7", at: 65, by: TestKey("other")), from: .sync)
    #expect(try state.campaign()?.head?.id == third.id)
  }

  @Test("a live contribution to a campaign of before, which had deletions, keeps what is in force and nothing older")
  func keptFromNow() throws {
    let state = MemoryState()
    let first = Sample.campaign(status: "crowdfunding", at: 0)
    let second = Sample.campaign(status: "draft", at: 50)
    // With another goal than the first, which could not follow that one.
    let third = Sample.campaign(status: "crowdfunding", at: 60) { $0.set(["goal", "ZEN_CONVERTIBLE", "500", "0"]) }
    let old = Sample.deletion(of: [first], at: 20, by: Sample.captain, kinds: ["30904"])
    for event in [first, old, second, third] { try state.judge(event, from: .sync) }
    state.apply([Old.campaign(try #require(try state.campaign()), hasDeletions: true)])
    #expect(try state.judge(Sample.contribution(at: 100), from: .ip4) == Relay.accept)
    #expect(try state.judge(Sample.deletion(of: [third], at: 70, by: Sample.captain, kinds: ["30904"]), from: .sync) == Relay.accept)
    #expect(try state.campaign()?.head?.id == third.id)
    #expect(try state.campaign()?.head?.unclaimedStatus == .crowdfunding)
  }

  @Test("a deletion that was remembered for 7 days is remembered for ever")
  func memory() throws {
    let state = MemoryState()
    let vote = Sample.vote()
    var writer = RecordWriter()
    writer.put(Sample.start + 5)
    writer.put(vote.id)
    writer.put(Sample.start)
    state.apply([.put(CrowdfundingState.deletions, key: vote.pubkey.bytes + vote.id.bytes, value: writer.bytes)])
    try state.judge(Sample.campaign(status: "vote_pending"), from: .ip4)
    #expect(try state.judge(vote, from: .ip4, at: Sample.start + 30 * 86_400) == "blocked: deleted by its author")
  }

  @Test("of deletions that were stored before labels were known, those accepted live take votes back, as in a rebuild", arguments: [true, false])
  func unlabelled(isLive: Bool) throws {
    let state = MemoryState(Relay.options())
    let (vote, other) = (Sample.vote("+5", by: TestKey("a")), Sample.vote("+3", by: TestKey("b")))
    let deletion = Sample.deletion(of: [vote], at: 120, by: TestKey("a"), kinds: ["7"])
    for event in [Sample.campaign(status: "vote_pending"), vote, other] { try state.judge(event, from: .sync) }
    let campaign = try #require(try state.campaign())
    var ballot = RecordWriter()
    ballot.put(UInt8(2))
    ballot.put(UInt8(isLive ? 2 : 0))
    ballot.put(vote.pubkey)
    ballot.put(Amount(hundredths: 500))
    ballot.put(optional: FoldPosition(createdAt: deletion.createdAt, id: deletion.id)) { $0.put($1) }
    var before = campaign
    before.hasVoteDeletions = true
    // Version 2 ends before the marks: 1 and 1 + 1 + 32, 1, and 4 for what was resolved.
    var row = Array(before.encoded().dropLast(1 + 33 + 1 + 4))
    row[0] = 2
    state.apply([
      .put(CrowdfundingState.ballots, key: CrowdfundingState.timedKey(campaign.project, vote.createdAt, vote.id), value: ballot.bytes),
      .put(CrowdfundingState.campaigns, key: campaign.project.bytes, value: row),
    ])
    try state.adopt(deletion, .deletion, nil)
    #expect(try state.campaign()?.tally == nil)
    #expect(try state.judge(Sample.vote("+2", at: 130, by: TestKey("c")), from: .ip4) == Relay.accept)
    #expect(try state.campaign()?.tally?.state.total.hundredths == (isLive ? 500 : 1000))
    // Its label takes it back in the end.
    #expect(try state.judge(Sample.label("vote-taken-back", about: deletion), from: .sync) == Relay.accept)
    #expect(try state.campaign()?.tally?.state.total.hundredths == 500)
  }

  @Test("a deletion that was remembered before labels were known takes a vote back where it was accepted live", arguments: [true, false])
  func rememberedUnlabelled(isLive: Bool) throws {
    let state = MemoryState(Relay.options())
    let vote = Sample.vote()
    let deletion = Sample.deletion(of: [vote], at: 120, by: TestKey("voter"), kinds: ["7"])
    var writer = RecordWriter()
    writer.put(FoldPosition(createdAt: deletion.createdAt, id: deletion.id))
    writer.put(isLive)
    state.apply([.put(CrowdfundingState.deletions, key: vote.pubkey.bytes + vote.id.bytes, value: writer.bytes)])
    for event in [Sample.campaign(status: "vote_pending"), vote] { #expect(try state.judge(event, from: .sync) == Relay.accept) }
    #expect(try state.campaign()?.vote.voters == (isLive ? 0 : 1))
  }

  @Test("rows that this program cannot read are faults, and no trap")
  func damaged() throws {
    let state = MemoryState()
    try state.judge(Sample.campaign(status: "vote_pending"), from: .ip4)
    let project = try #require(try state.campaign()).project
    for bytes: [UInt8] in [[], [9], [2, 0], [UInt8](repeating: 255, count: 300)] {
      state.apply([.put(CrowdfundingState.campaigns, key: project.bytes, value: bytes)])
      #expect(throws: Fault.self) { try state.campaign() }
    }
  }
}
