// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy
import TestSupport
import Testing

@testable import Groups

/// Several relays that know each other: labels, and deletions that prove nothing.
@Suite("Groups: labels and deletions") struct LabelScenarios {
  static func node(_ name: String, _ others: [String] = ["N1", "N2"]) throws -> World {
    try World {
      $0.followUps = FollowUpOptions(nodeKey: World.key(name).pubkey, nodes: Set(others.map { World.key($0).pubkey }))
    }
  }

  private func labels(_ world: World) throws -> [UnsignedEvent] {
    try world.outbox().filter { $0.name == .decisionLabel }.compactMap { row in
      guard case .unsigned(let form) = row.body else { return nil }
      return UnsignedEvent(form: form)
    }
  }

  @Test("this node labels each group event that it accepts live, at the time of its receipt; from sync, and without a key or the option, none")
  func made() throws {
    let world = try Self.node("N0")
    let group = world.group(5, attesters: ["Q"])
    let proposal = world.propose(World.add("X"), by: "A", in: group, at: t(20)).id
    let vote = world.vote("true", by: "B", on: proposal, in: group, at: t(20) + 1, received: t(20) + 9).id
    let node = world.modify(by: "A", in: group, at: t(20) + 2, [(proposal, [vote])]).id
    let attestation = world.attest(node, by: "Q", in: group, at: t(20) + 3).id
    let labels = try labels(world)
    #expect(labels.map { $0.tags.first { $0[0] == "e" }?[1] } == [group, proposal, vote, node, attestation].map(\.hex))
    #expect(labels.map(\.createdAt) == [T, t(20), t(20) + 9, t(20) + 2, t(20) + 3])
    #expect(labels[2].kind == 1985)
    #expect(
      labels[2].tags == [
        ["L", "commonsguard"], ["l", "group-accepted", "commonsguard"], ["e", vote.hex], ["p", World.key("B").hex],
      ])
    #expect(world.modify(World.add("Y"), by: "A", in: group, at: t(21), source: "Sync").isAccepted)
    #expect(world.modify(World.add("Y"), by: "A", in: group, at: t(22), source: "IP4").message == "invalid: modification has no effect")
    #expect(try self.labels(world).count == 5)

    let silent = try World { $0.followUps = FollowUpOptions(nodeKey: World.key("N0").pubkey, labels: [.voteRecorded]) }
    silent.group(2)
    let keyless = try World()
    keyless.group(2)
    #expect(try self.labels(silent).isEmpty && self.labels(keyless).isEmpty)
    #expect(try world.rebuilt().outbox().isEmpty, "judged again, nothing is published")
  }

  @Test("labels by nodes are kept whatever their source, also before what they name; others' are nobody's")
  func kept() throws {
    let world = try Self.node("N0")
    func isKnown(_ sent: Sent) throws -> Bool { try world.store.read { try $0.known(sent.id) } != nil }
    let group = world.group(5)
    for (index, node) in ["N0", "N1", "N2"].enumerated() {
      for source in ["IP4", "Sync", "Stream"] {
        #expect(try isKnown(world.label(group, by: node, at: T + UInt64(index), source: source)))
      }
    }
    let unknown = EventID(hex: String(repeating: "7", count: 64))!
    #expect(try isKnown(world.label(unknown, by: "N1", at: T)))
    #expect(try !isKnown(world.label(group, by: "X", at: T)))
    let other = world.send(
      1985, by: "N1", at: T, tags: [["L", "commonsguard"], ["l", "vote-recorded", "commonsguard"], ["e", group.hex]], content: "")
    #expect(try !isKnown(other))
    let empty = world.send(1985, by: "N1", at: T, tags: [["L", "commonsguard"], ["l", "group-accepted", "commonsguard"]], content: "")
    #expect(empty.message == "invalid: label names no event")
  }

  @Test("a label proves an event's time where it is dated three days after it at most, however many follow", arguments: [0, 1])
  func window(_ seconds: UInt64) throws {
    let world = try Self.node("N0")
    let group = world.group(5)
    let node = world.modify(World.add("Y"), by: "A", in: group, at: t(1), received: t(9), source: "Sync").id
    world.label(node, by: "N1", at: t(8), received: t(9))
    #expect(try world.tip(group, at: t(9)) == group)
    world.label(node, by: "N2", at: t(4) + seconds, received: t(9))
    #expect(try world.tip(group, at: t(9)) == (seconds == 0 ? node : group))
    world.label(node, by: "N1", at: t(5), received: t(9))
    #expect(try world.tip(group, at: t(9)) == (seconds == 0 ? node : group))
    #expect(world.tip(group) == node, "the canonical tip is the same everywhere")
  }

  @Test("no deletion takes a group's events or a node's label back, from whatever source", arguments: ["IP4", "Sync", "Peer"])
  func undeletable(_ source: String) throws {
    let world = try Self.node("N0")
    let group = world.group(5)
    let node = world.modify(World.add("Y"), by: "A", in: group, at: t(1)).id
    let label = world.label(node, by: "N1", at: t(1)).id
    for target in [group, node, label] {
      for author in ["A", "N1", "X"] {
        #expect(world.delete([target], by: author, kinds: [4833], at: t(2), source: source).message == "blocked: group history cannot be deleted")
      }
    }
    let unknown = EventID(hex: String(repeating: "7", count: 64))!
    #expect(world.delete([unknown, node], by: "A", at: t(2), source: source).message == "blocked: group history cannot be deleted", "one of them")
  }

  @Test(
    "a deletion that comes first is remembered: live its author's event is refused, from sync it is taken all the same", arguments: ["IP4", "Sync"])
  func deletedFirst(_ source: String) throws {
    let world = try World()
    let group = world.group(5)
    let json = world.modification(World.add("Y"), by: "A", in: group, at: t(1))
    let id = try Event(parsing: json).id
    func isKnown(_ sent: Sent) throws -> Bool { try world.store.read { try $0.known(sent.id) } != nil }
    #expect(try !isKnown(world.delete([id], by: "A", at: t(1), source: source)), "nothing says whose it is")
    #expect(try !isKnown(world.delete([id], by: "A", kinds: [1], at: t(1), source: source)))
    #expect(try isKnown(world.delete([id], by: "X", kinds: [4833], at: t(1), source: source)))
    let deletion = world.delete([id], by: "A", kinds: [1, 4833], at: t(1) + 1, source: source)
    #expect(try isKnown(deletion))
    #expect(world.send(json, received: t(1) + 2).message == "blocked: deleted by its author")
    #expect(world.send(json, received: t(1) + 2, source: "Sync").isAccepted)
    #expect(world.tip(group) == id)
    #expect(try world.rebuilt().tip(group) == id)
    #expect(world.send(json, received: t(1) + 3).isAccepted, "known by now")
  }

  @Test("of a voter's votes from sync the earliest sixty-four are kept, in whatever order they come; live there are five")
  func manyVotes() throws {
    let world = try World()
    let group = world.group(5)
    let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(20)).id
    let votes = (0..<70).map { number in
      World.key("B").json(
        kind: 4832, createdAt: t(20) + 1 + UInt64(number), tags: [["group", group.hex], ["proposal", proposal.hex]],
        content: number % 2 == 0 ? "true" : "false")
    }
    var digests: Set<Bytes32> = []
    for seed in 0..<4 {
      let other = try world.rebuilt()
      var random = SplitMix64(seed: UInt64(seed))
      for vote in votes.shuffled(using: &random) { #expect(other.send(vote, received: t(21), source: "Sync").isAccepted) }
      #expect(try other.store.read { try $0.votes(on: proposal).map(\.createdAt) } == (0..<64).map { t(20) + 1 + $0 })
      digests.insert(try other.digest())
    }
    #expect(digests.count == 1)
    for (index, vote) in votes.prefix(6).enumerated() {
      #expect(world.send(vote, received: t(21)).message == (index < 5 ? "" : "blocked: too many votes"))
    }
  }

  @Test("from sync an author's proposals and an event's proofs are taken, however many: which came first depends on the relay")
  func caps() throws {
    let world = try World()
    let group = world.group(5)
    for index in 0..<22 {
      let sent = world.propose("{\"meta\":{\"k\":\"\(index)\"}}", by: "B", in: group, at: t(1) + UInt64(index), source: "Sync")
      #expect(sent.isAccepted)
    }
    #expect(world.propose("{\"meta\":{\"k\":\"x\"}}", by: "B", in: group, at: t(2)).message == "blocked: too many open proposals")
    for index in 0..<6 {
      let sent = world.attest(group, by: "X", in: group, at: t(1) + UInt64(index), proof: shortProof(of: group, height: 3), source: "Sync")
      #expect(sent.isAccepted)
    }
    #expect(
      world.attest(group, by: "X", in: group, at: t(2), proof: shortProof(of: group, height: 3)).message == "blocked: too many unverified proofs")
  }
}
