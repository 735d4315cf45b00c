// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import TestSupport
import Testing

@testable import Groups

@Suite("GT-D: modifications") struct ModificationScenarios {
  @Test("GT-D01, D02, D03, D18, D22 administrators add members; strangers do not, nor is nothing done")
  func adds() throws {
    let world = try World()
    let group = world.group(5)
    #expect(world.modify(World.add("Z"), by: "A", in: group, at: t(1)).isAccepted)
    #expect(try world.members(group) == ["A", "B", "C", "D", "E", "Z"])
    #expect(world.modify(World.add("Y"), by: "X", in: group, at: t(2)).message == "restricted: not an administrator")
    #expect(world.modify(World.add("B"), by: "A", in: group, at: t(2)).message == "invalid: modification has no effect")
    #expect(world.modify("{}", by: "A", in: group, at: t(2)).message == "invalid: modification has no effect")
    let many = (0..<51).map { "\"" + String(repeating: "0", count: 62) + String($0 + 100, radix: 16).suffix(2) + "\"" }
    #expect(world.modify("{\"add\":[\(many.joined(separator: ","))]}", by: "A", in: group, at: t(2)).message == "blocked: too many members added")
    #expect(world.modify("{\"add\":[\(many.dropLast().joined(separator: ","))]}", by: "A", in: group, at: t(2)).isAccepted)
  }

  @Test("GT-D04 and D05 members are removed directly only where another group administers")
  func removals() throws {
    let world = try World()
    let group = world.group(3)
    #expect(world.modify(World.remove(0), by: "A", in: group, at: t(1)).message == "invalid: direct removal needs an admin group")
    let admin = world.group(1, at: T + 1)
    let administered = world.initGroup(["M0", "M1", "M2"], admin: admin, at: T + 2).id
    #expect(world.modify(World.remove(3), by: "A", in: administered, at: t(1)).message == "invalid: remove position out of range")
    #expect(world.modify(World.remove(0), by: "A", in: administered, at: t(1)).isAccepted)
    #expect(try world.members(administered) == ["M1", "M2"])
    #expect(world.modify(World.remove(0), by: "M1", in: administered, at: t(2)).message == "restricted: not an administrator")
  }

  @Test(
    "GT-D07 the admin changes only through a proposal; malformed contents are refused",
    arguments: [
      ("{\"admin\":null}", "invalid: admin can only change through a proposal"), ("nothing", "invalid: malformed content"),
      ("{\"remove\":[0,0]}", "invalid: malformed content"), ("{\"meta\":{\"a\":[]}}", "invalid: malformed content"),
      ("{\"add\":[1]}", "invalid: malformed content"), ("{\"add\":[],\"add\":[]}", "invalid: malformed content"),
    ])
  func malformed(_ content: String, _ words: String) throws {
    let world = try World()
    #expect(world.modify(content, by: "A", in: world.group(5), at: t(1)).message == words)
  }

  @Test("GT-D08 meta is merged key by key, and null deletes")
  func meta() throws {
    let world = try World()
    let group = world.initGroup(["A"], meta: "{\"a\":\"1\",\"b\":\"1\"}").id
    #expect(world.modify("{\"meta\":{\"b\":\"2\",\"c\":\"3\"}}", by: "A", in: group, at: t(1)).isAccepted)
    #expect(try world.view(group).meta.map { "\($0.key)=\($0.value)" } == ["a=1", "b=2", "c=3"])
    #expect(world.modify("{\"meta\":{\"a\":null}}", by: "A", in: group, at: t(2)).isAccepted)
    #expect(try world.view(group).meta.map { "\($0.key)=\($0.value)" } == ["b=2", "c=3"])
    #expect(world.modify("{\"meta\":{\"a\":null}}", by: "A", in: group, at: t(3)).message == "invalid: modification has no effect")
  }

  @Test("GT-D10 cleared attesters still witness their own dismissal, and nothing after it")
  func attesters() throws {
    let world = try World()
    let group = world.group(2, attesters: ["Q"])
    let cleared = world.modify("{\"broadcast-attesters\":null}", by: "A", in: group, at: t(1))
    #expect(cleared.isAccepted)
    #expect(try world.view(group).attesters == nil)
    #expect(world.attest(cleared.id, by: "Q", in: group, at: t(2)).isAccepted)
    let next = world.modify(World.add("Z"), by: "A", in: group, at: t(2))
    #expect(world.attest(next.id, by: "Q", in: group, at: t(3)).message == "restricted: not a broadcast attester")
  }

  @Test("GT-D11, D12, D13 a modification is later than its parent, and live not much older than its receipt")
  func times() throws {
    let world = try World()
    let group = world.group(5)
    #expect(world.modify(World.add("Z"), by: "A", in: group, at: T).message == "invalid: created_at must be after the parent")
    #expect(world.modify(World.add("Z"), by: "A", in: group, at: t(1), received: t(1) + 3 * hour).message.hasPrefix("invalid: created_at too old"))
    let late = world.modify(World.add("Z"), by: "A", in: group, at: t(1), received: t(1) + 3 * hour, source: "Sync")
    #expect(late.isAccepted)
    #expect(try world.store.read { try $0.node(late.id)?.isLate } == true)
  }

  @Test("GT-D15 a modification from before the author's dismissal is kept when it comes late")
  func formerAdministrator() throws {
    let world = try World()
    let admin = world.initGroup(["A", "B"]).id
    let group = world.initGroup(["M"], admin: admin, at: T + 1).id
    let proposal = world.propose(World.remove(0), by: "B", in: admin, at: t(1))
    #expect(world.modify(by: "B", in: admin, at: t(1) + 1, [(proposal.id, [])]).isAccepted)
    let late = world.modify(World.add("Z"), by: "A", in: group, at: t(1) - 60, received: t(1) + 3 * hour, source: "Sync")
    #expect(late.isAccepted)
    #expect(try world.view(group).status == .provisional)
    #expect(try world.store.read { try $0.node(late.id)?.isLate } == true)
    #expect(world.modify(World.add("Y"), by: "A", in: group, at: t(1) + 60).message == "restricted: not an administrator")
  }

  @Test("GT-D17 an unknown parent is refused live and waits from sync")
  func unknownParent() throws {
    let world = try World()
    let group = world.group(5)
    let random = EventID(hex: String(repeating: "7", count: 64))!
    #expect(world.modify(World.add("Z"), by: "A", in: group, parent: random, at: t(1)).message.hasPrefix("error: unknown parent"))
    let parked = world.modify(World.add("Z"), by: "A", in: group, parent: random, at: t(1), source: "Stream")
    #expect(parked.message == "error: missing parent 77777777, parked")
  }

  @Test("GT-D19, D20, D21 a proposal that limits nobody needs no vote, has no end, and is carried out once")
  func ordinaryProposal() throws {
    let world = try World()
    let group = world.group(5)
    let proposal = world.propose(World.add("X"), by: "X", in: group, at: t(1))
    #expect(world.modify(by: "A", in: group, at: t(41), [(proposal.id, [])]).isAccepted)
    #expect(world.modify(by: "A", in: group, at: t(42), [(proposal.id, [])]).message == "invalid: proposal already implemented")
    let second = world.propose(World.add("Y"), by: "X", in: group, at: t(42))
    #expect(world.modify(by: "A", in: group, at: t(42) + 1, [(second.id, [])]).isAccepted)
    #expect(try world.members(group) == ["A", "B", "C", "D", "E", "X", "Y"])
  }

  @Test("proposals and votes are listed in order, each proposal once, none unknown or of another group")
  func grammar() throws {
    let world = try World()
    let group = world.group(5)
    let proposal = world.propose(World.add("X"), by: "X", in: group, at: t(1)).id
    func send(_ tags: [[String]]) -> String {
      world.send(4833, by: "A", at: t(2), tags: [["group", group.hex], ["parent", group.hex]] + tags, content: "").message
    }
    #expect(send([["vote", proposal.hex]]) == "invalid: vote before proposal")
    #expect(send([["proposal", proposal.hex], ["proposal", proposal.hex]]) == "invalid: proposal listed twice")
    #expect(send([["proposal", String(repeating: "7", count: 64)]]).hasPrefix("error: unknown proposal"))
    #expect(send([["proposal", proposal.hex], ["vote", String(repeating: "7", count: 64)]]).hasPrefix("error: unknown vote"))
    #expect(send([["proposal", group.hex]]) == "invalid: proposal belongs to another group")
    #expect(send([["proposal", proposal.hex], ["vote", proposal.hex]]) == "invalid: vote is for another proposal")
    #expect(send([["proposal", proposal.hex]]) == "")
  }

  @Test("GT-M02 an instruction about somebody who is gone already is ignored")
  func alreadyGone() throws {
    let world = try World()
    let admin = world.group(1)
    let group = world.initGroup(["M0", "M1", "M2"], admin: admin, at: T + 1).id
    let proposal = world.propose(World.remove(1), by: "A", in: group, at: t(1))
    world.modify(World.remove(1), by: "A", in: group, at: t(2))
    #expect(try world.members(group) == ["M0", "M2"])
    #expect(world.modify(by: "A", in: group, at: t(3), [(proposal.id, [])]).isAccepted)
    #expect(try world.members(group) == ["M0", "M2"])
    #expect(world.modify(by: "A", in: group, at: t(4), [(proposal.id, [])]).message == "invalid: proposal already implemented")
  }

  @Test("GT-M04 proposals are carried out in the order of their tags", arguments: [false, true])
  func order(_ isReversed: Bool) throws {
    let world = try World()
    let group = world.group(2)
    let first = world.propose("{\"meta\":{\"k\":\"1\"}}", by: "A", in: group, at: t(1)).id
    let second = world.propose("{\"meta\":{\"k\":\"2\"}}", by: "A", in: group, at: t(1) + 1).id
    #expect(world.modify(by: "A", in: group, at: t(2), isReversed ? [(second, []), (first, [])] : [(first, []), (second, [])]).isAccepted)
    #expect(try world.view(group).meta.map(\.value.string) == [isReversed ? "1" : "2"])
  }

  @Test("GT-M05 a proposal of another branch is not carried out")
  func otherBranch() throws {
    let world = try World()
    let group = world.group(5)
    let main = world.modify(World.add("Y"), by: "A", in: group, at: t(1)).id
    let side = world.modify(World.add("Z"), by: "B", in: group, parent: group, at: t(1) + 1).id
    let proposal = world.propose(World.add("X"), by: "X", in: group, parent: side, at: t(2)).id
    #expect(world.modify(by: "C", in: group, parent: main, at: t(3), [(proposal, [])]).message == "invalid: proposal is on another branch")
    #expect(world.modify(by: "C", in: group, parent: side, at: t(3), [(proposal, [])]).isAccepted)
  }

  @Test("GT-M06 what a proposal and the content both add is added once")
  func bothAdd() throws {
    let world = try World()
    let group = world.group(2)
    let proposal = world.propose(World.add("X"), by: "X", in: group, at: t(1)).id
    #expect(world.modify(World.add("X"), by: "A", in: group, at: t(2), [(proposal, [])]).isAccepted)
    #expect(try world.members(group) == ["A", "B", "X"])
  }

  @Test("a modification from the far future is refused whatever its source, and the group goes on", arguments: ["IP4", "Sync", "Stream"])
  func future(_ source: String) throws {
    let world = try World()
    let group = world.group(3)
    for time in [1 << 62, t(1) + 901, UInt64.max - 1] {
      let sent = world.modify(World.add("Z"), by: "A", in: group, at: time, received: t(1), source: source)
      #expect(sent.message == "invalid: created_at is in the future")
      #expect(world.propose(World.add("Z"), by: "A", in: group, at: time, received: t(1), source: source).message == sent.message)
    }
    #expect(world.modify(World.add("Z"), by: "A", in: group, at: t(1) + 900, received: t(1), source: source).isAccepted)
    #expect(world.modify(World.add("Y"), by: "B", in: group, at: t(1) + 901, received: t(1) + 1).isAccepted)
  }

  @Test("a modification that carries out proposals of many removals and additions comes to what one after the other comes to")
  func manyChanges() throws {
    let world = try World()
    let council = world.group(1)
    let names = (0..<80).map { "M\($0)" }
    let group = world.initGroup(names + ["M1"], admin: council, at: T + 1).id
    let first = world.propose(World.remove(0, 1, 2, 3, 79, 80), by: "A", in: group, at: t(1)).id
    let back = "{\"remove\":[10,11],\"add\":[\((0..<12).map { "\"\(World.hex("M\($0)"))\"" }.joined(separator: ","))]}"
    let second = world.propose(back, by: "A", in: group, at: t(1)).id
    #expect(world.modify(World.remove(4, 0), by: "A", in: group, at: t(2), [(first, []), (second, [])]).isAccepted)
    // 0 to 3, 79 and the second 1 go; then 10 and 11; of the twelve those come that are gone; and 4 goes.
    let stay = names.filter { !["M0", "M1", "M2", "M3", "M4", "M10", "M11", "M79"].contains($0) }
    #expect(try world.members(group) == stay + ["M0", "M1", "M2", "M3", "M10", "M11"])
    #expect(try world.rebuilt().members(group) == world.members(group))
  }
}
