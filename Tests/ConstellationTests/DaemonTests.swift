// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport
import Testing

@testable import Constellation

@Suite("What the simulator asks of the program")
struct DaemonTests {
  @Test("versions, contributions and votes that count are seen as such, and others are not")
  func counted() throws {
    let scene = try Scene()
    try scene.campaign("vote_pending", to: 0)
    let vote = try scene.votes(1, at: 0)[0]
    try scene.campaign("crowdfunding", to: 0)
    let gift = Events.contribution(0, by: People.giver(0), 5, at: scene.after(10), salt: "gift")
    try scene.accepted(gift, at: 0)
    let late = Events.vote(0, by: People.voter(5), 2, at: scene.after(10), salt: "late")
    try scene.refused(late, at: 0)
    let counted = try scene.world.nodes[0].daemon.counted()
    #expect(counted.isSuperset(of: [vote.id, gift.id]) && !counted.contains(late.id))
    #expect(counted.count == 4)
  }

  @Test("an approval and a deletion are seen as decisions")
  func decisions() throws {
    let scene = try Scene()
    let daemon = scene.world.nodes[0].daemon
    #expect(try daemon.decision(Events.project(0)) == nil)
    try scene.campaign("vote_pending", to: 0)
    #expect(try daemon.decision(Events.project(0)) == Daemon.Decision(isApproved: false, isDeleted: false))
    try scene.votes(3, at: 0)
    #expect(try daemon.decision(Events.project(0)) == Daemon.Decision(isApproved: true, isDeleted: false))
    try scene.campaign("crowdfunding", to: 0, number: 1)
    try scene.accepted(Events.deletion(of: Events.address(of: 1), at: scene.after(10), salt: "", by: People.captain(of: 1)), at: 0)
    #expect(try daemon.decision(Events.project(1)) == Daemon.Decision(isApproved: false, isDeleted: true))
  }

  @Test("what the worker delivers is in the relay's database, and receipts are counted")
  func delivery() throws {
    let scene = try Scene()
    try scene.campaign("crowdfunding", to: 0)
    let gift = Events.contribution(0, by: People.giver(0), 5, at: scene.after(10), salt: "gift")
    try scene.accepted(gift, at: 0)
    scene.tick()
    let receipts = try #require(scene.world.nodes[0].daemon.receipts[gift.id])
    #expect(receipts.count == 1 && receipts.allSatisfy { scene.world.nodes[0].relay.has($0) })
    #expect(scene.world.nodes[0].daemon.faults.isEmpty)
  }

  @Test("something that no relay holds is found")
  func unheld() throws {
    let scene = try Scene()
    try scene.campaign("crowdfunding", to: 0)
    let gift = Events.contribution(0, by: People.giver(0), 5, at: scene.after(10), salt: "gift")
    try scene.accepted(gift, at: 0, isLost: true)
    #expect(try scene.world.check(rebuilding: []).contains { $0.kind == .held })
  }
}
