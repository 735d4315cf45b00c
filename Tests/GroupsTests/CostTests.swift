// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import TestSupport
import Testing

@testable import Groups

/// What is looked at, counted, where hostile states make it much; and that looking at less answers the same.
@Suite("Groups: what it costs") struct CostTests {
  private static func account(_ number: Int) -> PublicKey {
    var bytes = [UInt8](repeating: 0, count: 32)
    (bytes[30], bytes[31]) = (UInt8(number / 256), UInt8(number % 256))
    return PublicKey(hex: bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()) ?? World.key("A").pubkey
  }

  /// Proposals carried out one by one, as the spec words it, without any marks.
  private struct PlainMerge {
    var entries: [Entry]
    var change = ResolvedChange()

    mutating func apply(_ wanted: ResolvedChange) {
      for id in wanted.removes {
        guard let index = entries.firstIndex(where: { $0.id == id }) else { continue }
        entries.remove(at: index)
        change.removes.append(id)
      }
      for member in wanted.adds where !entries.contains(where: { $0.member.isSame(as: member) }) {
        entries.append(Entry(id: EntryID(depth: 99, ordinal: change.adds.count), member: member))
        change.adds.append(member)
      }
    }
  }

  @Test("entries that go are only marked, and the state comes out as if each had been taken out by itself")
  func marks() {
    var random = SplitMix64(seed: 5)
    for round in 0..<200 {
      var snapshot = GroupSnapshot()
      for number in 0..<Int.random(in: 0...90, using: &random) {
        let id = EntryID(depth: UInt32(number / 7), ordinal: number % 7 * 3)
        snapshot.entries.append(Entry(id: id, member: .account(Self.account(number % 80))))
      }
      var merge = GroupMerge(snapshot, depth: 99)
      var plain = PlainMerge(entries: snapshot.entries)
      for _ in 0..<6 {
        let known = plain.entries + snapshot.entries
        let removes = Set((0..<Int.random(in: 0...12, using: &random)).compactMap { _ in known.randomElement(using: &random)?.id })
        let adds = (0..<Int.random(in: 0...12, using: &random)).map { _ in
          Bool.random(using: &random)
            ? Member.account(Self.account(Int.random(in: 0..<120, using: &random)))
            : Member.group(EventID(Self.account(Int.random(in: 0..<5, using: &random)).value), isBlock: Bool.random(using: &random))
        }
        let change = ResolvedChange(removes: removes.shuffled(using: &random) + [EntryID(depth: 3, ordinal: 1)], adds: adds)
        merge.apply(change)
        plain.apply(change)
        #expect(merge.entryCount == plain.entries.count && merge.change == plain.change, "round \(round)")
        if Bool.random(using: &random) { #expect(merge.snapshot.entries == plain.entries, "round \(round)") }
      }
      #expect(merge.snapshot.entries == plain.entries && merge.settings.entries.isEmpty)
    }
  }

  @Test("an entry is found wherever one looks from")
  func near() {
    var snapshot = GroupSnapshot()
    for number in 0..<40 { snapshot.entries.append(Entry(id: EntryID(value: UInt64(number * number)), member: .account(Self.account(number)))) }
    for value in 0..<UInt64(1700) {
      let expected = snapshot.entries.firstIndex { $0.id.value == value }
      #expect(snapshot.index(of: EntryID(value: value)) == expected)
      for place in 0..<40 { #expect(snapshot.index(of: EntryID(value: value), near: place) == expected) }
    }
    #expect(snapshot.index(of: EntryID(value: .max), near: 0) == nil)
  }

  @Test("where another group administers, proposals that remove members read no state of theirs")
  func elsewhere() throws {
    let world = try World()
    let council = world.initGroup(["A", "B"]).id
    let group = world.initGroup((0..<20).map { "M\($0)" }, admin: council).id
    var proposals: [EventID] = []
    for step in 0..<20 {
      let proposal = world.propose(World.remove(step), by: "A", in: group, at: t(1) + UInt64(step) * 60)
      #expect(proposal.isAccepted)
      proposals.append(proposal.id)
      #expect(world.modify(World.add("N\(step)"), by: "A", in: group, at: t(1) + UInt64(step) * 60 + 30).isAccepted)
    }
    let time = t(1) + 2000
    let tags = [["group", group.hex], ["parent", world.tip(group).hex]] + proposals.map { ["proposal", $0.hex] }
    let event = World.key("A").verified(kind: 4833, createdAt: time, tags: tags, content: "")
    let result = try CountingReader.reads(of: event, in: world, received: time)
    // One state is folded from 20 nodes, not twenty states.
    #expect(result.refusal.isEmpty && result.reads < 20 * 16, "\(result.reads) \(result.refusal)")
    #expect(world.modify(by: "A", in: group, at: time, proposals.map { ($0, []) }).isAccepted)
    #expect(try world.members(group).count == 20)
  }

  @Test("a line's nodes are read once, through however many windows of time one looks")
  func windows() throws {
    let world = try World()
    let group = world.group(3)
    for step in 1...60 { world.modify(World.add("W\(step)"), by: "A", in: group, at: T + UInt64(step) * 10) }
    let reader = try CountingReader(world)
    let branch = Branch(canonical: try #require(try reader.group(group)))
    func expected(_ start: UInt64, _ end: UInt64) -> [Member] {
      (1...60).reversed().filter { T + UInt64($0) * 10 > start && T + UInt64($0) * 10 <= end }.map { .account(World.key("W\($0)").pubkey) }
    }
    var walk = LineWalk(branch)
    func visited(_ start: UInt64, _ end: UInt64) throws -> [Member] {
      var found: [Member] = []
      try walk.visit(from: end, to: start, reading: reader) { found += $0.adds }
      return found
    }
    #expect(try visited(T - 50, T - 10).isEmpty)
    let before = reader.reads
    for (start, end) in [(T + 200, T + 400), (T + 300, T + 555), (T + 5, T + 90), (T + 590, T + 5000), (T + 1, T + 5000), (T + 200, T + 400)] {
      #expect(try visited(start, end) == expected(start, end))
    }
    #expect(reader.reads - before < 60 + 40, "\(reader.reads - before)")
    let known = reader.reads
    #expect(try visited(T + 1, T + 5000).count == 60 && reader.reads == known)
  }

  @Test("an electorate is read once for as long as nothing that it is made of changes; and anew when something does")
  func spans() throws {
    let world = try World()
    let inner = (0..<12).map { world.initGroup(["A", "I\($0)"], meta: "{\"n\":\"\($0)\"}").id }
    let group = world.initGroup(inner.map { "[\"\($0.hex)\"]" }).id
    world.modify(World.add("Late"), by: "A", in: inner[3], at: t(5))
    world.modify(World.add("Later"), by: "A", in: inner[7], at: t(6))
    let reader = try CountingReader(world)
    let branch = Branch(canonical: try #require(try reader.group(group)))
    let roles = Roles(branch, world.options, world.validator.cache)
    #expect(try roles.electorate(of: group, at: t(7), reading: reader).count == 26)
    let once = reader.reads
    for hours in 0..<200 { #expect(try roles.electorate(of: group, at: t(7) + UInt64(hours) * hour, reading: reader).count == 26) }
    #expect(reader.reads == once, "\(once), then \(reader.reads)")
    // Backwards, forwards, and before it was there.
    for (time, count) in [(t(6), 26), (t(6) - 1, 25), (t(5), 25), (t(5) - 1, 24), (T, 24), (t(5) + 1, 25), (T - 1, 0), (t(9), 26), (t(5), 25)] {
      #expect(try roles.electorate(of: group, at: time, reading: reader).count == count, "\(time - T)")
    }
  }

  @Test("removing groups within groups asks for nobody by himself")
  func together() throws {
    let world = try World()
    let inner = (0..<40).map { number in world.initGroup((0..<9).map { "G\(number).\($0)" }).id }
    let group = world.initGroup(["A"] + inner.map { "[\"\($0.hex)\"]" }).id
    let tags = [["group", group.hex], ["parent", group.hex]]
    let content = World.remove(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
    let event = World.key("A").verified(kind: 4831, createdAt: t(20), tags: tags, content: content)
    let result = try CountingReader.reads(of: event, in: world, received: t(20), world.validator)
    #expect(result.refusal.isEmpty && result.reads < 41 * 8, "\(result.reads) \(result.refusal)")
    guard case .accepted(let effects)? = result.verdict else { return }
    let rows = try effects.changes.compactMap { change -> LimitingRecord? in
      guard case .put(GroupsState.limiting, let key, let value) = change else { return nil }
      return try LimitingRecord(key: key, decoding: value)
    }
    let row = try #require(rows.first)
    #expect(row.survey?.tenured.count == 90 && row.survey?.administrators == 361)
  }

  @Test("what was carried out on a hundred branches is looked through as far as the line is long")
  func branches() throws {
    let world = try World()
    let group = world.group(3)
    let proposal = world.propose(World.add("X"), by: "A", in: group, at: t(20)).id
    let authors = ["A", "B", "C"]
    var first: EventID?
    for number in 0..<100 {
      let sent = world.modify(
        by: authors[number % 3], in: group, parent: group, at: t(20) + 10 + UInt64(number), [(proposal, [])], received: t(22), source: "Sync")
      #expect(sent.isAccepted)
      first = first ?? sent.id
    }
    func line(from start: EventID) -> EventID {
      var head = start
      for step in 0..<70 {
        let sent = world.modify(
          World.add("L\(step)"), by: "A", in: group, parent: head, at: t(21) + UInt64(step), received: t(22), source: "Sync")
        #expect(sent.isAccepted)
        head = sent.id
      }
      return head
    }
    func answer(on parent: EventID) throws -> (reads: Int, refusal: String) {
      let tags = [["group", group.hex], ["parent", parent.hex], ["proposal", proposal.hex]]
      let event = World.key("A").verified(kind: 4833, createdAt: t(22), tags: tags, content: "")
      let result = try CountingReader.reads(of: event, in: world, received: t(22), source: .sync, world.validator)
      return (result.reads, result.refusal)
    }
    let short = try answer(on: group)
    #expect(short.refusal.isEmpty && short.reads < 40, "\(short)")
    let carried = try #require(first)
    #expect(try answer(on: carried).refusal == GroupsRejection.alreadyImplemented.message)
    #expect(try answer(on: line(from: carried)).refusal == GroupsRejection.alreadyImplemented.message)
    let side = world.modify(World.add("S"), by: "B", in: group, parent: group, at: t(20) + 5, received: t(22), source: "Sync").id
    let other = try answer(on: side)
    #expect(other.refusal.isEmpty && other.reads < 64 + 40, "\(other): it has one node since")
    #expect(try answer(on: line(from: side)).refusal.isEmpty)
  }

  @Test("whoever cast hundreds of votes from sync is counted up to the limit")
  func votes() throws {
    let world = try World()
    let group = world.group(5)
    let proposal = world.propose(World.remove(4), by: "A", in: group, at: t(20)).id
    for number in 0..<200 {
      let sent = world.vote(
        number % 2 == 0 ? "true" : "false", by: "B", on: proposal, in: group, at: t(20) + 1 + UInt64(number), received: t(21), source: "Sync")
      #expect(sent.isAccepted)
    }
    func answer(_ name: String) throws -> (reads: Int, refusal: String) {
      let event = World.key(name).verified(kind: 4832, createdAt: t(21), tags: [["group", group.hex], ["proposal", proposal.hex]], content: "true")
      let result = try CountingReader.reads(of: event, in: world, received: t(21))
      return (result.reads, result.refusal)
    }
    let voter = try answer("B")
    #expect(voter.refusal == GroupsRejection.tooManyVotes.message && voter.reads < 60, "\(voter)")
    #expect(try answer("C").refusal.isEmpty)
  }
}
