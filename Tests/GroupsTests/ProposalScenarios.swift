// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import Policy
import TestSupport
import Testing

@testable import Groups

@Suite("GT-P: proposals") struct ProposalScenarios {
  @Test("GT-P01 and P02 anyone may propose; with members only, a stranger may not and a member may")
  func stranger() throws {
    let world = try World()
    #expect(world.propose(World.add("X"), by: "X", in: world.group(5), at: t(1)).isAccepted)
    let closed = try World { $0.proposalsFrom = .members }
    let group = closed.group(5)
    #expect(closed.propose(World.add("X"), by: "X", in: group, at: t(1)).message == "restricted: only members may propose")
    #expect(closed.propose(World.add("X"), by: "B", in: group, at: t(1)).isAccepted)
  }

  @Test("GT-P03 a proposal for an unknown group is refused live and parked from sync")
  func unknownGroup() throws {
    let world = try World()
    let other = try World()
    let group = other.group(5)
    #expect(world.propose(World.add("X"), by: "A", in: group, parent: group, at: t(1)).message.hasPrefix("error: unknown group"))
    #expect(
      world.propose(World.add("X"), by: "A", in: group, parent: group, at: t(1), source: "Sync").message
        == "error: missing group \(group.short), parked")
  }

  @Test("GT-P04 and P05 a proposal stands on a node of its own group")
  func parents() throws {
    let world = try World()
    let group = world.group(5)
    let other = world.group(3)
    let bare = world.send(4831, by: "A", at: t(1), tags: [["group", group.hex]], content: World.add("X"))
    #expect(bare.message == "invalid: parent tag missing")
    #expect(world.propose(World.add("X"), by: "A", in: group, parent: other, at: t(1)).message == "invalid: parent belongs to another group")
    #expect(world.propose(World.add("X"), by: "A", in: group, parent: group, at: t(1)).isAccepted)
    let random = EventID(hex: String(repeating: "7", count: 64))!
    #expect(world.propose(World.add("X"), by: "A", in: group, parent: random, at: t(1)).message == "error: unknown parent 77777777")
    #expect(world.propose(World.add("X"), by: "A", in: group, parent: group, at: T).message == "invalid: created_at must be after the parent")
  }

  @Test(
    "GT-P07, P08, P09 malformed changes are refused",
    arguments: [
      ("{\"remove\":[5]}", "invalid: remove position out of range"), ("{\"remove\":[-1]}", "invalid: remove position out of range"),
      ("{\"remove\":[1,1]}", "invalid: duplicate remove position"), ("{}", "invalid: empty proposal"), ("", "invalid: empty proposal"),
      ("{\"other\":1}", "invalid: empty proposal"), ("{\"add\":[\"x\"]}", "invalid: malformed add entry"),
      ("{\"admin\":5}", "invalid: malformed admin"), ("{\"meta\":[]}", "invalid: malformed meta"),
      ("{\"broadcast-attesters\":[]}", "invalid: malformed broadcast-attesters"),
    ])
  func malformed(_ content: String, _ words: String) throws {
    let world = try World()
    #expect(world.propose(content, by: "A", in: world.group(5), at: t(1)).message == words)
  }

  @Test("GT-P10 a group cannot administer or hold itself, not even through others")
  func cycles() throws {
    let world = try World()
    let group = world.group(5)
    #expect(world.propose("{\"admin\":\"\(group.hex)\"}", by: "A", in: group, at: t(1)).message == "invalid: group reference cycle")
    let outer = world.initGroup(["A", "[\"\(group.hex)\"]"], at: T + 1).id
    #expect(world.propose(World.add("[\"\(outer.hex)\"]"), by: "A", in: group, at: t(1)).message == "invalid: group reference cycle")
    let harmless = world.group(2, at: T + 2)
    #expect(world.propose(World.add("[\"\(harmless.hex)\"]"), by: "A", in: group, at: t(1)).isAccepted)
  }

  @Test("GT-P12 positions refer to the parent, which may be an older node")
  func oldParent() throws {
    let world = try World()
    let group = world.group(5)
    world.modify(World.add("Z"), by: "A", in: group, at: t(1))
    #expect(world.propose(World.remove(4), by: "A", in: group, parent: group, at: t(2)).isAccepted)
    #expect(world.propose(World.remove(5), by: "A", in: group, parent: group, at: t(2)).message == "invalid: remove position out of range")
  }

  @Test("GT-P13 nobody can be the last to go")
  func removesAll() throws {
    let world = try World()
    #expect(world.propose(World.remove(0), by: "A", in: world.group(1), at: t(1)).message == "invalid: group would have no administrators")
  }

  @Test("GT-P14 and P15 a backdated proposal is refused live; from sync it is kept, and rejected by then")
  func backdated() throws {
    let world = try World()
    let group = world.group(5)
    let live = world.propose(World.remove(1, 2, 3, 4), by: "A", in: group, at: t(5), received: t(20))
    #expect(live.message == "invalid: created_at too old for a live proposal")
    let synced = world.propose(World.remove(1, 2, 3, 4), by: "A", in: group, at: t(5), received: t(20), source: "Sync")
    #expect(synced.isAccepted)
    #expect(world.modify(by: "A", in: group, at: t(20), [(synced.id, [])]).message == "invalid: proposal rejected")
    #expect(world.modify(World.add("Z"), by: "A", in: group, at: t(20)).isAccepted)
  }

  @Test("an author has at most 20 open proposals in a group")
  func openProposals() throws {
    let world = try World { $0.openProposalsPerAuthor = 2 }
    let group = world.group(5)
    let first = world.propose(World.add("X"), by: "X", in: group, at: t(1))
    #expect(world.propose(World.add("Y"), by: "X", in: group, at: t(1)).isAccepted)
    #expect(world.propose(World.add("Z"), by: "X", in: group, at: t(1)).message == "blocked: too many open proposals")
    #expect(world.propose(World.add("Z"), by: "Y", in: group, at: t(1)).isAccepted)
    world.modify(by: "A", in: group, at: t(2), [(first.id, [])])
    #expect(world.propose(World.add("Z"), by: "X", in: group, parent: group, at: t(2)).isAccepted)
  }

  @Test("in the last tenth of the map strangers' proposals and time stamps are refused; votes, modifications and attesters' events are not")
  func reservedTenth() throws {
    let world = try World()
    let group = world.group(3, attesters: ["Q"])
    let proposal = world.propose(World.add("Z"), by: "A", in: group, at: t(20)).id
    func opens(_ kind: UInt64, by name: String, _ tags: [[String]], _ content: String = "") throws -> Bool? {
      let event = World.key(name).verified(kind: kind, createdAt: t(21), tags: [["group", group.hex]] + tags, content: content)
      guard case .accepted(let effects) = try CountingReader.reads(of: event, in: world, received: t(21)).verdict else { return nil }
      return effects.yieldsWhenFull
    }
    #expect(try opens(4831, by: "X", [["parent", group.hex]], World.add("Y")) == true)
    #expect(try opens(4831, by: "A", [["parent", group.hex]], World.add("Y")) == false)
    #expect(try opens(4832, by: "B", [["proposal", proposal.hex]], "true") == false)
    #expect(try opens(4833, by: "B", [["parent", group.hex], ["proposal", proposal.hex]]) == false)
    #expect(try opens(4834, by: "Q", [["e", group.hex]]) == false)
    let proof = Data(shortProof(of: group, height: 3)).base64EncodedString()
    #expect(try opens(4834, by: "X", [["e", group.hex], ["attested-ots", proof]]) == true)
  }
}
