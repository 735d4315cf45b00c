// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import Policy
import StateStore
import TestSupport
import Testing

@testable import Groups

@Suite("GT-H and GT-X: historical queries, and the domain as a whole") struct HistoryScenarios {
  @Test("GT-H01 and H02 before its init a group has no members, at it they are provisional")
  func boundaries() throws {
    let world = try World()
    let group = world.group(5)
    #expect(try !world.was("A", in: group, at: T - 1).isMember)
    let answer = try world.was("A", in: group, at: T)
    #expect(answer.isMember && answer.isDirect && answer.isAdministrator && !answer.isVoter)
    #expect(answer.status == .provisional)
    #expect(answer.tip == group)
    #expect(try world.was("A", in: group, at: t(10)).isVoter)
    #expect(try !world.was("A", in: group, at: t(10) - 1).isVoter)
  }

  @Test("GT-H04 who is removed is a member until then, and not from then on")
  func removed() throws {
    let world = try World()
    let group = world.group(5)
    let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(1)).id
    world.modify(by: "A", in: group, at: t(2), [(proposal, [])])
    #expect(try world.was("C", in: group, at: t(2) - 1).isMember)
    #expect(try !world.was("C", in: group, at: t(2)).isMember)
  }

  @Test("GT-H06 confirmed answers come from the last confirmed node, and say what is disputed")
  func confirmedMode() throws {
    let headers = HeadersFile()
    let world = try World { $0.headersFile = headers.path }
    let group = world.group(5)
    try headers.append(group.value, time: T + hour)
    world.attest(group, by: "X", in: group, at: t(1), proof: shortProof(of: group, height: 0))
    world.modify(World.add("Z"), by: "A", in: group, at: t(2))
    let answer = try world.was("Z", in: group, at: t(3), .confirmed)
    #expect(!answer.isMember && answer.disputedSince == t(2) && answer.node == group && answer.status == .confirmed)
    #expect(try world.was("A", in: group, at: t(3), .confirmed).isMember)
    #expect(try world.was("Z", in: group, at: t(3)).isMember)
  }

  @Test("conservative: an addition counts from its confirmation, a removal at once")
  func conservative() throws {
    let headers = HeadersFile()
    let world = try World { $0.headersFile = headers.path }
    let group = world.group(5)
    let node = world.modify(World.add("Z"), by: "A", in: group, at: t(2)).id
    #expect(try !world.was("Z", in: group, at: t(3), .conservative).isMember)
    try headers.append(node.value, time: t(4))
    world.attest(node, by: "X", in: group, at: t(5), proof: shortProof(of: node, height: 0))
    #expect(try !world.was("Z", in: group, at: t(4) - 1, .conservative).isMember)
    #expect(try world.was("Z", in: group, at: t(4), .conservative).isMember)
    let proposal = world.propose(World.remove(5), by: "A", in: group, at: t(6)).id
    world.modify(by: "A", in: group, at: t(7), [(proposal, [])])
    #expect(try !world.was("Z", in: group, at: t(7), .conservative).isMember)
  }

  @Test("GT-X01 a group's history cannot be deleted; other deletions are nobody's")
  func deletion() throws {
    let world = try World()
    let group = world.group(5)
    #expect(world.send(5, by: "A", at: t(1), tags: [["e", group.hex]], content: "").message == "blocked: group history cannot be deleted")
    let other = world.send(5, by: "A", at: t(1), tags: [["e", String(repeating: "7", count: 64)]], content: "")
    #expect(other.isAccepted && other.judgement.owner == nil)
  }

  @Test("GT-X03 kinds are five distinct numbers that nobody else has")
  func kinds() {
    #expect(GroupKinds().problem == nil)
    #expect(GroupKinds(initGroup: 1040).problem?.name == "init")
    #expect(GroupKinds(vote: 4830).problem?.name == "vote")
    #expect(GroupKinds(attest: 999).problem?.name == "attest")
    #expect(GroupKinds(attest: 9742).problem != nil)
    #expect(GroupKinds(initGroup: 4930).problem == nil)
    #expect(GroupKinds(initGroup: 4930).note != GroupKinds().note)
  }

  @Test("other kind numbers are judged when they are configured")
  func otherKinds() throws {
    let world = try World { $0.kinds.initGroup = 4930 }
    #expect(world.initGroup(["A"]).judgement.owner == .groups)
    let usual = try World()
    #expect(usual.send(4930, by: "A", at: T, tags: [], content: "").judgement.owner == nil)
  }

  @Test("GT-X06 a thousand groups, nested to the limit, are decided")
  func bomb() throws {
    let world = try World()
    var levels: [[EventID]] = [[]]
    // 990 leaves under six levels of one another, and a root over all of them.
    for index in 0..<990 { levels[0].append(world.initGroup(["L\(index % 50)"], by: "A", at: T + UInt64(index)).id) }
    var last = levels[0]
    var time = T + 1000
    while last.count > 1 || levels.count < 7 {
      time += 1
      var next: [EventID] = []
      for start in stride(from: 0, to: last.count, by: 200) {
        let sent = world.initGroup(last[start..<min(start + 200, last.count)].map { "[\"\($0.hex)\"]" } + ["A"], at: time)
        #expect(sent.isAccepted, "\(sent.message)")
        next.append(sent.id)
      }
      last = next
      levels.append(last)
    }
    let root = last[0]
    #expect(world.modify(World.add("Z"), by: "L7", in: root, at: t(1)).isAccepted)
    #expect(world.modify(World.add("Y"), by: "X", in: root, at: t(2)).message == "restricted: not an administrator")
    let proposal = world.propose(World.remove(0), by: "A", in: root, at: t(20))
    #expect(proposal.isAccepted)
    #expect(world.modify(by: "A", in: root, at: t(20) + 1, [(proposal.id, [])]).message.hasPrefix("invalid: insufficient votes"))
  }
}
