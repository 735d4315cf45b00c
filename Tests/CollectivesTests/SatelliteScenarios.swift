// SPDX-License-Identifier: AGPL-3.0-or-later
import Judgement
import Nostr
import Policy
import StateStore
import TestSupport
import Testing

@testable import Collectives

/// 4.9: what is published beside the updates.
@Suite("Collectives: satellites")
struct SatelliteScenarios {
  private static let request = Acme.request(Acme.m, 100)

  /// An update that names the request and carries its vote.
  private func naming(_ fixture: Fixture, _ request: Event = request) -> Draft {
    var draft = fixture.next()
    draft.rows.append(Row(request.id, Acme.m, 100))
    draft.proofs = [Acme.vote(Acme.c, request)]
    draft.extra = [["proof_id", request.id.hex, "wss://relay.example"]]
    return draft
  }

  @Test("from sync a satellite before its collective waits for it, and a later proof_id resolves: the same state in both orders")
  func early() throws {
    let source = try Fixture()
    let update = naming(source).event
    let receipt = Acme.receipt(10)
    let (early, late) = (try Relay(), try Relay())
    for satellite in [Self.request, receipt] {
      #expect(try early.sync(satellite) == "error: missing ignition of \(Acme.c.pubkey.short), parked")
    }
    for event in [source.ignition, update] { #expect(try early.settle(event) == Relay.accept) }
    for event in [source.ignition, Self.request, receipt, update] { #expect(try late.settle(event) == Relay.accept) }
    #expect(try early.digest() == late.digest())
    #expect(try early.parkedCount() == 0 && early.view(source.ignition)?.head.id == update.id)
    #expect(try early.journalCount() == late.journalCount())
  }

  @Test("what comes as update, proof, collective is judged in the end, too")
  func reversed() throws {
    let source = try Fixture()
    let update = naming(source).event
    let relay = try Relay()
    for event in [update, Self.request] { expect(try relay.settle(event), refusedWith: "error: ") }
    #expect(try relay.parkedCount() == 2)
    #expect(try relay.settle(source.ignition) == Relay.accept)
    #expect(try relay.parkedCount() == 0 && relay.view(source.ignition)?.head.id == update.id)
  }

  @Test("a satellite that names the ignition by e waits for it; once what it names is there and is no collective, it is nobody's")
  func byEvent() throws {
    let source = try Fixture()
    let legacy = Acme.m.event(kind: 1602, createdAt: Acme.t0 + 10, tags: [["e", source.ignition.id.hex], ["amount", "7"]])
    let relay = try Relay()
    #expect(try relay.sync(legacy) == "error: missing ignition \(source.ignition.id.short), parked")
    #expect(try relay.settle(source.ignition) == Relay.accept)
    #expect(try relay.parkedCount() == 0 && relay.journalCount() == 2)
    let vote = Acme.c.event(kind: 1603, createdAt: Acme.t0 + 20, tags: [["e", legacy.id.hex], ["vote", "ratify"]])
    let early = try Relay()
    expect(try early.sync(vote), refusedWith: "error: missing ignition \(legacy.id.short), parked")
    for event in [source.ignition, legacy] { #expect(try early.settle(event) == Relay.accept) }
    #expect(try early.parkedCount() == 0 && early.journalCount() == 2)
    // In the other order it is nobody's from the beginning, also where nobody's events are refused.
    let judgement = try early.judge(line: requestLine(vote, receivedAt: Acme.t0 + 20, sourceType: "Sync"))
    #expect(judgement.owner == nil && judgement.decision == .accept && !judgement.isWritten)
  }

  @Test("live, and for zaps of notes, nothing waits: what names no known collective is left to others")
  func unclaimed() throws {
    let relay = try Relay()
    #expect(try relay.judge(line: requestLine(Self.request, receivedAt: Acme.t0 + 10)).owner == nil)
    let zap = Acme.z.event(kind: 9735, createdAt: Acme.t0, tags: [["e", String(repeating: "1", count: 64)], ["p", Acme.m.hex]])
    for source in ["IP4", "Sync"] {
      let judgement = try relay.judge(line: requestLine(zap, receivedAt: Acme.t0, sourceType: source))
      #expect(judgement.owner == nil && judgement.decision == .accept)
    }
    #expect(try relay.parkedCount() == 0)
  }

  @Test("an adopted collective releases what named it", arguments: [true, false])
  func adopted(_ byAddress: Bool) throws {
    let source = try Fixture.f4()
    let relay = try Relay { $0.checkpoint = true }
    let tag = byAddress ? ["a", Acme.address()] : ["e", source.ignition.id.hex]
    let satellite = Acme.n.event(kind: 1409, createdAt: Acme.t0, tags: [tag, ["merits", "1"]])
    expect(try relay.sync(satellite), refusedWith: "error: missing ignition")
    #expect(try relay.settle(source.head) == Relay.accept)
    #expect(try relay.parkedCount() == 0 && relay.journalCount() == 2)
  }

  /// What deciding an event live gives.
  private func effects(_ event: Event, _ relay: Relay) throws -> Effects? {
    let prepared = try relay.prepare(event)
    return try relay.store.read { state in
      if case .accepted(let effects) = try prepared.decide(in: Circumstances(receivedAt: event.createdAt, source: .ip4), reading: state, trace: nil) {
        return effects
      }
      return nil
    }
  }

  @Test("the room that is kept for what exists is not for strangers' satellites, nor for deletions")
  func reserved() throws {
    let fixture = try Fixture(1)
    let stranger = Acme.request(Acme.n, 5)
    #expect(try effects(stranger, fixture.relay)?.yieldsWhenFull == true)
    for own in [Acme.vote(Acme.c, stranger), Acme.leadtime(Acme.m, fixture.r(1), 1), Acme.receipt(10)] {
      #expect(try effects(own, fixture.relay)?.yieldsWhenFull == false)
    }
    #expect(try effects(Acme.receipt(10, by: Acme.n), fixture.relay)?.yieldsWhenFull == true)
    #expect(try effects(fixture.next().event, fixture.relay)?.yieldsWhenFull == false)
    let empty = try Fixture()
    for deletion in [
      Acme.c.event(kind: 5, createdAt: Acme.t0 + 500, tags: [["a", Acme.address()]]),
      Acme.c.event(kind: 62, createdAt: Acme.t0 + 500, tags: [["relay", "ALL_RELAYS"]]),
    ] {
      #expect(try effects(deletion, empty.relay)?.yieldsWhenFull == true)
    }
  }

  @Test(
    "live, what an accepted update names by proof_id cannot be deleted, also in collectives from before that was written down",
    arguments: [false, true])
  func named(_ isOld: Bool) throws {
    let fixture = try Fixture()
    let other = Acme.request(Acme.m, 1, salt: "not named")
    for event in [Self.request, other] { try expectAccept(fixture.relay.live(event)) }
    try fixture.publish(naming(fixture))
    try fixture.publish(fixture.next())
    if isOld {
      try fixture.relay.store.write { state in
        var changes: [StateChange] = []
        try state.scan(CollectivesState.named, prefix: []) { key, _ in
          changes.append(.delete(CollectivesState.named, key: key))
          return true
        }
        #expect(changes.count == 2)
        try state.apply(changes)
      }
    }
    func delete(_ targets: [Event], by key: TestKey = Acme.m, from source: String = "IP4") throws -> Judgement {
      let deletion = key.event(kind: 5, createdAt: Acme.t0 + 500, tags: targets.map { ["e", $0.id.hex] })
      return try fixture.relay.judge(line: requestLine(deletion, receivedAt: Acme.t0 + 500, sourceType: source))
    }
    #expect(try delete([Self.request]).decision == .reject(.blocked("a proof cannot be deleted")))
    #expect(try delete([other, Self.request]).decision == .reject(.blocked("a proof cannot be deleted")))
    // Another one's: nobody deletes what somebody else wrote.
    let strangers = try delete([Self.request], by: Acme.n)
    #expect(strangers.decision == .accept && strangers.owner == nil && !strangers.isWritten)
    // One that no update names; and from sync, where the relay acts by itself.
    for judgement in [try delete([other]), try delete([Self.request], from: "Sync")] {
      #expect(judgement.decision == .accept && judgement.owner == .collectives && judgement.isWritten)
    }
  }

  @Test("live nothing rests on a satellite that its author deleted, but for what an update names already; from sync it is still known")
  func takenBack() throws {
    let fixture = try Fixture()
    try expectAccept(fixture.relay.live(Self.request))
    let deletion = Acme.m.event(kind: 5, createdAt: Acme.t0 + 20, tags: [["e", Self.request.id.hex]])
    try expectAccept(fixture.relay.live(deletion))
    let update = naming(fixture).event
    #expect(try fixture.relay.live(update) == "error: proof \(Self.request.id.short) unknown here")
    #expect(try fixture.relay.sync(update) == Relay.accept)
    var next = fixture.next()
    next.previous = update.id.hex
    next.at = update.createdAt + 10
    next.rows = [Row(Self.request.id, Acme.m, 100)]
    next.extra = [["proof_id", Self.request.id.hex]]
    #expect(try fixture.relay.live(next.event) == Relay.accept)
  }

  /// A kind 5, and who it was taken for.
  private func send(_ tags: [[String]], to relay: Relay, by key: TestKey = Acme.m, from source: String = "IP4") throws -> Judgement {
    try relay.judge(line: requestLine(key.event(kind: 5, createdAt: Acme.t0 + 500, tags: tags), receivedAt: Acme.t0 + 500, sourceType: source))
  }

  @Test(
    "a deletion that says by k that it names one of ours is remembered: live its target is not taken any more, from sync it is",
    arguments: ["IP4", "Sync"])
  func remembered(_ source: String) throws {
    let fixture = try Fixture()
    let vote = Acme.vote(Acme.m, Self.request)
    let judgement = try send([["e", Self.request.id.hex], ["e", vote.id.hex], ["k", "1409"], ["k", "1410"]], to: fixture.relay, from: source)
    #expect(judgement.decision == .accept && judgement.owner == .collectives && judgement.isWritten)
    #expect(try fixture.relay.live(Self.request) == "blocked: deleted by its author")
    #expect(try fixture.relay.sync(vote) == Relay.accept)
    let update = fixture.next().event
    try expectAccept(
      try send([["e", update.id.hex], ["k", "31108"]], to: fixture.relay, by: Acme.c, from: source).decision == .accept ? Relay.accept : "refused")
    #expect(try fixture.relay.live(update) == "blocked: deleted by its author")
    #expect(try fixture.relay.sync(update) == Relay.accept)
    // What was accepted once is taken from the journal again.
    let other = try Relay()
    try expectAccept(other.live(fixture.ignition))
    _ = try send([["e", update.id.hex], ["k", "31108"]], to: other, by: Acme.c, from: source)
    #expect(try other.rejudge(update) == Relay.accept)
  }

  @Test("a deletion without k, or of another kind, or of what somebody else wrote, takes nothing of ours back")
  func unrelated() throws {
    let fixture = try Fixture()
    for tags in [[["e", Self.request.id.hex]], [["e", Self.request.id.hex], ["k", "1"]], [["k", "31108"]]] {
      let judgement = try send(tags, to: fixture.relay)
      #expect(judgement.decision == .accept && judgement.owner == nil)
    }
    #expect(try send([["e", Self.request.id.hex], ["k", "1409"]], to: fixture.relay, by: Acme.n).owner == .collectives)
    #expect(try fixture.relay.live(Self.request) == Relay.accept)
  }

  @Test("a deleted address takes back what was written until then", arguments: [0, 1])
  func address(_ later: UInt64) throws {
    let relay = try Relay()
    #expect(try send([["a", Acme.address()], ["k", "31108"]], to: relay, by: Acme.c).isWritten)
    var draft = Draft()
    draft.at = Acme.t0 + 500 + later
    #expect(try relay.live(draft.event) == (later > 0 ? Relay.accept : "blocked: deleted by its author"))
    #expect(try relay.sync(draft.event) == Relay.accept)
  }

  @Test("from sync, too, the history of a collective that has merits is not deleted")
  func history() throws {
    let fixture = try Fixture(1)
    for source in ["IP4", "Sync"] {
      let judgement = try send(
        [["e", fixture.ignition.id.hex], ["e", String(repeating: "1", count: 64)], ["k", "31108"]], to: fixture.relay, by: Acme.c, from: source)
      #expect(judgement.decision == .reject(.blocked("SEC history cannot be deleted")))
    }
  }

  @Test(
    "a node's label is kept from wherever it comes, also before what it names, and once; others' labels are nobody's", arguments: ["IP4", "Sync"])
  func labels(_ source: String) throws {
    let (node, other) = (TestKey("node"), TestKey("another node"))
    let relay = try Relay { $0.followUps.nodes = [node.pubkey, other.pubkey] }
    func send(_ key: TestKey, _ label: String = "collective-state-valid", _ space: String = "commonsguard") throws -> Judgement {
      let tags = [["L", space], ["l", label, space], ["e", String(repeating: "1", count: 64)]]
      return try relay.judge(
        line: requestLine(key.event(kind: 1985, createdAt: Acme.t0, tags: tags), receivedAt: Acme.t0, sourceType: source))
    }
    for key in [node, other] {
      let (first, again) = (try send(key), try send(key))
      #expect(first.decision == .accept && first.owner == .collectives && first.isWritten)
      #expect(again.decision == .accept && !again.isWritten)
    }
    #expect(try relay.journalCount() == 2)
    for judgement in [try send(Acme.n), try send(node, "group-accepted"), try send(node, "collective-state-valid", "ugc")] {
      #expect(judgement.decision == .accept && judgement.owner == nil && !judgement.isWritten)
    }
    // And no kind 5 takes one back.
    let label = node.event(
      kind: 1985, createdAt: Acme.t0,
      tags: [["L", "commonsguard"], ["l", "collective-state-valid", "commonsguard"], ["e", String(repeating: "1", count: 64)]])
    #expect(try self.send([["e", label.id.hex]], to: relay, by: node).owner == nil)
  }
}
