// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport
import Testing

@testable import Constellation

/// The histories that drifted apart behind real relays. Source: constellation spec, *How it is proved*.
@Suite("Histories that failed behind real relays")
struct NamedHistoriesTests {
  private func agree(_ scene: Scene, sourceLocation: SourceLocation = #_sourceLocation) throws {
    for violation in try scene.end() { Issue.record("\(violation)", sourceLocation: sourceLocation) }
  }

  @Test("four contributions that their givers delete after they were paid count at a late relay too")
  func deletedContributions() throws {
    let scene = try Scene(late: 1)
    try scene.campaign("crowdfunding", to: 0)
    scene.pull(1, from: 0)
    let gifts = try (0..<4).map { number in
      let gift = Events.contribution(0, by: People.giver(number), 5, at: scene.after(10), salt: "\(number)")
      try scene.accepted(gift, at: 0)
      return gift
    }
    for (number, gift) in gifts.enumerated() {
      let deletion = Events.deletion(of: [gift], at: scene.after(10), salt: "\(number)", by: People.giver(number))
      // Here it is refused; another relay that does not know the gift yet takes it.
      try scene.refused(deletion, at: 0)
      try scene.accepted(deletion, at: 1)
    }
    scene.pull(0, from: 1)
    try agree(scene)
    for node in scene.world.nodes { #expect(try node.daemon.counted().isSuperset(of: gifts.map(\.id)), "\(node.name)") }
  }

  @Test("two votes that are deleted after the approval leave it approved, or disputed, everywhere")
  func deletedVotes() throws {
    let scene = try Scene(late: 1)
    try scene.campaign("vote_pending", to: 0)
    scene.pull(1, from: 0)
    let votes = try scene.votes(3, at: 0)
    scene.tick()
    for (number, vote) in votes.prefix(2).enumerated() {
      let deletion = Events.deletion(of: [vote], at: scene.after(10), salt: "\(number)", by: People.voter(number))
      try scene.refused(deletion, at: 0)
      try scene.accepted(deletion, at: 1)
    }
    try agree(scene)
    #expect(try scene.world.nodes[0].daemon.decision(Events.project(0))?.isApproved == true)
  }

  @Test("a vote that is taken back and cast again is the same at a late relay")
  func voteCastAgain() throws {
    let scene = try Scene(late: 1)
    try scene.campaign("vote_pending", to: 0)
    scene.pull(1, from: 0)
    let first = Events.vote(0, by: People.voter(0), 2, at: scene.after(10), salt: "first")
    try scene.accepted(first, at: 0)
    try scene.accepted(Events.deletion(of: [first], at: scene.after(10), salt: "", by: People.voter(0)), at: 0)
    let second = Events.vote(0, by: People.voter(0), 3, at: scene.after(10), salt: "second")
    try scene.accepted(second, at: 0)
    try agree(scene)
    for node in scene.world.nodes {
      let counted = try node.daemon.counted()
      #expect(counted.contains(second.id) && !counted.contains(first.id), "\(node.name)")
    }
  }

  @Test("where the captain ends the vote at one relay while ten vote at another, both say that it is disputed")
  func editWhileVoting() throws {
    let scene = try Scene()
    try scene.campaign("vote_pending", to: 0)
    scene.pull(1, from: 0)
    try scene.campaign("crowdfunding", to: 0)
    try scene.votes(10, at: 1, weight: 1)
    try agree(scene)
    for node in scene.world.nodes { #expect(try node.daemon.disputed(Events.project(0)), "\(node.name)") }
  }

  @Test("seven updates of a collective without a pause are all known where a router saw one")
  func updatesWithoutPause() throws {
    let scene = try Scene()
    let ignition = try scene.collective(at: 0)
    scene.pull(1, from: 0)
    try scene.updates(7, at: 0)
    scene.world.route(1, from: 0)
    scene.tick()
    try agree(scene)
    #expect(try scene.world.nodes[1].daemon.updates(of: ignition.id, by: People.creator.pubkey) == 8)
  }

  @Test("one missed update of a collective does not cut off those behind it")
  func missedUpdate() throws {
    let scene = try Scene()
    let ignition = try scene.collective(at: 0)
    scene.pull(1, from: 0)
    try scene.updates(1, at: 0)
    scene.tick()
    try scene.updates(1, at: 0)
    scene.pull(1, from: 0)
    scene.tick()
    try scene.updates(1, at: 0)
    try agree(scene)
    #expect(try scene.world.nodes[1].daemon.updates(of: ignition.id, by: People.creator.pubkey) == 4)
  }

  @Test("a group of 250 modifications by one administrator is whole at a late relay after two pulls")
  func longGroup() throws {
    let scene = try Scene(early: 1, late: 1)
    let group = Events.group(at: scene.after(1))
    try scene.accepted(group, at: 0)
    var parent = group.id
    for number in 0..<250 {
      let next = Events.modification(of: group.id, on: parent, by: People.administrator(0), at: scene.after(1), salt: "\(number)")
      try scene.accepted(next, at: 0)
      parent = next.id
    }
    try agree(scene)
    #expect(try scene.world.nodes[1].daemon.length(of: group.id) == scene.world.nodes[0].daemon.length(of: group.id))
  }

  @Test("what a listed relay pushes decides nothing here and is paid once")
  func pushing() throws {
    let scene = try Scene()
    try scene.campaign("vote_pending", to: 0)
    scene.world.push(0, to: 1)
    try scene.votes(3, at: 0)
    try scene.campaign("crowdfunding", to: 0)
    let gift = Events.contribution(0, by: People.giver(0), 5, at: scene.after(10), salt: "gift")
    try scene.accepted(gift, at: 0)
    scene.world.push(0, to: 1)
    scene.tick()
    try agree(scene)
    // Only the relay to which the giver sent it makes a receipt.
    #expect(scene.world.nodes[0].daemon.receipts[gift.id]?.count == 1)
    #expect(scene.world.nodes[1].daemon.receipts[gift.id] == nil)
  }

  @Test("a contribution that names two campaigns means the same where one of them is unknown")
  func twoCampaigns() throws {
    let scene = try Scene(late: 1)
    try scene.campaign("crowdfunding", to: 0)
    scene.pull(1, from: 0)
    try scene.campaign("crowdfunding", to: 0, number: 1)
    let gift = Events.contribution(0, by: People.giver(0), 5, at: scene.after(10), naming: 1, salt: "gift")
    try scene.accepted(gift, at: 1)
    try scene.refused(gift, at: 0)
    try agree(scene)
    for node in scene.world.nodes { #expect(try node.daemon.counted().contains(gift.id), "\(node.name)") }
  }

  @Test("a late relay knows every version of campaigns that were edited")
  func editedCampaigns() throws {
    let scene = try Scene(late: 1)
    try scene.campaign("vote_pending", to: 0)
    scene.pull(1, from: 0)
    let votes = try scene.votes(2, at: 0)
    for _ in 0..<3 { try scene.campaign("vote_pending", to: 0) }
    try scene.campaign("crowdfunding", to: 0)
    let gift = Events.contribution(0, by: People.giver(0), 5, at: scene.after(10), salt: "gift")
    try scene.accepted(gift, at: 0)
    try agree(scene)
    for node in scene.world.nodes { #expect(try node.daemon.counted().isSuperset(of: votes.map(\.id) + [gift.id]), "\(node.name)") }
  }

  @Test("what a killed relay lost between the answer and its commit comes back to it")
  func killedRelay() throws {
    let scene = try Scene()
    try scene.campaign("crowdfunding", to: 0)
    scene.pull(1, from: 0)
    let gift = Events.contribution(0, by: People.giver(0), 5, at: scene.after(10), salt: "gift")
    try scene.accepted(gift, at: 0, isLost: true)
    #expect(!scene.world.nodes[0].relay.has(gift.id))
    scene.after(60)
    scene.tick()
    try agree(scene)
    for node in scene.world.nodes { #expect(try node.relay.has(gift.id) && node.daemon.counted().contains(gift.id), "\(node.name)") }
  }

  @Test("histories of seeds that once broke a promise keep it", arguments: [78, 535, 2133, 2465, 4615, 7564, 14393, 15157] as [UInt64])
  func mended(_ seed: UInt64) throws {
    if let trial = try Trial.run(seed: seed) { Issue.record("\(trial)") }
  }
}
