// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Judgement
import Nostr
import Policy
import StateStore
import TestSupport
import Testing

@Suite("What relays drop is archived, once, by a node that had it live")
struct ArchiveTests {
  private static let node = TestKey("node")
  private static let other = TestKey("other node")
  private static let now: UInt64 = 1_700_000_500

  private static func bench(archives: Bool = true, updatesPerDay: UInt32 = 100, nodes: Set<PublicKey> = [other.pubkey]) throws -> Bench {
    let followUps = FollowUpOptions(nodeKey: node.pubkey, nodes: nodes, snapshots: false, archives: archives)
    return try Bench(
      [CrowdfundingValidator(options: CrowdfundingOptions(followUps: followUps))],
      options: JudgeOptions(constellation: ConstellationOptions(followUps: followUps, updatesPerDay: updatesPerDay)))
  }

  /// The reposts that wait in the outbox.
  private static func archives(_ bench: Bench) throws -> [UnsignedEvent] {
    var archives: [UnsignedEvent] = []
    while try bench.judge.makeArchives() > 0 {}
    try bench.store.read { state in
      try state.outboxRows { row in
        if row.name == .archive, case .unsigned(let form) = row.body, let event = UnsignedEvent(form: form) { archives.append(event) }
        return true
      }
    }
    return archives
  }

  private static func archived(_ bench: Bench) throws -> [EventID] {
    try archives(bench).compactMap { archive in
      let event = try Event(parsing: archive.signed(by: node.key))
      return try Event(parsing: Array(event.content.bytes)).id
    }
  }

  private static func repost(_ inner: Event, by key: TestKey = other, at createdAt: UInt64 = now) -> Event {
    key.event(
      kind: 16, createdAt: createdAt,
      tags: [
        ["e", inner.id.hex], ["p", inner.pubkey.hex], ["k", "\(inner.kind)"], ["L", "commonsguard"], ["l", "archive", "commonsguard"],
      ], content: String(decoding: inner.raw, as: UTF8.self))
  }

  private static let first = Bench.campaign(at: 1_700_000_000)
  private static let second = Bench.campaign(at: 1_700_000_010)
  private static let third = Bench.campaign(at: 1_700_000_020)

  @Test("a replaced version that came live is archived when the next one comes, with its tags and the time of that")
  func replaced() throws {
    let bench = try Self.bench()
    #expect(bench.send(Self.first) == "accept")
    #expect(try Self.archives(bench).isEmpty)
    #expect(bench.send(Self.second, source: .sync) == "accept")
    let archive = try #require(try Self.archives(bench).first)
    #expect(try Self.archived(bench) == [Self.first.id])
    #expect(archive.kind == 16 && archive.pubkey == Self.node.pubkey && archive.createdAt == Self.second.createdAt)
    let event = try Event(parsing: archive.signed(by: Self.node.key))
    #expect(Array(event.content.bytes) == Self.first.raw)
    let tags = event.tags.map { tag in (0..<tag.count).map { tag[$0]?.string ?? "" } }
    #expect(
      tags == [
        ["e", Self.first.id.hex], ["p", Self.first.pubkey.hex], ["k", "30904"], ["a", "30904:\(Self.first.pubkey.hex):CF-BENCH"],
        ["L", "commonsguard"], ["l", "archive", "commonsguard"],
      ])
  }

  @Test("a version that came from sync and is replaced from sync is archived by others")
  func bothFromSync() throws {
    let bench = try Self.bench()
    for version in [Self.first, Self.second] { #expect(bench.send(version, source: .sync) == "accept") }
    #expect(try Self.archives(bench).isEmpty)
  }

  @Test("an older version from sync is archived where the newer one came live, in whatever order")
  func olderComesLater() throws {
    let bench = try Self.bench()
    #expect(bench.send(Self.second) == "accept")
    #expect(bench.send(Self.first, source: .sync) == "accept")
    #expect(try Self.archived(bench) == [Self.first.id])
    #expect(bench.send(Self.third) == "accept")
    #expect(try Self.archived(bench) == [Self.first.id, Self.second.id])
  }

  @Test("of one second relays keep the lowest id, and the other one is archived")
  func ties() throws {
    let (low, high) = [Bench.campaign(at: 1_700_000_000), Bench.campaign(status: "vote_pending", at: 1_700_000_000)].sorted { $0.id < $1.id }.pair
    for order in [[low, high], [high, low]] {
      let bench = try Self.bench()
      for version in order { #expect(bench.send(version, source: .sync) == "accept") }
      #expect(try bench.store.read { try $0.head(of: #require(low.address)) }?.id == low.id)
    }
    let bench = try Self.bench()
    #expect(bench.send(high) == "accept")
    #expect(bench.send(low) == "accept")
    #expect(try Self.archived(bench) == [high.id])
  }

  @Test("a relay where nothing of ours is replaced or deleted writes no archive")
  func nothingDropped() throws {
    let bench = try Self.bench()
    #expect(bench.send(Self.first) == "accept")
    for number in 1...5 { #expect(bench.send(Bench.contribution("+\(number)", by: "giver \(number)")) == "accept") }
    #expect(try bench.contents()["archives"] == 0)
    #expect(try Self.archives(bench).isEmpty)
  }

  @Test("a contribution that a deletion from sync names is archived where it came live, once")
  func deleted() throws {
    let bench = try Self.bench()
    #expect(bench.send(Self.first) == "accept")
    let contribution = Bench.contribution()
    #expect(bench.send(contribution) == "accept")
    for number in 0..<2 {
      let deletion = TestKey("giver").event(
        kind: 5, createdAt: 1_700_000_300 + UInt64(number), tags: [["e", contribution.id.hex], ["e", contribution.id.hex], ["k", "7"]])
      #expect(bench.send(deletion, source: .sync) == "accept")
    }
    #expect(try Self.archived(bench) == [contribution.id])
  }

  @Test("a deletion names only its own author's events: a stranger's archives nothing")
  func strangersDeletion() throws {
    let bench = try Self.bench()
    #expect(bench.send(Self.first) == "accept")
    let contribution = Bench.contribution()
    #expect(bench.send(contribution) == "accept")
    let deletion = TestKey("stranger").event(kind: 5, createdAt: 1_700_000_300, tags: [["e", contribution.id.hex], ["k", "7"]])
    #expect(bench.send(deletion, source: .sync) == "accept")
    #expect(try Self.archives(bench).isEmpty)
  }

  @Test("what comes behind its deletion is archived by whoever knew the deletion first")
  func deletionFirst() throws {
    let bench = try Self.bench()
    #expect(bench.send(Self.first, source: .sync) == "accept")
    let contribution = Bench.contribution()
    let deletion = TestKey("giver").event(kind: 5, createdAt: 1_700_000_300, tags: [["e", contribution.id.hex], ["k", "7"]])
    #expect(bench.send(deletion, source: .sync) == "accept")
    #expect(bench.send(contribution, source: .sync) == "accept")
    #expect(try Self.archived(bench) == [contribution.id])
  }

  @Test("without archives, and without a key, none is made", arguments: [false, true])
  func none(archives: Bool) throws {
    let followUps = FollowUpOptions(nodeKey: archives ? nil : Self.node.pubkey, archives: archives)
    let bench = try Bench(options: JudgeOptions(constellation: ConstellationOptions(followUps: followUps)))
    for version in [Self.first, Self.second] { #expect(bench.send(version) == "accept") }
    #expect(try Self.archives(bench).isEmpty)
  }

  @Test("an event in a node's archive is judged as from sync, journalled as itself, and the archive is not")
  func intake() throws {
    let bench = try Self.bench()
    #expect(bench.send(Self.repost(Self.first)) == "accept")
    let row = try #require(try bench.store.read { try $0.journalRow(1) })
    guard case .event(let raw, let id, let source, _) = row.content else { return #expect(Bool(false), "no event") }
    #expect(raw == Self.first.raw && id == Self.first.id && source == .archive && row.receivedAt == Self.now)
    #expect(try bench.journalCount() == 1)
    #expect(try bench.store.read { try $0.archives(of: Self.first.id) } == .another)
    // It comes again, from whomever.
    #expect(bench.send(Self.repost(Self.first)) == "accept")
    #expect(try bench.journalCount() == 1)
  }

  @Test("a stranger's repost is nobody's: it is accepted, and what it holds is not looked at")
  func strangersRepost() throws {
    let bench = try Self.bench()
    #expect(bench.send(Self.repost(Self.first, by: TestKey("stranger"))) == "accept")
    #expect(try bench.journalCount() == 0)
  }

  @Test("a superseded version in an archive is accepted again, though by itself it is a duplicate")
  func knownInside() throws {
    let bench = try Self.bench()
    for version in [Self.first, Self.second] { #expect(bench.send(version) == "accept") }
    #expect(bench.send(Self.first).hasPrefix("duplicate: "))
    #expect(bench.send(Self.repost(Self.first)) == "accept")
  }

  @Test("what this node says to others is taken into its own journal once, as from sync; what is nobody's is not")
  func ownWords() throws {
    let bench = try Self.bench()
    #expect(bench.send(Bench.campaign(status: "vote_pending")) == "accept")
    let vote = Bench.vote()
    #expect(bench.send(vote) == "accept")
    let label = Self.node.event(
      kind: 1985, createdAt: vote.createdAt,
      tags: [["L", "commonsguard"], ["l", "vote-recorded", "commonsguard"], ["e", vote.id.hex], ["p", vote.pubkey.hex], ["project-id", "CF-BENCH"]])
    let note = Self.node.event(kind: 1, createdAt: vote.createdAt, content: "hello")
    let rows = try bench.journalCount()
    for _ in 0..<2 { try bench.judge.takeIn([label.raw, note.raw, Array("{".utf8)], at: Self.now) }
    #expect(try bench.journalCount() == rows + 1)
    let row = try #require(try bench.store.read { try $0.journalRow(UInt64(rows + 1)) })
    guard case .event(_, let id, let source, _) = row.content else { return #expect(Bool(false), "no event") }
    #expect(id == label.id && source == .stored && row.receivedAt == Self.now)
  }

  @Test("explain tells of an archive how the event within is judged")
  func explained() throws {
    let bench = try Self.bench()
    func explain(_ event: Event) throws -> Explanation { try bench.judge.explain(raw: event.raw, in: Circumstances(receivedAt: Self.now, source: .sync)) }
    #expect(try explain(Self.repost(Self.first)).decision == .accept)
    #expect(try explain(Self.repost(Self.first)).claims == [.crowdfunding])
    let malformed = TestKey("captain").event(kind: 30904, createdAt: 1_700_000_000, tags: [["title", "x"]])
    let rejection = Rejection.invalid("archived event: invalid: d tag must appear once")
    #expect(try explain(Self.repost(malformed)).decision == .reject(rejection))
    #expect(try explain(Self.repost(Self.first, by: TestKey("stranger"))).claims.isEmpty)
  }

  @Test("a node's repost without the archive's label is judged by what it holds; one of something else passes")
  func unmarked() throws {
    let bench = try Self.bench()
    let inner = String(decoding: Self.first.raw, as: UTF8.self)
    #expect(bench.send(Self.other.event(kind: 16, createdAt: Self.now, tags: [["k", "30904"]], content: inner)) == "accept")
    #expect(try bench.journalCount() == 1)
    for content in ["{", String(decoding: TestKey("a").event(kind: 1, content: "hello").raw, as: UTF8.self)] {
      #expect(bench.send(Self.other.event(kind: 16, createdAt: Self.now, tags: [["k", "1"]], content: content)) == "accept")
    }
    #expect(try bench.journalCount() == 1)
  }

  @Test("what is refused within an archive is told in its words")
  func refusedInside() throws {
    let bench = try Self.bench()
    let malformed = TestKey("captain").event(kind: 30904, createdAt: 1_700_000_000, tags: [["title", "x"]])
    #expect(bench.send(Self.repost(malformed)) == "invalid: archived event: invalid: d tag must appear once")
    let forged = String(decoding: Self.first.raw, as: UTF8.self).replacing("A garden", with: "A forgery")
    let outer = Self.other.event(kind: 16, createdAt: Self.now, tags: [["k", "30904"], ["l", "archive", "commonsguard"]], content: forged)
    #expect(bench.send(outer) == "invalid: archived event: invalid: bad event id")
    let nested = Self.repost(Self.repost(Self.first))
    #expect(bench.send(nested) == "invalid: archived event: invalid: no archive in an archive")
    let garbage = Self.other.event(kind: 16, createdAt: Self.now, tags: [["k", "30904"], ["l", "archive", "commonsguard"]], content: "{")
    #expect(bench.send(garbage).hasPrefix("invalid: archived event: invalid: "))
    #expect(try bench.journalCount() == 0)
  }

  @Test("an archive that is not signed by the node is refused")
  func forgedOuter() throws {
    let bench = try Self.bench()
    let repost = Self.repost(Self.first)
    let other = Self.repost(Self.second)
    var raw = String(decoding: repost.raw, as: UTF8.self)
    raw = raw.replacing(repost.signature.hex, with: other.signature.hex)
    #expect(bench.send(raw: Array(raw.utf8)) == "invalid: bad signature")
    #expect(try bench.journalCount() == 0)
  }

  @Test("a live event that could not be archived is refused; from sync it is taken")
  func unarchivable() throws {
    let bench = try Self.bench()
    let protected = TestKey("captain").event(
      kind: 30904, createdAt: 1_700_000_000,
      tags: [
        ["d", "CF-BENCH"], ["title", "A garden"], ["t", "crowdfunding"], ["t", "UPlanet"], ["g", "48.85,2.35"], ["p", TestKey("cell").hex, "", "umap"],
        ["goal", "ZEN_CONVERTIBLE", "1000"], ["status", "crowdfunding"], ["-"],
      ])
    #expect(bench.send(protected) == "invalid: this event could not be archived")
    #expect(bench.send(protected, source: .sync) == "accept")
  }

  @Test("a deletion of a deletion is refused live, and has no effect from sync")
  func deletionOfDeletion() throws {
    let bench = try Self.bench()
    #expect(bench.send(Self.first) == "accept")
    let contribution = Bench.contribution()
    let deletion = TestKey("giver").event(kind: 5, createdAt: 1_700_000_300, tags: [["e", contribution.id.hex], ["k", "7"]])
    #expect(bench.send(deletion) == "accept")
    let second = TestKey("giver").event(kind: 5, createdAt: 1_700_000_301, tags: [["e", deletion.id.hex], ["k", "5"]])
    #expect(bench.send(second) == "blocked: a deletion cannot be deleted")
    #expect(bench.send(second, source: .sync) == "accept")
    #expect(try Self.archived(bench) == [deletion.id])
    #expect(bench.send(contribution) == "blocked: deleted by its author")
  }

  @Test("a day takes so many live versions of an address, and the next day again; sync is not counted")
  func updatesPerDay() throws {
    let bench = try Self.bench(updatesPerDay: 3)
    let day: UInt64 = 86_400
    func version(_ number: Int) -> Event { Bench.campaign(at: 1_700_000_000 + UInt64(number)) }
    for number in 0..<3 { #expect(bench.send(version(number)) == "accept") }
    #expect(bench.send(version(3)) == "rate-limited: too many updates")
    #expect(bench.send(version(4), source: .sync) == "accept")
    #expect(bench.send(version(5), at: Self.now + day) == "accept")
    #expect(bench.send(Bench.campaign("CF-OTHER", at: 1_700_000_000)) == "accept")
  }

  @Test("what a peer pushes is judged as from sync")
  func peers() throws {
    let peer = try #require(NetworkAddress("203.0.113.7"))
    let options = ConstellationOptions(peers: [peer])
    #expect(options.source(.ip4) { "203.0.113.7" } == .peer)
    #expect(options.source(.ip6) { "::ffff:203.0.113.7" } == .peer)
    #expect(options.source(.ip4) { "203.0.113.8" } == .ip4)
    #expect(options.source(.ip4) { nil } == .ip4)
    #expect(options.source(.stream) { "203.0.113.7" } == .stream)
    #expect(!SourceType.peer.isLive && !SourceType.archive.isLive && SourceType.local.isLive)
  }

  @Test("a client's address is kept nowhere; a relay's url is")
  func sourceInfo() throws {
    let bench = try Self.bench()
    _ = bench.judge.judge(raw: Self.first.raw, in: Circumstances(receivedAt: Self.now, source: .ip4), sourceInfo: "192.0.2.1")
    _ = bench.judge.judge(raw: Self.second.raw, in: Circumstances(receivedAt: Self.now, source: .stream), sourceInfo: "wss://relay.example")
    let lines = try bench.store.read { state in try (1...2).map { try #require(try state.journalRow(UInt64($0))) } }
    let infos = lines.map { row in if case .event(_, _, _, let info) = row.content { info } else { "none" } }
    #expect(infos == ["", "wss://relay.example"])
  }
}

extension Array {
  fileprivate var pair: (Element, Element) { (self[0], self[1]) }
}
