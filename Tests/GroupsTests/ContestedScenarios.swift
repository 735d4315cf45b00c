// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Judgement
import Nostr
import Policy
import TestSupport
import Testing

@testable import Groups

/// Sync proves no time: what comes late takes effect late, unless a node saw it. Source: groups, 6.12, *Contested nodes*.
@Suite("Groups: contested nodes") struct ContestedScenarios {
  private static let puppets = ["P0", "P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9"]

  /// An idle group of five and of an administrator's puppets, which are voters by now.
  private func idle(_ world: World) -> EventID {
    let group = world.group(5)
    world.modify(World.add(Self.puppets[0], Self.puppets[1], Self.puppets[2], Self.puppets[3], Self.puppets[4]), by: "A", in: group, at: t(1))
    world.modify(World.add(Self.puppets[5], Self.puppets[6], Self.puppets[7], Self.puppets[8], Self.puppets[9]), by: "A", in: group, at: t(2))
    return group
  }

  /// What takes the group: all of it dated before the twentieth day.
  private func takeover(_ world: World, _ group: EventID, receivedAt: UInt64, last source: String = "Sync", at time: UInt64 = t(20)) -> (
    proposal: EventID, votes: [EventID], node: Sent
  ) {
    let proposal = world.propose(World.remove(1, 2, 3), by: "A", in: group, at: t(15), received: receivedAt, source: "Sync").id
    let votes = Self.puppets.map { world.vote("true", by: $0, on: proposal, in: group, at: t(15) + 1, received: receivedAt, source: "Sync").id }
    return (proposal, votes, world.modify(by: "A", in: group, at: time, [(proposal, votes)], received: receivedAt, source: source))
  }

  @Test("an administrator who dates a takeover into the past gets the canonical tip, and for ten days nothing of it")
  func attack() throws {
    let world = try LabelScenarios.node("N0")
    let group = idle(world)
    let before = world.tip(group)
    let taken = takeover(world, group, receivedAt: t(30))
    #expect(taken.node.isAccepted)
    #expect(world.tip(group) == taken.node.id)
    #expect(try world.tip(group, at: t(30)) == before)
    #expect(try world.tip(group, at: t(40) - 1) == before)
    #expect(try world.tip(group, at: t(40)) == taken.node.id, "nobody objected")

    let notice = try #require(taken.node.judgement.diagnostics.first { $0.name == "groups.contested" })
    #expect(notice.fields.contains(.init("takesEffectAt", t(40))))
    #expect(notice.fields.contains(.init("administratorsLost", 3)))
    let losing = ["B", "C", "D"].map { World.key($0).pubkey }.sorted().map(\.hex).joined(separator: " ")
    #expect(notice.fields.contains(.init("losing", losing)))
    #expect(notice.fields.contains(.init("author", World.hex("A"))))

    let view = try world.view(group, now: t(30))
    #expect(view.tip == before)
    #expect(view.administrators.contains(World.key("B").pubkey))
    #expect(view.contested.map(\.node) == [taken.node.id] && view.contested.map(\.takesEffectAt) == [t(40)])
    #expect(try world.was("B", in: group, at: t(30), now: t(30)).isAdministrator)
    #expect(try !world.was("B", in: group, at: t(41), now: t(41)).isAdministrator)
    let history = try #require(try world.store.read { try GroupView.history(group, now: t(30), reading: $0) })
    #expect(history.tip == before)
    #expect(history.steps.compactMap(\.takesEffectAt) == [t(40)])
    #expect(try world.view(group, now: t(40)).contested.isEmpty)

    // Who is still there, and not suspended, modifies the tip, and that stays: it is proven, and the other is not.
    let honest = world.modify(World.add("Z"), by: "E", in: group, parent: before, at: t(31))
    #expect(honest.isAccepted)
    #expect(world.tip(group) == honest.id)
    #expect(try world.tip(group, at: t(31)) == honest.id)
    #expect(try world.tip(group, at: t(50)) == honest.id)
    #expect(world.modify(World.add("Y"), by: "E", in: group, parent: honest.id, at: t(32)).isAccepted)
  }

  @Test("a takeover whose last step is sent live is contested too: what it needs is late; and not once that is labelled", arguments: [false, true])
  func lastStepLive(_ isLabelled: Bool) throws {
    let world = try LabelScenarios.node("N0")
    let group = idle(world)
    let before = world.tip(group)
    let taken = takeover(world, group, receivedAt: t(30), last: "IP4", at: t(30))
    #expect(taken.node.isAccepted)
    #expect(world.tip(group) == taken.node.id)
    #expect(try world.tip(group, at: t(30)) == before)
    if isLabelled {
      for event in taken.votes + [taken.proposal] {
        #expect(try world.tip(group, at: t(30)) == before)
        world.label(event, by: "N1", at: t(16), received: t(30))
      }
      #expect(try world.tip(group, at: t(30)) == taken.node.id)
    } else {
      world.label(taken.node.id, by: "N1", at: t(30), received: t(30))
      for event in taken.votes.dropFirst() + [taken.proposal] { world.label(event, by: "N1", at: t(19), received: t(30)) }
      #expect(try world.tip(group, at: t(30)) == before)
      // The tip goes on beside it, and gives way after ten days: the other is older, and as proven.
      let honest = world.modify(World.add("Z"), by: "E", in: group, parent: before, at: t(31)).id
      let next = world.modify(World.add("Y"), by: "E", in: group, parent: honest, at: t(32)).id
      #expect(try world.tip(group, at: t(39)) == next)
      #expect(world.tip(group) == taken.node.id)
      #expect(try world.tip(group, at: t(40)) == taken.node.id)
    }
  }

  @Test("votes that are late are not missed where the others suffice")
  func enoughVotes() throws {
    let world = try LabelScenarios.node("N0")
    let group = world.group(5)
    let proposal = world.propose(World.remove(4), by: "A", in: group, at: t(20)).id
    let votes = ["B", "C"].map { world.vote("true", by: $0, on: proposal, in: group, at: t(20) + 1).id }
    let late = world.vote("true", by: "E", on: proposal, in: group, at: t(20) + 1, received: t(20) + 2, source: "Sync").id
    // Four of five; and the consent of the fifth would be enough.
    let node = world.modify(by: "D", in: group, at: t(20) + 3, [(proposal, votes + [late])])
    #expect(try world.tip(group, at: t(20) + 3) == node.id)
    let second = world.propose(World.remove(3), by: "A", in: group, at: t(21)).id
    let few = world.vote("true", by: "B", on: second, in: group, at: t(21) + 1, received: t(21) + 1, source: "Sync").id
    let other = world.modify(by: "C", in: group, at: t(21) + 2, [(second, [few])])
    #expect(other.isAccepted)
    #expect(try world.tip(group, at: t(21) + 2) == node.id)
  }

  @Test("a removed administrator, and a relay that was down for five days: both relays agree at once where nodes label", arguments: [false, true])
  func outage(_ labels: Bool) throws {
    let relays = try [("N1", "N2"), ("N2", "N1")].map { try LabelScenarios.node($0.0, labels ? [$0.1] : []) }
    let (a, b) = (relays[0], relays[1])
    let group = a.group(4)
    b.send(a.accepted[0].json, received: T)
    // At A alone: C and D are removed, and C agrees.
    let proposal = a.propose(World.remove(2, 3), by: "A", in: group, at: t(20)).id
    let votes = ["B", "C"].map { a.vote("true", by: $0, on: proposal, in: group, at: t(20) + 1).id }
    let removal = a.modify(by: "A", in: group, at: t(20) + 2, [(proposal, votes)]).id
    // B is back, and pulls.
    for event in a.accepted.dropFirst() {
      if labels { b.label(event.id, by: "N1", at: event.receivedAt, received: t(25)) }
      #expect(b.send(event.json, received: t(25), source: "Sync").isAccepted)
    }
    #expect(try a.tip(group, at: t(25)) == removal)
    #expect(try b.tip(group, at: t(25)) == (labels ? removal : group))
    // Who was removed sends a modification of the old tip there.
    let undone = b.modify(World.add("Z"), by: "D", in: group, parent: group, at: t(25) + 60)
    #expect(undone.isAccepted)
    if labels { a.label(undone.id, by: "N2", at: t(25) + 60, received: t(25) + 90) }
    #expect(a.send(undone.json, received: t(25) + 90, source: "Sync").isAccepted)
    for time in [t(25) + 100, t(60)] {
      #expect(try a.tip(group, at: time) == removal)
      #expect(try b.tip(group, at: time) == (labels ? removal : undone.id), "without labels relays differ")
    }
  }

  @Test("without nodes a group that is first met through sync is taken as it comes for a day, and one that was met live is not")
  func firstDay() throws {
    let source = try World()
    let group = source.group(5)
    let nodes = (1...3).map { source.modify("{\"meta\":{\"k\":\"\($0)\"}}", by: "A", in: group, at: t(1) + UInt64($0)).id }
    func world(first: String) throws -> World {
      let world = try World()
      world.send(source.accepted[0].json, received: t(30), source: first)
      for (index, time) in [t(30), t(31), t(31) + 1].enumerated() {
        #expect(world.send(source.accepted[index + 1].json, received: time, source: "Sync").isAccepted)
      }
      return world
    }
    let met = try world(first: "Sync")
    #expect(try met.tip(group, at: t(31) + 1) == nodes[1])
    #expect(try met.tip(group, at: t(41) + 1) == nodes[2])
    #expect(try world(first: "IP4").tip(group, at: t(31) + 1) == group)
    let known = try LabelScenarios.node("N0")
    for row in source.accepted { known.send(row.json, received: t(30), source: "Sync") }
    #expect(try known.tip(group, at: t(30)) == group, "where there are nodes, they have to say it")
  }

  @Test("a listed attester lets a node through; a stranger's time stamp of a block of three days after it at most, too", arguments: [0, 1])
  func attested(_ seconds: UInt64) throws {
    let headers = HeadersFile()
    let world = try World { $0.headersFile = headers.path }
    let group = world.group(5, attesters: ["Q"])
    let node = world.modify(World.add("Y"), by: "A", in: group, at: t(1), received: t(9), source: "Sync").id
    #expect(try world.tip(group, at: t(9)) == group)
    #expect(world.attest(node, by: "Q", in: group, at: t(9)).isAccepted)
    #expect(try world.tip(group, at: t(9)) == node)

    let open = world.group(3, at: T + 1)
    let parent = world.modify(World.add("Y"), by: "A", in: open, at: t(1), received: t(9), source: "Sync").id
    let stamped = world.modify(World.add("Z"), by: "B", in: open, parent: parent, at: t(2), received: t(9), source: "Sync").id
    try headers.append(stamped.value, time: t(4) + seconds)
    #expect(world.attest(stamped, by: "X", in: open, at: t(9), proof: shortProof(of: stamped, height: 0)).isAccepted)
    // A child proves its parent, as of the block's time.
    #expect(try world.tip(open, at: t(9)) == (seconds == 0 ? stamped : open))
  }

  @Test("from sync the outcome is not asked where a node labelled the modification", arguments: [false, true])
  func decidedElsewhere(_ isLabelled: Bool) throws {
    let world = try LabelScenarios.node("N0")
    let group = world.group(5)
    let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(20)).id
    let votes = ["B", "D"].map { world.vote("true", by: $0, on: proposal, in: group, at: t(20) + 1).id }
    // One of them takes it back, and dates that before the modification.
    world.vote("false", by: "D", on: proposal, in: group, at: t(20) + 2, source: "Sync")
    world.vote("false", by: "E", on: proposal, in: group, at: t(20) + 2, source: "Sync")
    let json = world.modification(by: "A", in: group, at: t(20) + 3, [(proposal, votes)])
    let id = try Event(parsing: json).id
    if isLabelled { world.label(id, by: "N1", at: t(20) + 3) }
    #expect(world.send(json, received: t(20) + 4).message == "invalid: insufficient votes (2/5, 2 against)", "live it is asked")
    let sent = world.send(json, received: t(20) + 4, source: "Sync")
    #expect(sent.message == (isLabelled ? "" : "invalid: insufficient votes (2/5, 2 against)"))
  }

  @Test("a live modification is later than every sibling that is known here, contested ones of the tip too", arguments: [0, 1])
  func siblings(_ seconds: UInt64) throws {
    let world = try LabelScenarios.node("N0")
    let group = world.group(5)
    let late = world.modify(World.add("Y"), by: "A", in: group, at: t(1), received: t(1) + 60, source: "Sync").id
    let live = world.modify(World.add("Z"), by: "B", in: group, parent: group, at: t(1) + seconds, received: t(1) + 60)
    #expect(live.message == (seconds == 0 ? "invalid: created_at must be after its sibling \(late.short)" : ""))
  }

  @Test("any number of contested branches leaves the tip open to live modifications; strict policy, too", arguments: GroupsOptions.ForkPolicy.all)
  func flood(_ policy: GroupsOptions.ForkPolicy) throws {
    let world = try World {
      $0.followUps.nodes = [World.key("N1").pubkey]
      $0.forkPolicy = policy
    }
    let group = world.group(5)
    for index in 0..<(policy == .strict ? 1 : 20) {
      let sent = world.modify(World.add("W\(index)"), by: "A", in: group, parent: group, at: t(1) + UInt64(index), received: t(2), source: "Sync")
      #expect(sent.isAccepted)
    }
    for (index, name) in ["A", "B", "A"].enumerated() {
      let parent = try world.tip(group, at: t(3) + UInt64(index))
      let sent = world.modify(World.add("Z\(index)"), by: name, in: group, parent: parent, at: t(3) + UInt64(index))
      #expect(sent.isAccepted)
      #expect(try world.tip(group, at: t(3) + UInt64(index)) == sent.id)
    }
  }

  @Test("who administers through another group does so as this relay follows that group")
  func nested() throws {
    let world = try LabelScenarios.node("N0")
    let council = world.group(1)
    let group = world.initGroup(["M0"], admin: council, at: T + 1).id
    let joining = world.modify(World.add("X"), by: "A", in: council, at: t(1), received: t(9), source: "Sync").id
    #expect(world.modify(World.add("Y"), by: "X", in: group, at: t(9)).message == "restricted: not an administrator")
    world.label(joining, by: "N1", at: t(1), received: t(9))
    #expect(world.modify(World.add("Y"), by: "X", in: group, at: t(9)).isAccepted)
  }

  @Test("what this relay decides shows where its own tip stands, the digest does not")
  func outcomes() throws {
    let worlds = try (0..<2).map { _ in try LabelScenarios.node("N0") }
    func outcomes(_ world: World, _ time: UInt64) throws -> [[UInt8]] {
      var rows: [[UInt8]] = []
      try world.store.read { state in try GroupsDigest().feedOutcomes(reading: state, at: time) { rows.append($0) } }
      return rows
    }
    for (world, source) in zip(worlds, ["IP4", "Sync"]) {
      let group = world.group(3)
      world.modify(World.add("Y"), by: "A", in: group, at: t(1), source: source)
    }
    #expect(try worlds[0].digest() == worlds[1].digest())
    #expect(try outcomes(worlds[0], t(1)) != outcomes(worlds[1], t(1)))
    #expect(try outcomes(worlds[0], t(11)) == outcomes(worlds[1], t(11)))
    #expect(try outcomes(worlds[0], t(11)).count == 1)
  }

  @Test("rows of earlier versions are read: a node in time is proven, a late one is not; a group has no tip of its own")
  func earlierLayouts() throws {
    let world = try World()
    let group = world.group(2)
    let node = world.modify(World.add("Y"), by: "A", in: group, at: t(1)).id
    let (record, row) = try world.store.read { (try $0.existingNode(node), try $0.group(group)) }
    let arrival = 162
    for (byte, isLate, isProven) in [(0, false, true), (1, true, false), (2, false, false), (3, true, false), (6, false, true)]
      as [(UInt8, Bool, Bool)]
    {
      var bytes = record.encoded
      bytes[arrival] = byte
      let read = try NodeRecord(id: node, decoding: bytes)
      #expect(read.isLate == isLate && read.isProven == isProven && read.change == record.change)
    }
    guard case .put(_, _, var bytes) = try #require(row).change else { throw World.Missing() }
    bytes.removeLast()
    bytes[0] = 1
    #expect(try GroupRecord(id: group, decoding: bytes) == row)
  }
}

extension GroupsOptions.ForkPolicy {
  static let all: [GroupsOptions.ForkPolicy] = [.attested, .strict]
}

/// Histories of one group that come in many orders, and the tip that the spec's words give, found the dumb way.
@Suite("Groups: contested nodes in any order") struct ContestedOrderTests {
  private struct Node {
    let id: EventID, parent: EventID, json: [UInt8], created: UInt64
    let label: UInt64?
    var isLate: Bool { label.map { $0 > created + 3 * day } ?? true }
  }

  /// Heir by heir; past what `received` says to be contested at a time only from its seen on.
  private func tip(_ group: EventID, _ nodes: [Node], at time: UInt64?, received: [EventID: UInt64]) -> EventID {
    var here = group
    while true {
      let children = nodes.filter { node in
        node.parent == here && (time.map { !node.isLate || received[node.id, default: 0] + 10 * day <= $0 } ?? true)
      }
      let heir = children.min { ($0.isLate ? 1 : 0, $0.created, $0.id) < ($1.isLate ? 1 : 0, $1.created, $1.id) }
      guard let heir else { return here }
      here = heir.id
    }
  }

  @Test("nodes and labels in twenty orders: one digest, one canonical tip, and this relay's own tip at every time", arguments: 0..<6)
  func orders(_ seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed) + 900)
    let source = try World()
    let names = ["A", "B", "C", "D", "E"]
    let group = source.group(5)
    var nodes: [Node] = []
    for number in 0..<28 {
      let parents = nodes.suffix(5).map { ($0.id, $0.created) } + (number < 5 ? [(group, T)] : [])
      guard let (parent, after) = parents.randomElement(using: &random) else { continue }
      let created = after + UInt64.random(in: 1...day, using: &random)
      let json = source.modification(
        "{\"meta\":{\"k\":\"\(number)\"}}", by: names.randomElement(using: &random) ?? "A", in: group, parent: parent, at: created)
      let label = Int.random(in: 0..<100, using: &random) < 60 ? created + UInt64.random(in: 0...(4 * day), using: &random) : nil
      nodes.append(Node(id: try Event(parsing: json).id, parent: parent, json: json, created: created, label: label))
    }
    var events = nodes.map(\.json)
    for node in nodes {
      guard let label = node.label else { continue }
      for (number, name) in ["N1", "N2"].enumerated() {
        events.append(
          World.key(name).json(
            kind: 1985, createdAt: label + UInt64(number) * day,
            tags: [["L", "commonsguard"], ["l", "group-accepted", "commonsguard"], ["e", node.id.hex]], content: ""))
      }
    }
    let canonical = tip(group, nodes, at: nil, received: [:])
    var digests: Set<Bytes32> = []
    for _ in 0..<20 {
      let world = try LabelScenarios.node("N0")
      world.send(source.accepted[0].json, received: T)
      var clock = t(60)
      var received: [EventID: UInt64] = [:]
      for json in events.shuffled(using: &random) {
        clock += UInt64.random(in: 0...(2 * hour), using: &random)
        received[try Event(parsing: json).id] = clock
        let sent = world.send(json, received: clock, source: "Sync")
        #expect(sent.isAccepted || sent.message.hasSuffix(", parked"), "\(sent.message)")
        try world.judge.judgeAllReleased()
      }
      // What was parked keeps its own receivedAt: the record says.
      for node in nodes { received[node.id] = try world.store.read { try $0.existingNode(node.id).receivedAt } }
      #expect(world.tip(group) == canonical, "seed \(seed)")
      for time in stride(from: clock, through: clock + 12 * day, by: Int(8 * hour)) {
        let expected = tip(group, nodes, at: time, received: received)
        let own = try world.tip(group, at: time)
        #expect(own == expected, "seed \(seed), \(time - clock) s after")
        if own != expected { return }
      }
      digests.insert(try world.digest())
    }
    #expect(digests.count == 1, "seed \(seed)")
  }

  /// A chain of contested nodes, and what one more event reads.
  private func chain(_ count: Int) throws -> (world: World, group: EventID, nodes: [EventID]) {
    let world = try LabelScenarios.node("N0")
    let group = world.group(5)
    var nodes: [EventID] = []
    for number in 0..<count {
      let sent = world.modify(
        "{\"meta\":{\"k\":\"\(number)\"}}", by: "A", in: group, parent: nodes.last ?? group, at: t(1) + UInt64(number), received: t(30),
        source: "Sync")
      nodes.append(sent.id)
    }
    return (world, group, nodes)
  }

  private func label(_ id: EventID) -> VerifiedEvent {
    World.key("N1").verified(
      kind: 1985, createdAt: t(1), tags: [["L", "commonsguard"], ["l", "group-accepted", "commonsguard"], ["e", id.hex]], content: "")
  }

  @Test("what a label or a live event reads does not grow with the contested nodes of a group")
  func cost() throws {
    let (short, long) = (try chain(40), try chain(320))
    func reads(_ chain: (world: World, group: EventID, nodes: [EventID]), _ event: VerifiedEvent, _ source: SourceType) throws -> Int {
      let (reads, verdict, refusal) = try CountingReader.reads(of: event, in: chain.world, received: t(30) + 1, source: source)
      #expect(verdict != nil, "\(refusal)")
      return reads
    }
    for place in [0.0, 0.5, 1.0] {
      let counts = try [short, long].map { chain in
        try reads(chain, label(chain.nodes[Int(Double(chain.nodes.count - 1) * place)]), .sync)
      }
      #expect(counts[1] <= counts[0] + 20, "\(counts)")
    }
    let counts = try [short, long].map { chain in
      try reads(
        chain,
        World.key("B").verified(
          kind: 4833, createdAt: t(30), tags: [["group", chain.group.hex], ["parent", chain.group.hex]], content: World.add("Z")), .ip4)
    }
    #expect(counts[1] <= counts[0] + 20, "\(counts)")
  }

  @Test("labels of a whole chain, in any order, let each node through once: what they read together grows with the chain")
  func wholeChain() throws {
    for isReversed in [false, true] {
      let (world, group, nodes) = try chain(60)
      var reads = 0
      for id in isReversed ? nodes.reversed() : nodes {
        reads += try CountingReader.reads(of: label(id), in: world, received: t(30) + 1, source: .sync).reads
        world.label(id, by: "N1", at: t(1), received: t(30) + 1)
      }
      #expect(try world.tip(group, at: t(30) + 1) == nodes.last)
      #expect(reads < 60 * 60, "\(reads)")
    }
  }

  @Test("another chain costs its group's row and a line of the log, however much stood behind the fork")
  func reorganisation() throws {
    let world = try LabelScenarios.node("N0")
    let group = world.group(5)
    for number in 0..<100 {
      world.modify("{\"meta\":{\"k\":\"\(number)\"}}", by: "A", in: group, at: t(5) + UInt64(number))
    }
    let tip = world.tip(group)
    let rival = world.modify(World.add("Z"), by: "B", in: group, parent: group, at: t(4), source: "Sync").id
    #expect(world.tip(group) == tip)
    let event = World.key("N1").verified(
      kind: 1985, createdAt: t(4), tags: [["L", "commonsguard"], ["l", "group-accepted", "commonsguard"], ["e", rival.hex]], content: "")
    let (reads, verdict, _) = try CountingReader.reads(of: event, in: world, received: t(6), source: .sync)
    guard case .accepted(let effects) = verdict else { throw World.Missing() }
    // The label itself, the contested node's row and the two.
    #expect(effects.changes.map(\.table) == [GroupsState.labels, GroupsState.notes, GroupsState.notes, GroupsState.groups])
    #expect(effects.diagnostics.map(\.name) == ["groups.reorganised"])
    #expect(reads < 60, "\(reads)")
    world.label(rival, by: "N1", at: t(4), received: t(6))
    #expect(world.tip(group) == rival)
    #expect(try world.tip(group, at: t(6)) == rival)
  }
}
