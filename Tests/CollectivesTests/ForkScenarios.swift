// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Nostr
import TestSupport
import Testing

/// `forkPolicy`: two updates on one parent.
@Suite("Collectives: forks")
struct ForkScenarios {
  /// F2, and a sibling of U2 that adds nothing; `after` U2's time.
  private func fork(_ policy: CollectivesOptions.ForkPolicy, after seconds: Int, _ change: (inout Draft) -> Void = { _ in }) throws -> (
    Fixture, Event
  ) {
    let fixture = try Fixture(2) { $0.forkPolicy = policy }
    var draft = fixture.next()
    draft.previous = fixture.u(1).id.hex
    draft.rows = [draft.rows[0]]
    draft.at = UInt64(Int(fixture.head.createdAt) + seconds)
    change(&draft)
    return (fixture, draft.event)
  }

  @Test("firstSeen: the first of two siblings stays, whatever their times", arguments: [-50, 0, 50])
  func firstSeen(_ seconds: Int) throws {
    let (fixture, sibling) = try fork(.firstSeen, after: seconds)
    #expect(try fixture.relay.live(sibling) == "invalid: previous is stale, head is \(fixture.head.id.short)")
    #expect(try fixture.relay.equivocations(fixture.ignition).map(\.refused) == [[sibling.id]])
  }

  @Test("nip01: the later sibling becomes the head, and the earlier one is evidence", arguments: ["IP4", "Sync"])
  func later(_ source: String) throws {
    let (fixture, sibling) = try fork(.nip01, after: 50)
    #expect(try fixture.relay.sync(sibling, sourceType: source) == Relay.accept)
    let view = try #require(try fixture.relay.view(fixture.ignition))
    #expect(view.head.id == sibling.id && view.head.number == 2 && view.state.rows.count == 1)
    let evidence = try fixture.relay.equivocations(fixture.ignition)
    #expect(evidence.map(\.accepted) == [sibling.id] && evidence.map(\.refused) == [[fixture.head.id]])
    #expect(try fixture.relay.live(fixture.head) == "duplicate: superseded by \(sibling.id.short)")
    #expect(try fixture.relay.live(sibling) == Relay.accept)
    // The chain goes on from there, and not from the loser.
    var draft = fixture.next()
    draft.at += 1000
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: previous is stale, head is \(sibling.id.short)")
    draft.previous = sibling.id.hex
    draft.rows = [draft.rows[0]]
    #expect(try fixture.relay.live(draft.event) == Relay.accept)
  }

  @Test("nip01: an earlier sibling, or one of the same second, loses", arguments: [-50, 0])
  func earlier(_ seconds: Int) throws {
    let (fixture, sibling) = try fork(.nip01, after: seconds)
    #expect(try fixture.relay.live(sibling) == "invalid: previous is stale, head is \(fixture.head.id.short)")
    #expect(try fixture.relay.view(fixture.ignition)?.head.id == fixture.head.id)
    #expect(try fixture.relay.equivocations(fixture.ignition).map(\.refused) == [[sibling.id]])
  }

  @Test("nip01: a later sibling that does not validate against the parent loses as one that came too late")
  func invalid() throws {
    let (fixture, sibling) = try fork(.nip01, after: 50) { $0.rows[0].outstanding = 1 }
    #expect(try fixture.relay.live(sibling) == "invalid: previous is stale, head is \(fixture.head.id.short)")
    #expect(try fixture.relay.equivocations(fixture.ignition).map(\.refused) == [[sibling.id]])
  }

  @Test("nip01: a branch is as late as its newest update, and loses as a whole")
  func branch() throws {
    let fixture = try Fixture(1) { $0.forkPolicy = .nip01 }
    let before = fixture.next()
    for _ in 0..<3 { try fixture.publish(fixture.next()) }
    var sibling = before
    sibling.extra = [["mission", "another"]]
    sibling.at = fixture.head.createdAt - 1
    expect(try fixture.relay.live(sibling.event), refusedWith: "invalid: previous is stale")
    sibling.at = fixture.head.createdAt + 1
    #expect(try fixture.relay.live(sibling.event) == Relay.accept)
    #expect(try fixture.relay.view(fixture.ignition)?.head.number == 2)
    var history: [EventID] = []
    try fixture.relay.store.read { state in
      try CollectiveView.history(of: fixture.ignition.id, Acme.c.pubkey, reading: state) { record, _ in
        history.append(record.id)
        return true
      }
    }
    #expect(history == [fixture.u(0).id, fixture.u(1).id, sibling.event.id])
  }

  @Test("nip01: what the losing branch used may be used again, what the common part used may not")
  func proofs() throws {
    let fixture = try Fixture(3) { $0.forkPolicy = .nip01 }
    let (common, lost) = (Acme.receipt(1000), Acme.receipt(500, salt: "lost"))
    var draft = fixture.next()
    draft.proofs = [common]
    draft.rows = fixture.rows(sats: [(200, 0), (600, 0), (200, 0)])
    try fixture.publish(draft)
    let parent = fixture.next()
    draft = parent
    draft.proofs = [lost]
    draft.rows = fixture.rows(sats: [(300, 0), (900, 0), (300, 0)])
    try fixture.publish(draft)
    var sibling = parent
    sibling.at = fixture.head.createdAt + 10
    sibling.proofs = [common, lost]
    sibling.rows = fixture.rows(sats: [(500, 0), (1500, 0), (500, 0)])
    expect(try fixture.relay.live(sibling.event), refusedWith: "invalid: previous is stale")
    sibling.rows = fixture.rows(sats: [(300, 0), (900, 0), (300, 0)])
    #expect(try fixture.relay.live(sibling.event) == Relay.accept)
    // Used on this branch now.
    var next = sibling
    next.previous = sibling.event.id.hex
    next.at += 100
    next.rows = fixture.rows(sats: [(400, 0), (1200, 0), (400, 0)])
    expect(try fixture.relay.live(next.event), refusedWith: "invalid: sats row")
    next.rows = sibling.rows
    #expect(try fixture.relay.live(next.event) == Relay.accept)
  }

  @Test("nip01: a member that stands on the losing branch keeps what that branch used")
  func member() throws {
    let fixture = try Fixture.f4 { $0.forkPolicy = .nip01 }
    let parent = fixture.next()
    let receipt = Acme.receipt(1000)
    var draft = parent
    draft.proofs = [receipt]
    draft.rows = fixture.rows(sats: [(200, 0), (600, 0), (200, 0)])
    try fixture.publish(draft)
    let first = fixture.member().event
    try expectAccept(fixture.relay.live(first))
    var sibling = parent
    sibling.at = fixture.head.createdAt + 10
    try expectAccept(fixture.relay.live(sibling.event))
    var member = fixture.memberNext()
    member.previous = first.id.hex
    member.at = sibling.at + 100
    member.proofs = [receipt]
    member.rows = fixture.rows(sats: [(400, 0), (1200, 0), (400, 0)])
    expect(try fixture.relay.live(member.event), refusedWith: "invalid: sats row")
    member.rows = fixture.rows
    #expect(try fixture.relay.live(member.event) == Relay.accept)
  }

  @Test("nip01: judged again in the journal's order, a history with forks ends alike")
  func replay() throws {
    let (fixture, sibling) = try fork(.nip01, after: 50)
    try expectAccept(fixture.relay.live(sibling))
    let other = try Relay { $0.forkPolicy = .nip01 }
    for event in fixture.updates + [sibling] { try expectAccept(other.sync(event)) }
    #expect(try other.digest() == fixture.relay.digest())
  }
}
