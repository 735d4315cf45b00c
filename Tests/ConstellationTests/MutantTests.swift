// SPDX-License-Identifier: AGPL-3.0-or-later
import Delivery
import Nostr
import TestSupport
import Testing

@testable import Constellation

@Suite("Rules taken away from outside")
struct MutantTests {
  /// What the relay has of what a node's worker delivers.
  private func kept(_ mutant: Mutant?, _ events: [Event]) -> [Bool] {
    let relay = StrfryModel()
    let sink = ModelSink(relay, node: People.node(0).pubkey, mutant)
    let outcomes = sink.deliver(events.enumerated().map { SignedRow(sequence: UInt64($0), id: $1.id, event: $1.raw) })
    #expect(outcomes.allSatisfy { $0 == .delivered })
    return events.map { relay.has($0.id) }
  }

  private func label(_ name: String) -> Event {
    People.node(0).event(kind: 1985, createdAt: History.start, tags: [["L", "commonsguard"], ["l", name, "commonsguard"]])
  }

  @Test("the sink drops the node's archives, or its labels of one name or all, and nothing else")
  func sink() {
    let events = [
      People.node(0).event(kind: 16, createdAt: History.start, content: "{}"), label("vote-approved"), label("vote-taken-back"),
      People.node(0).event(kind: 9742, createdAt: History.start),
    ]
    #expect(kept(nil, events) == [true, true, true, true])
    #expect(kept(.noArchives, events) == [false, true, true, true])
    #expect(kept(.noLabels, events) == [true, false, false, true])
    #expect(kept(.noApprovedLabels, events) == [true, false, true, true])
    #expect(kept(.noTakenBackLabels, events) == [true, true, false, true])
  }

  @Test("of six events that wait, five are kept", arguments: [(nil, 6), (Mutant.smallParking, 5)])
  func parking(mutant: Mutant?, expected: Int) throws {
    let world = try Constellation(History.Shape(), mutant: mutant)
    for number in 0..<6 {
      try world.run(
        Step(number: number, time: History.start, dated: 0, action: .inject(.contribution(0, by: number, amount: 1, naming: nil), at: 0)))
    }
    #expect(try world.nodes[0].daemon.parkedCount() == expected)
  }

  @Test("a listed relay's push makes no receipt, but for a daemon that takes it for a client", arguments: [(nil, 0), (Mutant.peersAsClients, 1)])
  func peers(mutant: Mutant?, expected: Int) throws {
    let world = try Constellation(History.Shape(), mutant: mutant)
    #expect(try world.send(Events.campaign(0, "crowdfunding", at: world.now, salt: ""), to: 0))
    world.pull(1, from: 0)
    #expect(try world.send(Events.contribution(0, by: People.giver(0), 5, at: world.now, salt: "gift"), to: 0))
    world.push(0, to: 1)
    world.nodes[1].daemon.tick(at: world.now)
    #expect(try world.nodes[1].daemon.counted().count == 2)
    #expect(world.nodes[1].daemon.receipts.count == expected)
  }

  @Test("the worker can look up what the relay has, unless that is taken away")
  func confirming() throws {
    let world = try Constellation(History.Shape())
    let (kept, lost) = (Events.campaign(0, "crowdfunding", at: world.now, salt: ""), Events.campaign(1, "crowdfunding", at: world.now, salt: ""))
    try world.send(kept, to: 0)
    try world.send(lost, to: 0, isLost: true)
    #expect(world.nodes[0].daemon.confirm?([kept.id, lost.id]) == [kept.id])
    #expect(try Constellation(History.Shape(), mutant: .noConfirm).nodes[0].daemon.confirm == nil)
  }

  @Test("a node without a key makes no receipt")
  func keyless() throws {
    for (mutant, expected) in [(nil, 1), (Mutant.keyless, 0)] {
      let world = try Constellation(History.Shape(), mutant: mutant)
      for event in [
        Events.campaign(0, "crowdfunding", at: world.now, salt: ""), Events.contribution(0, by: People.giver(0), 5, at: world.now, salt: "gift"),
      ] { #expect(try world.send(event, to: 1)) }
      world.nodes[1].daemon.tick(at: world.now)
      #expect(world.nodes[1].daemon.receipts.count == expected)
    }
  }

  /// Histories of honest users that show at once that a rule is missing, and what they break then.
  private static let seeds: [(mutant: Mutant, seed: UInt64, kind: Violation.Kind)] = [
    (.noArchives, 2, .digest), (.noLabels, 2, .digest), (.noTakenBackLabels, 2, .digest), (.noRecordedLabels, 58, .decision),
    (.noGroupLabels, 4, .outcome), (.keyless, 2, .digest), (.strangers, 2, .digest), (.smallParking, 56, .digest), (.noConfirm, 12, .held),
    (.firstSeen, 2, .digest),
  ]

  @Test("a history that keeps every promise breaks one as soon as the rule is taken away", arguments: seeds)
  func found(mutant: Mutant, seed: UInt64, kind: Violation.Kind) throws {
    let history = History(seed: seed)
    #expect(try Constellation.violations(of: history).isEmpty)
    #expect(try Constellation.violations(of: history, mutant: mutant).contains { $0.kind == kind })
  }

  @Test("without the labels of approvals only one of two relays says that a vote is disputed", arguments: [nil, Mutant.noApprovedLabels])
  func approvals(mutant: Mutant?) throws {
    let scene = try Scene(mutant: mutant)
    try scene.campaign("vote_pending", to: 0)
    scene.pull(1, from: 0)
    try scene.campaign("crowdfunding", to: 0)
    try scene.votes(3, at: 1)
    let broken = try scene.end().map(\.kind)
    #expect(mutant == nil ? broken.isEmpty : broken.contains(.decision))
  }

  @Test("every rule that can be taken away is missed by a seed or by a history of its own")
  func all() {
    // What pushes of peers decide is told by `peers` alone: the relays agree on it either way.
    #expect(Set(Self.seeds.map(\.mutant)).union([.noApprovedLabels, .peersAsClients]) == Set(Mutant.allCases))
  }
}
