// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Nostr
import TestSupport
import Testing

/// `checkpoint`: a collective that begins with a head, and its history that comes later (4.5).
@Suite("Collectives: checkpoints")
struct CheckpointScenarios {
  /// A relay that adopted the head of F6.
  private func adopted() throws -> (source: Fixture, relay: Relay) {
    let source = try Fixture.f6()
    let relay = try Relay { $0.checkpoint = true }
    try expectAccept(relay.sync(source.head))
    return (source, relay)
  }

  @Test("an archive that has the whole history clears the flag, in whatever order it comes", arguments: [0, 1, 2, 3])
  func cleared(_ seed: UInt64) throws {
    let (source, relay) = try adopted()
    let later = source.next()
    try expectAccept(relay.live(later.event))
    try expectAccept(source.relay.live(later.event))
    var random = SplitMix64(seed: seed)
    let history = seed == 0 ? source.updates.dropLast() : source.updates.dropLast().shuffled(using: &random)[...]
    for (number, event) in history.enumerated() {
      #expect(try relay.view(source.ignition)?.ignition.isCheckpoint == true)
      #expect(try relay.sync(event, sourceType: "Import") == Relay.accept)
      // Given again, it is known.
      if number + 1 < history.count { #expect(try relay.sync(event) == "duplicate: superseded by \(later.event.id.short)") }
    }
    let view = try #require(try relay.view(source.ignition))
    #expect(!view.ignition.isCheckpoint && view.head.id == later.event.id && view.head.number == 5)
    #expect(view.nextPayee(sats: 100, eligible: [Acme.c.pubkey])?.pubkey == Acme.c.pubkey)
    #expect(try relay.digest() == source.relay.digest())
    // It is judged like any other now: the receipt is used, and what comes late is stale.
    var draft = source.next()
    draft.previous = later.event.id.hex
    draft.at += 1000
    draft.proofs = [Acme.receipt(1000)]
    draft.rows[0].outstanding += 1
    expect(try relay.live(draft.event), refusedWith: "invalid: sats row")
    var stale = source.next()
    stale.previous = source.u(1).id.hex
    expect(try relay.live(stale.event), refusedWith: "invalid: previous is stale")
    expect(try relay.sync(stale.event), refusedWith: "invalid: merit \(source.r(2).short) has no approved request")
  }

  @Test("members' updates wait for the history, and are judged with it")
  func members() throws {
    let source = try Fixture.f5()
    let first = try #require(source.b1)
    try source.publish(source.next())
    let relay = try Relay { $0.checkpoint = true }
    try expectAccept(relay.sync(source.head))
    #expect(try relay.sync(first) == "error: missing boostpoint \(source.u(4).id.short), parked")
    for event in source.updates.dropLast() { try expectAccept(relay.settle(event)) }
    #expect(try relay.view(source.ignition, of: Acme.m)?.head.id == first.id)
    #expect(try relay.parkedCount() == 0)
    #expect(try relay.digest() == source.relay.digest())
  }

  @Test("a history with a gap clears nothing; live, its parts are refused")
  func gap() throws {
    let (source, relay) = try adopted()
    expect(try relay.live(source.u(1)), refusedWith: "error: unknown previous")
    expect(try relay.live(source.ignition), refusedWith: "invalid: replacement needs the ignition id")
    for event in [source.u(0), source.u(1), source.u(3)] { try expectAccept(relay.sync(event)) }
    let view = try #require(try relay.view(source.ignition))
    #expect(view.ignition.isCheckpoint && view.head.id == source.head.id && view.nextPayee(sats: 1, eligible: []) == nil)
    try expectAccept(relay.sync(source.u(2)))
    #expect(try relay.view(source.ignition)?.ignition.isCheckpoint == false)
  }

  @Test("a head that does not follow from its history keeps its flag")
  func wrong() throws {
    let source = try Fixture(2)
    var draft = source.next()
    draft.rows[0].outstanding = 5
    let head = draft.event
    expect(try source.relay.live(head), refusedWith: "invalid: sats changed without a zap receipt")
    let relay = try Relay { $0.checkpoint = true }
    try expectAccept(relay.sync(head))
    for event in source.updates { try expectAccept(relay.sync(event)) }
    let view = try #require(try relay.view(source.ignition))
    #expect(view.ignition.isCheckpoint && view.head.id == head.id)
  }

  @Test("a second head that was adopted over a gap is proven too")
  func twoHeads() throws {
    let source = try Fixture(3)
    let relay = try Relay { $0.checkpoint = true }
    try expectAccept(relay.sync(source.u(1)))
    try expectAccept(relay.sync(source.u(3)))
    #expect(try relay.view(source.ignition)?.head.number == 1)
    try expectAccept(relay.sync(source.ignition))
    #expect(try relay.view(source.ignition)?.ignition.isCheckpoint == true)
    try expectAccept(relay.sync(source.u(2)))
    #expect(try relay.view(source.ignition)?.ignition.isCheckpoint == false)
    #expect(try relay.digest() == source.relay.digest())
  }

  @Test("the true ignition sweeps away what was adopted in another's name")
  func impostor() throws {
    let source = try Fixture(1)
    var draft = Draft()
    draft.author = Acme.n
    draft.ignition = source.ignition.id.hex
    draft.previous = String(repeating: "1", count: 64)
    draft.at += 500
    let relay = try Relay { $0.checkpoint = true }
    try expectAccept(relay.sync(draft.event))
    #expect(try relay.view(source.ignition)?.ignition.creator == Acme.n.pubkey)
    try expectAccept(relay.sync(source.ignition))
    let view = try #require(try relay.view(source.ignition))
    #expect(!view.ignition.isCheckpoint && view.ignition.creator == Acme.c.pubkey)
    #expect(try relay.view(source.ignition, of: Acme.n) == nil)
    try expectAccept(relay.live(source.u(1)))
    #expect(try relay.digest() == source.relay.digest())
  }

  @Test("without the option nothing is adopted: a head from sync waits")
  func off() throws {
    let source = try Fixture(1)
    #expect(try Relay().sync(source.head) == "error: missing ignition \(source.ignition.id.short), parked")
  }
}
