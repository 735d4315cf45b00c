// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport
import Testing

@testable import Groups

@Suite("GT-N and GT-S: nested groups, blocks, suspension") struct NestedScenarios {
  let world: World

  init() throws { world = try World() }

  /// N = {N1, N2, N3}; G = {A, B, C, [N, groupvote]}.
  private func block(isBlock: Bool = true) -> EventID {
    let nested = world.initGroup(["N1", "N2", "N3"], by: "N1").id
    return world.initGroup(["A", "B", "C", isBlock ? "[\"\(nested.hex)\",\"groupvote\"]" : "[\"\(nested.hex)\"]"], at: T + 1).id
  }

  @Test("GT-N01 one of three leaves a block silent")
  func silentBlock() {
    let group = block()
    let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(20)).id
    let vote = world.vote("true", by: "N1", on: proposal, in: group, at: t(20) + 1)
    #expect(vote.isAccepted)
    #expect(world.modify(by: "A", in: group, at: t(20) + 2, [(proposal, [vote.id])]).message.hasPrefix("invalid: insufficient votes (1/4"))
  }

  @Test("GT-N03 two of three decide a block, whose one vote makes three of four")
  func decidedBlock() {
    let group = block()
    let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(20)).id
    let votes = ["N1", "N2"].map { world.vote("true", by: $0, on: proposal, in: group, at: t(20) + 1).id }
    #expect(world.modify(by: "A", in: group, at: t(20) + 2, [(proposal, votes)]).message.hasPrefix("invalid: insufficient votes (2/4"))
    #expect(world.modify(by: "B", in: group, at: t(20) + 2, [(proposal, votes)]).isAccepted)
  }

  @Test("GT-N04 without groupvote every nested administrator weighs one")
  func flat() {
    let group = block(isBlock: false)
    let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(20)).id
    #expect(world.modify(by: "A", in: group, at: t(20) + 2, [(proposal, [])]).message.hasPrefix("invalid: insufficient votes (1/6"))
  }

  @Test("GT-N05 a nested group's administrators administer, its members are members")
  func administratorsAndMembers() throws {
    let admin = world.group(1)
    let nested = world.initGroup(["N1"], admin: admin, at: T + 1).id
    let group = world.initGroup(["[\"\(nested.hex)\"]"], at: T + 2).id
    #expect(try world.administrators(group, at: t(1)) == ["A"])
    let member = try world.was("N1", in: group, at: t(1))
    #expect(member.isMember && !member.isDirect && !member.isAdministrator)
    #expect(member.via == [group, nested])
    let administrator = try world.was("A", in: group, at: t(1))
    #expect(!administrator.isMember && administrator.isAdministrator)
  }

  @Test("GT-N07 with a nested group go its members, from that time on")
  func removedGroup() throws {
    let nested = world.initGroup(["N1", "N2", "N3"], by: "N1").id
    let group = world.initGroup(["A", "[\"\(nested.hex)\"]"], at: T + 1).id
    let proposal = world.propose(World.remove(1), by: "A", in: group, at: t(2)).id
    #expect(world.modify(by: "A", in: group, at: t(3), [(proposal, [])]).isAccepted)
    #expect(try world.was("N2", in: group, at: t(3) - 1).isMember)
    #expect(try !world.was("N2", in: group, at: t(3)).isMember)
  }

  /// G5, twenty days old: A proposes to remove C, who is suspended until that is decided.
  private func suspension() -> (group: EventID, proposal: EventID) {
    let group = world.group(5)
    return (group, world.propose(World.remove(2), by: "A", in: group, at: t(20)).id)
  }

  @Test("GT-S1, S2, S7 whom a minority's removal is proposed for may vote, not modify, backdated or not")
  func suspended() {
    let (group, proposal) = suspension()
    #expect(world.modify(World.add("Z"), by: "C", in: group, at: t(20) + 1).message == "restricted: suspended by proposal \(proposal.short)")
    #expect(
      world.modify(World.add("Z"), by: "C", in: group, at: t(20) - 1, received: t(20) + 1).message.hasPrefix("restricted: suspended by proposal"))
    #expect(world.vote("false", by: "C", on: proposal, in: group, at: t(20) + 1).isAccepted)
    #expect(world.modify(World.add("Z"), by: "D", in: group, at: t(20) + 1).isAccepted)
  }

  @Test("a suspension ends after ten days without a majority")
  func suspensionEnds() {
    let (group, _) = suspension()
    #expect(world.modify(World.add("Z"), by: "C", in: group, at: t(30)).message.hasPrefix("restricted: suspended"))
    #expect(world.modify(World.add("Z"), by: "C", in: group, at: t(30) + 1).isAccepted)
  }

  @Test("a stranger's proposal suspends nobody")
  func strangerSuspends() {
    let group = world.group(5)
    world.propose(World.remove(2), by: "X", in: group, at: t(20))
    #expect(world.modify(World.add("Z"), by: "C", in: group, at: t(20) + 1).isAccepted)
  }

  @Test("GT-S4 half of the administrators are no minority")
  func notMinority() {
    let group = world.group(4)
    world.propose(World.remove(2, 3), by: "A", in: group, at: t(20))
    #expect(world.modify(World.add("Z"), by: "C", in: group, at: t(20) + 1).isAccepted)
  }

  @Test("GT-S6 who is suspended cannot suspend in return")
  func counter() {
    let (group, _) = suspension()
    #expect(world.propose(World.remove(0), by: "C", in: group, at: t(20) + 1).isAccepted)
    #expect(world.modify(World.add("Z"), by: "A", in: group, at: t(20) + 2).isAccepted)
  }

  @Test("GT-S8 once it is carried out the group goes on without the suspended one")
  func lifted() throws {
    let (group, proposal) = suspension()
    let votes = ["D", "E"].map { world.vote("true", by: $0, on: proposal, in: group, at: t(20) + 1).id }
    #expect(world.modify(by: "B", in: group, at: t(20) + 2, [(proposal, votes)]).isAccepted)
    #expect(world.modify(World.add("Z"), by: "D", in: group, at: t(20) + 3).isAccepted)
    #expect(world.modify(World.add("Y"), by: "C", in: group, at: t(20) + 4).message == "restricted: not an administrator")
  }

  @Test("who votes, proposes a removal, or carries one out among thousands has nobody's history read but that of those concerned")
  func thousands() throws {
    let keys = (0..<1200).map { String(repeating: "1", count: 60) + String(65_536 + $0, radix: 16).suffix(4) }
    let nested = stride(from: 0, to: 1200, by: 200).map { start in
      let members = keys[start..<start + 200].map { "\"\($0)\"" }.joined(separator: ",")
      return world.send(4830, by: "N", at: T, tags: [], content: "{\"members\":[\(members)]}").id
    }
    let group = world.initGroup(["A", "B", "C"] + nested.map { "[\"\($0.hex)\"]" }, at: T + 1).id
    let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(20)).id
    func reads(_ kind: UInt64, by name: String, _ tags: [[String]], _ content: String) throws -> (reads: Int, refusal: String) {
      let event = World.key(name).verified(kind: kind, createdAt: t(20) + 5, tags: [["group", group.hex]] + tags, content: content)
      // What is cached costs nothing: a program that runs for a while.
      let result = try CountingReader.reads(of: event, in: world, received: t(20) + 5, world.validator)
      return (result.reads, result.refusal)
    }
    let vote = try reads(4832, by: "B", [["proposal", proposal.hex]], "true")
    #expect(vote.refusal.isEmpty && vote.reads < 200, "\(vote)")
    let removal = try reads(4831, by: "B", [["parent", group.hex]], World.remove(0))
    #expect(removal.refusal.isEmpty && removal.reads < 300, "\(removal)")
    let modification = try reads(4833, by: "B", [["parent", group.hex], ["proposal", proposal.hex]], "")
    #expect(modification.refusal.hasPrefix("invalid: insufficient votes (2/1203") && modification.reads < 300, "\(modification)")
  }
}
