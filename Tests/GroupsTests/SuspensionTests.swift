// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import StateStore
import TestSupport
import Testing

@testable import Groups

@Suite("GT-S9: all who are suspended stay a minority, whatever is proposed, and however much") struct SuspensionTests {
  private func isSuspended(_ name: String, in group: EventID, _ world: World, at time: UInt64) -> Bool {
    let sent = world.modify(World.add("Z \(name) \(time)"), by: name, in: group, at: time)
    #expect(sent.isAccepted || sent.message.hasPrefix("restricted: suspended by proposal"), "\(sent)")
    return !sent.isAccepted
  }

  /// Who is suspended at a time, on the canonical chain; nothing is sent for it.
  private func suspended(_ names: [String], in group: EventID, _ world: World, at time: UInt64) throws -> [String] {
    try world.store.read { state in
      let roles = Roles(Branch(canonical: try #require(try state.group(group))), world.options, world.validator.cache)
      let suspension = Suspension(roles, Tenure(roles))
      var found: [String] = []
      for name in names where try suspension.suspends(World.key(name).pubkey, at: time, reading: state) != nil { found.append(name) }
      return found
    }
  }

  private let five = ["A", "B", "C", "D", "E"]

  @Test("proposals with one victim each suspend two of five, not four")
  func oneVictimEach() throws {
    let world = try World()
    let group = world.group(5)
    for index in 1...4 { #expect(world.propose(World.remove(index), by: "A", in: group, at: t(20) + UInt64(index)).isAccepted) }
    #expect(try suspended(five, in: group, world, at: t(21)) == ["B", "C"])
    #expect(isSuspended("B", in: group, world, at: t(21)))
    #expect(isSuspended("C", in: group, world, at: t(21)))
    #expect(!isSuspended("D", in: group, world, at: t(21)))
    #expect(!isSuspended("E", in: group, world, at: t(21) + 1))
  }

  @Test("one administrator cannot take a group over in ten days: the others remove what it adds")
  func takeover() throws {
    let world = try World()
    let group = world.group(5)
    for index in 1...4 { world.propose(World.remove(index), by: "A", in: group, at: t(20) + UInt64(index)) }
    #expect(world.modify(World.add("P0", "P1", "P2"), by: "A", in: group, at: t(20) + 10).isAccepted)
    let counter = world.propose(World.remove(5, 6, 7), by: "D", in: group, at: t(21))
    #expect(counter.isAccepted)
    #expect(world.modify(by: "D", in: group, at: t(21) + 1, [(counter.id, [])]).isAccepted)
    #expect(try world.members(group) == five)
  }

  @Test("the same are suspended in whatever order the proposals arrive")
  func anyOrder() throws {
    let source = try World()
    let group = source.group(5)
    let authors = ["A", "B", "C", "D", "E", "A", "C"]
    let victims = [2, 0, 1, 4, 3, 1, 0]
    let sent = zip(authors, victims).enumerated().map { index, pair in
      source.propose(World.remove(pair.1), by: pair.0, in: group, at: t(20) + UInt64(index / 2))
    }
    #expect(sent.count { $0.isAccepted } == 7)
    let times = [t(20), t(20) + 1, t(20) + 2, t(25), t(31)]
    let expected = try times.map { try suspended(five, in: group, source, at: $0) }
    #expect(expected[1...3].allSatisfy { !$0.isEmpty } && expected[4].isEmpty)
    var random = SplitMix64(seed: 11)
    for _ in 0..<20 {
      let world = try World()
      world.group(5)
      for event in sent.shuffled(using: &random) { #expect(world.send(event.json, received: t(22), source: "Sync").isAccepted) }
      #expect(try times.map { try suspended(five, in: group, world, at: $0) } == expected)
    }
  }

  @Test("a proposal that comes late and is older takes its place in the order: what it suspends, later ones do not")
  func lateArrival() throws {
    let world = try World()
    let group = world.group(5)
    world.propose(World.remove(3), by: "B", in: group, at: t(20) + 2)
    world.propose(World.remove(4), by: "B", in: group, at: t(20) + 3)
    #expect(try suspended(five, in: group, world, at: t(21)) == ["D", "E"])
    #expect(world.propose(World.remove(2), by: "A", in: group, at: t(20) + 1, received: t(21), source: "Stream").isAccepted)
    #expect(try suspended(five, in: group, world, at: t(21)) == ["C", "D"])
    #expect(world.propose(World.remove(1), by: "A", in: group, at: t(20), received: t(21), source: "Stream").isAccepted)
    #expect(try suspended(five, in: group, world, at: t(21)) == ["B", "C"], "B itself suspends nobody any more")
  }

  /// Suspended at t(21), where a modification that a peer kept to itself comes when the proposal is there; and where it comes before it.
  private func suspended(
    in world: () throws -> (world: World, group: EventID), late node: (World, EventID) -> Sent, _ proposal: (World, EventID) -> Sent
  ) throws -> [[String]] {
    try [false, true].map { isNodeFirst in
      let (world, group) = try world()
      if isNodeFirst { #expect(node(world, group).isAccepted) }
      #expect(proposal(world, group).isAccepted)
      if !isNodeFirst {
        #expect(try suspended(five, in: group, world, at: t(21)).isEmpty)
        #expect(node(world, group).isAccepted)
      }
      return try suspended(five, in: group, world, at: t(21))
    }
  }

  @Test("a modification that comes late and makes its author an administrator lets a proposal suspend; one dated after it does not")
  func lateAuthor() throws {
    func answers(_ time: UInt64) throws -> [[String]] {
      try suspended(
        in: {
          let world = try World()
          return (world, world.group(5))
        },
        late: { world, group in
          world.modify(World.add("X"), by: "A", in: group, parent: group, at: time, received: t(20) + 60, source: "Sync")
        },
        { world, group in
          world.propose(World.remove(1), by: "X", in: group, parent: group, at: t(20), received: t(20) + 10, source: "Sync")
        })
    }
    #expect(try answers(t(20) - 60) == [["B"], ["B"]])
    #expect(try answers(t(20) + 1) == [[], []])
  }

  @Test("a modification that comes late and adds an administrator turns half into a minority; one dated after the proposal does not")
  func lateMinority() throws {
    func answers(_ time: UInt64) throws -> [[String]] {
      try suspended(
        in: {
          let world = try World()
          return (world, world.group(4))
        },
        late: { world, group in
          world.modify(World.add("E"), by: "D", in: group, parent: group, at: time, received: t(20) + 60, source: "Sync")
        },
        { world, group in
          world.propose(World.remove(1, 2), by: "A", in: group, parent: group, at: t(20), received: t(20) + 10, source: "Sync")
        })
    }
    #expect(try answers(t(20) - 60) == [["B", "C"], ["B", "C"]])
    #expect(try answers(t(20) + 1) == [[], []])
  }

  @Test("so does one of a group within the group: by whom it adds, and by how many; one dated after the proposal does not")
  func lateElsewhere() throws {
    func answers(_ time: UInt64, by author: String, removing positions: [Int]) throws -> [[String]] {
      var council = EventID(.zero)
      return try suspended(
        in: {
          let world = try World()
          council = world.initGroup(["Y"]).id
          return (world, world.initGroup(["A", "B", "C", "[\"\(council.hex)\"]"]).id)
        },
        late: { world, _ in
          world.modify(World.add("X"), by: "Y", in: council, parent: council, at: time, received: t(20) + 60, source: "Sync")
        },
        { world, group in
          let content = "{\"remove\":[\(positions.map(String.init).joined(separator: ","))]}"
          return world.propose(content, by: author, in: group, parent: group, at: t(20), received: t(20) + 10, source: "Sync")
        })
    }
    #expect(try answers(t(20) - 60, by: "X", removing: [1]) == [["B"], ["B"]])
    #expect(try answers(t(20) + 1, by: "X", removing: [1]) == [[], []])
    #expect(try answers(t(20) - 60, by: "A", removing: [1, 2]) == [["B", "C"], ["B", "C"]])
    #expect(try answers(t(20) + 1, by: "A", removing: [1, 2]) == [[], []])
  }

  @Test("a modification that comes late and takes a group's administrator away ends what his proposal suspends")
  func lateDeparture() throws {
    let world = try World()
    let council = world.initGroup(["Y", "Z"]).id
    let group = world.initGroup(["A", "B", "C", "[\"\(council.hex)\"]"]).id
    let leaving = world.propose(World.remove(1), by: "Z", in: council, at: t(19)).id
    #expect(world.propose(World.remove(1), by: "Z", in: group, at: t(20)).isAccepted)
    #expect(try suspended(five, in: group, world, at: t(21)) == ["B"])
    let sent = world.modify(by: "Z", in: council, at: t(20) - 60, [(leaving, [])], received: t(20) + 60, source: "Sync")
    #expect(sent.isAccepted, "\(sent)")
    #expect(try suspended(five, in: group, world, at: t(21)).isEmpty)
  }

  @Test("strangers' proposals are not gone through, however many there are, and hide none that a late modification awakens")
  func strangers() throws {
    let world = try World()
    let group = world.group(5)
    world.propose(World.remove(1), by: "X", in: group, at: t(20))
    for number in 0..<600 { #expect(world.propose(World.remove(1), by: "stranger \(number)", in: group, at: t(20) + UInt64(number)).isAccepted) }
    func answer() throws -> (reads: Int, refusal: String) {
      let event = World.key("B").verified(
        kind: 4833, createdAt: t(21), tags: [["group", group.hex], ["parent", world.tip(group).hex]], content: World.add("Z"))
      let result = try CountingReader.reads(of: event, in: world, received: t(21))
      return (result.reads, result.refusal)
    }
    let before = try answer()
    #expect(before.refusal.isEmpty && before.reads < 80, "\(before)")
    #expect(world.modify(World.add("X"), by: "A", in: group, parent: group, at: t(20) - 60, received: t(21), source: "Sync").isAccepted)
    let after = try answer()
    #expect(after.refusal.hasPrefix("restricted: suspended by proposal") && after.reads < 120, "\(after)")
  }

  @Test("of an administrator's proposals that suspended nobody, so many are worked out anew")
  func awakened() throws {
    let world = try World()
    let group = world.initGroup((0..<20).map { "M\($0)" }, by: "M0").id
    // Half of them: no minority.
    let half = World.remove(10, 11, 12, 13, 14, 15, 16, 17, 18, 19)
    for index in 0..<100 { #expect(world.propose(half, by: "M\(index / 20)", in: group, at: t(20) + UInt64(index)).isAccepted) }
    func answer(_ parent: EventID) throws -> (reads: Int, refusal: String) {
      let event = World.key("M19").verified(
        kind: 4833, createdAt: t(21), tags: [["group", group.hex], ["parent", parent.hex]], content: World.add("Z"))
      let result = try CountingReader.reads(of: event, in: world, received: t(21))
      return (result.reads, result.refusal)
    }
    let asleep = try answer(group)
    #expect(asleep.refusal.isEmpty && asleep.reads < 100 * 4, "\(asleep)")
    let late = world.modify(World.add("X"), by: "M1", in: group, parent: group, at: t(20) - 60, received: t(21), source: "Sync")
    #expect(late.isAccepted)
    let awake = try answer(late.id)
    #expect(awake.refusal.hasPrefix("restricted: suspended by proposal") && awake.reads < 64 * 24, "\(awake)")
  }

  @Test("with a majority on the tenth day it holds to the end of the thirtieth, and not a second longer")
  func end() throws {
    let world = try World()
    let group = world.group(5)
    let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(20)).id
    for name in ["D", "E"] { #expect(world.vote("true", by: name, on: proposal, in: group, at: t(21)).isAccepted) }
    #expect(try suspended(five, in: group, world, at: t(50)) == ["C"])
    #expect(try suspended(five, in: group, world, at: t(50) + 1).isEmpty)
    #expect(world.modify(World.add("Z"), by: "C", in: group, at: t(50)).message == "restricted: suspended by proposal \(proposal.short)")
    #expect(world.modify(World.add("Z"), by: "C", in: group, at: t(50) + 1).isAccepted)
  }

  @Test("rows of an earlier version, which have the author alone, say the same")
  func earlierRows() throws {
    let world = try World()
    let group = world.group(5)
    for index in 1...4 { world.propose(World.remove(index), by: "A", in: group, at: t(20) + UInt64(index)) }
    // They stood there whomever they suspend.
    world.modify(World.add("P"), by: "A", in: group, at: t(20) + 10)
    let mute = world.propose(World.remove(5), by: "A", in: group, at: t(20) + 11).id
    let expected = try suspended(five, in: group, world, at: t(21))
    let author = World.key("A").pubkey.bytes
    try world.store.write { state in
      var changes: [StateChange] = [.put(GroupsState.limiting, key: GroupsState.timedKey(group, t(20) + 11, mute), value: author)]
      try state.scan(GroupsState.limiting, prefix: []) { key, value in
        #expect(value.count > 32)
        changes.append(.put(GroupsState.limiting, key: key, value: author))
        return true
      }
      #expect(changes.count == 5)
      try state.apply(changes)
    }
    #expect(try suspended(five, in: group, world, at: t(21)) == expected)
    #expect(isSuspended("B", in: group, world, at: t(21)))
    #expect(!isSuspended("D", in: group, world, at: t(21)))
  }

  @Test("on a branch where the members are others, others are suspended")
  func otherBranch() throws {
    let world = try World()
    let group = world.initGroup(five + ["F"]).id
    // On the main line six administer at the proposals' time, on the other one seven.
    world.propose(World.remove(1), by: "A", in: group, at: t(20) + 1)
    world.propose(World.remove(2), by: "A", in: group, at: t(20) + 2)
    world.propose(World.remove(3), by: "A", in: group, at: t(20) + 3)
    #expect(try suspended(five, in: group, world, at: t(21)) == ["B", "C"])
    world.modify(World.add("M"), by: "A", in: group, at: t(20) + 4)
    let side = world.modify(World.add("S"), by: "F", in: group, parent: group, at: t(20), received: t(20) + 5, source: "Sync")
    #expect(side.isAccepted)
    func answer(_ name: String) -> String { world.modify(World.add("Z"), by: name, in: group, parent: side.id, at: t(21), source: "Sync").message }
    #expect(answer("D").hasPrefix("restricted: suspended by proposal"))
    #expect(answer("E") == "")
    #expect(world.modify(World.add("Z"), by: "D", in: group, at: t(21)).isAccepted, "on the main line it may")
  }

  /// A group of so many, whose authors propose to remove one of them, in turn, twenty each.
  private func flooded(_ world: World, members: Int, proposals: Int, at time: UInt64) -> (group: EventID, last: Sent) {
    let group = world.initGroup((0..<members).map { "M\($0)" }, by: "M0").id
    var last = Sent(id: group, judgement: .refused(.error("none")), json: [])
    for index in 0..<proposals {
      last = world.propose(World.remove(members - 1 - index % 4), by: "M\(index / 20)", in: group, at: time + UInt64(index))
    }
    return (group, last)
  }

  @Test("a group has 256 open proposals that limit administrators; what limits nobody may still be proposed")
  func tooMany() throws {
    let world = try World()
    let (group, last) = flooded(world, members: 20, proposals: 256, at: t(20))
    #expect(last.isAccepted)
    let more = world.propose(World.remove(1), by: "M14", in: group, at: t(21))
    #expect(more.message == "blocked: too many open proposals")
    #expect(world.propose(World.add("X"), by: "M14", in: group, at: t(21)).isAccepted)
    world.modify(World.add("P"), by: "M14", in: group, at: t(21) + 1)
    #expect(world.propose(World.remove(20), by: "M14", in: group, at: t(21) + 2).isAccepted, "who is new is removed all the same")
    #expect(world.propose(World.remove(1), by: "stranger", in: group, at: t(21) + 3).isAccepted, "a stranger's suspends nobody")
    #expect(world.propose(World.remove(1), by: "M14", in: group, at: t(50) + 1).isAccepted, "one is thirty days old")
    for bare in [true, false] { #expect(try world.rebuilt(bare: bare).judgeAgain(more.json, received: t(21), bare: bare).isAccepted) }
  }

  @Test("a modification reads each of them a few times, however they hang on each other")
  func work() throws {
    let world = try World()
    let (group, _) = flooded(world, members: 20, proposals: 256, at: t(20))
    func reads(of name: String, at time: UInt64) throws -> (reads: Int, refusal: String) {
      let tags = [["group", group.hex], ["parent", group.hex]]
      let event = World.key(name).verified(kind: 4833, createdAt: time, tags: tags, content: World.add("Z"))
      let result = try CountingReader.reads(of: event, in: world, received: time)
      return (result.reads, result.refusal)
    }
    let free = try reads(of: "M1", at: t(21))
    #expect(free.refusal.isEmpty && free.reads < 256 * 6, "\(free)")
    let held = try reads(of: "M19", at: t(21))
    #expect(held.refusal.hasPrefix("restricted: suspended by proposal") && held.reads < 256 * 6, "\(held)")
    // The majority of the tenth day is not there: nobody is counted for it.
    let over = try reads(of: "M19", at: t(31))
    #expect(over.refusal.isEmpty && over.reads < 256 * 10, "\(over)")
  }

  @Test("who limits many by one proposal may do so with four open ones")
  func wide() throws {
    let world = try World()
    let many = (0..<600).map { String(repeating: "0", count: 60) + String(65_536 + $0, radix: 16).suffix(4) }
    let group = world.initGroup((0..<6).map { "M\($0)" }, by: "M0").id
    for start in stride(from: 0, to: 600, by: 50) {
      let adds = many[start..<start + 50].map { "\"\($0)\"" }.joined(separator: ",")
      #expect(world.modify("{\"add\":[\(adds)]}", by: "M0", in: group, at: T + UInt64(start) + 1).isAccepted)
    }
    let wide = "{\"remove\":[\((6..<6 + 257).map(String.init).joined(separator: ","))]}"
    for index in 0..<4 { #expect(world.propose(wide, by: "M\(index)", in: group, at: t(20) + UInt64(index)).isAccepted) }
    #expect(world.propose(wide, by: "M4", in: group, at: t(20) + 4).message == "blocked: too many open proposals")
    let narrow = "{\"remove\":[\((5..<5 + 256).map(String.init).joined(separator: ","))]}"
    #expect(world.propose(narrow, by: "M4", in: group, at: t(20) + 5).isAccepted)
    #expect(try suspended(["M4", "M5"], in: group, world, at: t(21)) == ["M5"], "258 of 606")
  }
}
