// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport
import Testing

@testable import Constellation

/// The smallest histories that broke earlier forms of the spec: m1 to m9 of its executable model. Two relays, and a third that comes late.
@Suite("The smallest histories that drift apart")
struct ModelHistoriesTests {
  private func agree(_ scene: Scene, sourceLocation: SourceLocation = #_sourceLocation) throws {
    for violation in try scene.end() { Issue.record("\(violation)", sourceLocation: sourceLocation) }
  }

  @Test("m1: the captain edits at two relays before they meet")
  func editsAtTwo() throws {
    let scene = try Scene(late: 1)
    try scene.campaign("crowdfunding", to: 0)
    scene.pull(1, from: 0)
    try scene.accepted(Events.campaign(0, "crowdfunding", at: scene.after(10), salt: "a"), at: 0)
    try scene.accepted(Events.campaign(0, "crowdfunding", at: scene.after(10), salt: "b"), at: 1)
    try agree(scene)
  }

  @Test("m2: the kind 5 reaches a relay that does not know the contribution, which reaches the other one")
  func deletionFirst() throws {
    let scene = try Scene(late: 1)
    try scene.campaign("crowdfunding", to: 0)
    scene.pull(1, from: 0)
    let gift = Events.contribution(0, by: People.giver(0), 25, at: scene.after(10), salt: "gift")
    try scene.accepted(Events.deletion(of: [gift], at: scene.after(1), salt: "", by: People.giver(0)), at: 1)
    try scene.accepted(gift, at: 0)
    try agree(scene)
    for node in scene.world.nodes { #expect(try node.daemon.counted().contains(gift.id), "\(node.name)") }
  }

  @Test("m3: the campaign is deleted at one relay and contributed to at the other")
  func deletedAndPaid() throws {
    let scene = try Scene(late: 1)
    try scene.campaign("crowdfunding", to: 0)
    scene.pull(1, from: 0)
    let gift = Events.contribution(0, by: People.giver(0), 25, at: scene.after(10), salt: "gift")
    try scene.accepted(gift, at: 1)
    try scene.accepted(Events.deletion(of: Events.address(of: 0), at: scene.after(10), salt: "", by: People.captain(of: 0)), at: 0)
    try agree(scene)
  }

  @Test("m4: a contribution names two campaigns, of which the other relay knows one")
  func twoCampaigns() throws {
    let scene = try Scene(late: 1)
    try scene.campaign("crowdfunding", to: 0)
    scene.pull(1, from: 0)
    try scene.campaign("crowdfunding", to: 0, number: 1)
    try scene.accepted(Events.contribution(0, by: People.giver(0), 5, at: scene.after(10), naming: 1, salt: "gift"), at: 1)
    try agree(scene)
  }

  @Test("m5: a vote, its kind 5, and a kind 5 for the kind 5")
  func deletionOfDeletion() throws {
    let scene = try Scene(late: 1)
    try scene.campaign("vote_pending", to: 0)
    scene.pull(1, from: 0)
    let vote = Events.vote(0, by: People.voter(0), 3, at: scene.after(10), salt: "vote")
    try scene.accepted(vote, at: 0)
    let deletion = Events.deletion(of: [vote], at: scene.after(1), salt: "", by: People.voter(0))
    try scene.accepted(deletion, at: 0)
    let second = Events.deletion(of: [deletion], at: scene.after(1), salt: "", by: People.voter(0))
    try scene.refused(second, at: 0)
    // Another relay has not seen what it names.
    try scene.accepted(second, at: 1)
    try agree(scene)
  }

  @Test("m6: the vote is ended at one relay while it is approved at the other")
  func endedAndApproved() throws {
    let scene = try Scene(late: 1)
    try scene.campaign("vote_pending", to: 0)
    scene.pull(1, from: 0)
    try scene.campaign("crowdfunding", to: 0)
    try scene.votes(3, at: 1)
    try agree(scene)
  }

  @Test("m7: the creator's two updates of one previous at two relays")
  func equivocation() throws {
    let scene = try Scene(late: 1)
    let ignition = try scene.collective(at: 0)
    scene.pull(1, from: 0)
    try scene.accepted(Events.update(on: ignition, at: scene.after(10), salt: "a"), at: 0)
    try scene.accepted(Events.update(on: ignition, at: scene.after(10), salt: "b"), at: 1)
    try agree(scene)
  }

  @Test(
    "m8: reports of one address of two weeks, one of them corrected", .enabled(if: ModelHistoriesTests.judgesReports, "no reports are judged yet"))
  func reports() throws {
    let scene = try Scene(late: 1)
    for (number, week) in ["2025-W25", "2025-W26", "2025-W25", "2025-W27"].enumerated() {
      try scene.accepted(Events.report(week: week, at: scene.after(1), salt: "\(number)"), at: 0)
      scene.tick()
    }
    try agree(scene)
  }

  @Test("two captains use one project id at two relays: all of them say so", arguments: [false, true])
  func rivals(hasMoney: Bool) throws {
    let scene = try Scene(late: 1)
    let first = Events.campaign(0, "crowdfunding", at: scene.after(10), salt: "a")
    let second = Events.campaign(0, "crowdfunding", at: scene.after(10), by: People.mallory, salt: "b")
    try scene.accepted(first, at: 0)
    try scene.accepted(second, at: 1)
    if hasMoney {
      for place in 0..<2 { try scene.accepted(Events.contribution(0, by: People.giver(place), 5, at: scene.after(10), salt: "gift"), at: place) }
    }
    try agree(scene)
    for node in scene.world.nodes { #expect(try node.daemon.disputed(Events.project(0)), "\(node.name)") }
  }

  @Test("one kind 5 names a vote, and a link of the group that only the other relay knows")
  func twoDomains() throws {
    let scene = try Scene(late: 1)
    try scene.campaign("vote_pending", to: 0)
    let group = Events.group(at: scene.after(10))
    try scene.accepted(group, at: 0)
    scene.pull(1, from: 0)
    let link = Events.modification(of: group.id, on: group.id, by: People.administrator(1), at: scene.after(10), salt: "")
    try scene.accepted(link, at: 0)
    let vote = Events.vote(0, by: People.administrator(1), 3, at: scene.after(10), salt: "vote")
    try scene.accepted(vote, at: 1)
    try scene.accepted(Events.deletion(of: [vote, link], at: scene.after(10), salt: "", by: People.administrator(1)), at: 1)
    try agree(scene)
    for node in scene.world.nodes { #expect(try node.daemon.length(of: group.id) == 1, "\(node.name)") }
  }

  @Test("a campaign ends its vote and is deleted at one relay, and goes on with an edit and a vote at the other")
  func deletedAndGoingOn() throws {
    let scene = try Scene()
    try scene.campaign("vote_pending", to: 0)
    scene.pull(1, from: 0)
    try scene.campaign("crowdfunding", to: 0)
    try scene.accepted(Events.deletion(of: Events.address(of: 0), at: scene.after(10), salt: "", by: People.captain(of: 0)), at: 0)
    try scene.campaign("vote_pending", to: 1)
    try scene.accepted(Events.vote(0, by: People.voter(5), 3, at: scene.after(10), salt: "vote"), at: 1)
    try agree(scene)
  }

  @Test("m9: a kind 5 waits for eight days until the vote comes that it names")
  func longAway() throws {
    let scene = try Scene(late: 1)
    try scene.campaign("vote_pending", to: 0)
    scene.pull(1, from: 0)
    let vote = Events.vote(0, by: People.voter(0), 3, at: scene.after(10), salt: "vote")
    try scene.accepted(vote, at: 0)
    try scene.accepted(Events.deletion(of: [vote], at: scene.after(1), salt: "", by: People.voter(0)), at: 1)
    scene.after(8 * 86_400)
    scene.pull(1, from: 0)
    try agree(scene)
  }

  private static let judgesReports = (try? Constellation(History.Shape()).nodes.first?.daemon.judgesReports) ?? false
}
