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

  @Test("firstSeen: from sync too, and a member has one first update")
  func firstSeenSync() throws {
    let (fixture, sibling) = try fork(.firstSeen, after: 50)
    #expect(try fixture.relay.sync(sibling) == "invalid: previous is stale, head is \(fixture.head.id.short)")
    let members = try Fixture.f5 { $0.forkPolicy = .firstSeen }
    var second = members.member()
    second.at += 10
    #expect(try members.relay.sync(second.event) == "invalid: replacement needs a previous pointer")
  }

  @Test("nip01: live only a child of the head is taken, whatever its time; another is evidence", arguments: [-50, 0, 50])
  func live(_ seconds: Int) throws {
    let (fixture, sibling) = try fork(.nip01, after: seconds)
    #expect(try fixture.relay.live(sibling) == "invalid: previous is stale, head is \(fixture.head.id.short)")
    #expect(try fixture.relay.equivocations(fixture.ignition).map(\.refused) == [[sibling.id]])
    let view = try #require(try fixture.relay.view(fixture.ignition))
    #expect(view.head.id == fixture.head.id && view.isEquivocated)
    // It comes from another relay, which took it.
    #expect(try fixture.relay.sync(sibling) == Relay.accept)
    #expect(
      try fixture.relay.view(fixture.ignition)?.head.id == (seconds > 0 || seconds == 0 && sibling.id < fixture.head.id ? sibling : fixture.head).id)
  }

  @Test("nip01: from sync the later sibling becomes the head, and the earlier one is evidence")
  func later() throws {
    let (fixture, sibling) = try fork(.nip01, after: 50)
    #expect(try fixture.relay.view(fixture.ignition)?.isEquivocated == false)
    #expect(try fixture.relay.sync(sibling) == Relay.accept)
    let view = try #require(try fixture.relay.view(fixture.ignition))
    #expect(view.head.id == sibling.id && view.head.number == 2 && view.state.rows.count == 1 && view.isEquivocated)
    let evidence = try fixture.relay.equivocations(fixture.ignition)
    #expect(evidence.map(\.accepted) == [sibling.id] && evidence.map(\.refused) == [[fixture.head.id]] && evidence[0].parent == fixture.u(1).id)
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

  @Test("nip01: from sync an earlier sibling is kept beside the head, and so is what continues it")
  func earlier() throws {
    let (fixture, sibling) = try fork(.nip01, after: -50)
    #expect(try fixture.relay.sync(sibling) == Relay.accept)
    var child = fixture.next()
    child.previous = sibling.id.hex
    child.rows = [child.rows[0]]
    child.at += 5000
    #expect(try fixture.relay.sync(child.event) == Relay.accept)
    #expect(try fixture.relay.view(fixture.ignition)?.head.id == fixture.head.id)
    #expect(try fixture.relay.equivocations(fixture.ignition).map(\.refused) == [[sibling.id]])
    #expect(try fixture.relay.live(sibling) == "duplicate: superseded by \(fixture.head.id.short)")
  }

  @Test("nip01: a sibling from sync that does not hold against its own parent is refused for that")
  func invalid() throws {
    let (fixture, sibling) = try fork(.nip01, after: 50) { $0.rows[0].outstanding = 1 }
    #expect(try fixture.relay.sync(sibling) == "invalid: sats changed without a zap receipt")
    #expect(try fixture.relay.equivocations(fixture.ignition).isEmpty)
  }

  @Test("nip01: the split alone decides, not how long or how late a branch is", arguments: [true, false])
  func branch(_ wins: Bool) throws {
    let fixture = try Fixture(1) { $0.forkPolicy = .nip01 }
    let before = fixture.next()
    for _ in 0..<3 { try fixture.publish(fixture.next()) }
    var sibling = before
    sibling.extra = [["mission", "another"]]
    sibling.at = wins ? fixture.u(2).createdAt + 1 : fixture.u(2).createdAt - 1
    #expect(try fixture.relay.sync(sibling.event) == Relay.accept)
    var history: [EventID] = []
    try fixture.relay.store.read { state in
      try CollectiveView.history(of: fixture.ignition.id, Acme.c.pubkey, reading: state) { record, _ in
        history.append(record.id)
        return true
      }
    }
    #expect(history == (wins ? [fixture.u(0).id, fixture.u(1).id, sibling.event.id] : fixture.updates.map(\.id)))
  }

  @Test("nip01: what another branch used may be used again, what the common part used may not")
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
    expect(try fixture.relay.sync(sibling.event), refusedWith: "invalid: sats row")
    sibling.rows = fixture.rows(sats: [(300, 0), (900, 0), (300, 0)])
    #expect(try fixture.relay.sync(sibling.event) == Relay.accept)
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
    try expectAccept(fixture.relay.sync(sibling.event))
    var member = fixture.memberNext()
    member.previous = first.id.hex
    member.at = sibling.at + 100
    member.proofs = [receipt]
    member.rows = fixture.rows(sats: [(400, 0), (1200, 0), (400, 0)])
    expect(try fixture.relay.live(member.event), refusedWith: "invalid: sats row")
    member.rows = fixture.rows
    #expect(try fixture.relay.live(member.event) == Relay.accept)
  }

  @Test("nip01: votepower follows the creator's head to another branch; from sync what a member stood on counts")
  func votepower() throws {
    let fixture = try Fixture.f5()
    var sibling = fixture.next()
    sibling.previous = fixture.u(3).id.hex
    sibling.rows[0].leadtime = 0
    sibling.at = fixture.head.createdAt + 10
    try expectAccept(fixture.relay.sync(sibling.event))
    var member = fixture.memberNext()
    member.at += 1000
    #expect(try fixture.relay.live(member.event) == "restricted: votepower is 0")
    #expect(try fixture.relay.sync(member.event) == Relay.accept)
    #expect(try fixture.relay.view(fixture.ignition)?.state.rows.map(\.leadtime).max() == 0)
  }

  @Test("SD3: live a name is begun once; from sync a second ignition is a collective of its own beside, and both say so")
  func secondIgnition() throws {
    let fixture = try Fixture(1)
    var again = Draft()
    again.extra = [["mission", "again"]]
    let second = again.event
    #expect(try fixture.relay.live(second) == "invalid: replacement needs the ignition id")
    #expect(try fixture.relay.view(fixture.ignition)?.isEquivocated == false)
    var early = Draft()
    early.ignition = second.id.hex
    early.previous = second.id.hex
    early.at += 50
    #expect(try fixture.relay.live(early.event) == "invalid: slot already belongs to SEC \(fixture.ignition.id.short)")
    #expect(try fixture.relay.sync(early.event) == "error: missing ignition \(second.id.short), parked")
    #expect(try fixture.relay.settle(second) == Relay.accept)
    #expect(try fixture.relay.view(second)?.head.id == early.event.id)
    for ignition in [fixture.ignition, second] { #expect(try fixture.relay.view(ignition)?.isEquivocated == true) }
    // Both go on.
    try fixture.publish(fixture.next())
    early.previous = early.event.id.hex
    early.at += 10
    #expect(try fixture.relay.live(early.event) == Relay.accept)
    let other = try Relay()
    for event in [second] + fixture.updates { try other.sync(event) }
    #expect(try other.view(fixture.ignition)?.head.id == fixture.head.id && other.view(fixture.ignition)?.isEquivocated == true)
  }

  @Test("G1 is asked of ignitions that come live, since from sync the order would decide which ones are kept")
  func limit() throws {
    let relay = try Relay { $0.maxSecsPerPubkey = 1 }
    func ignition(_ name: String) -> Event {
      var draft = Draft()
      draft.name = name
      return draft.event
    }
    try expectAccept(relay.live(ignition("one")))
    #expect(try relay.live(ignition("two")) == "blocked: too many SECs")
    #expect(try relay.sync(ignition("two")) == Relay.accept)
  }

  @Test("a member's second first update is a branch beside the first from sync, and the later one counts; live it is refused", arguments: [-10, 10])
  func secondFirst(_ seconds: Int) throws {
    let fixture = try Fixture.f5()
    let first = try #require(fixture.b1)
    var second = fixture.member()
    second.at = UInt64(Int(first.createdAt) + seconds)
    second.extra = [["mission", "another"]]
    #expect(try fixture.relay.live(second.event) == "invalid: replacement needs a previous pointer")
    #expect(try fixture.relay.sync(second.event) == Relay.accept)
    let view = try #require(try fixture.relay.view(fixture.ignition, of: Acme.m))
    #expect(view.head.id == (seconds > 0 ? second.event : first).id && view.isEquivocated)
    #expect(try fixture.relay.view(fixture.ignition)?.isEquivocated == false)
    let evidence = try fixture.relay.equivocations(fixture.ignition)
    #expect(evidence.map(\.parent) == [nil] && evidence[0].accepted == view.head.id && evidence[0].pubkey == Acme.m.pubkey)
  }

  @Test("a leadtime that rests on an update of the owner's is judged once that is known; where the owner's word is carried too, at once")
  func ownersUpdate() throws {
    let fixture = try Fixture.f5()
    var member = fixture.memberNext()
    member.at += 2016 * 600
    member.bitcoin = Acme.block(848_600 + 2016)
    member.rows[0].leadtime = 2
    let update = member.event
    var draft = fixture.next()
    draft.at = member.at + 10
    draft.bitcoin = member.bitcoin
    draft.rows[0].leadtime = 2
    draft.proofs = [update]
    let late = draft.event
    #expect(try fixture.relay.live(late) == "invalid: leadtime change not signed by the owner")
    let (early, other) = (try Relay(), try Relay())
    let known = fixture.updates + [fixture.b1].compactMap { $0 }
    for event in known { try expectAccept(early.sync(event)) }
    #expect(try early.settle(late) == "error: proof \(update.id.short) unknown here, parked")
    #expect(try early.settle(update) == Relay.accept)
    for event in known + [update, late] { try expectAccept(other.sync(event)) }
    #expect(try early.view(fixture.ignition)?.head.id == late.id && early.digest() == other.digest())
    draft.proofs = [update, Acme.leadtime(Acme.m, fixture.r(1), 2)]
    #expect(try fixture.relay.live(draft.event) == Relay.accept)
  }

  @Test("what waits for an update that was refused waits a week, and no longer")
  func behindRefused() throws {
    let fixture = try Fixture(1)
    var wrong = fixture.next()
    wrong.rows[0].outstanding = 5
    var child = fixture.next()
    child.previous = wrong.event.id.hex
    child.at += 10
    let began = child.at
    #expect(try fixture.relay.settle(child.event, at: began) == "error: missing previous \(wrong.event.id.short), parked")
    expect(try fixture.relay.settle(wrong.event, at: began), refusedWith: "invalid: ")
    #expect(try fixture.relay.parkedCount() == 1)
    var other = child
    other.previous = String(repeating: "1", count: 64)
    expect(try fixture.relay.settle(other.event, at: began + 8 * 86_400), refusedWith: "error: missing previous")
    #expect(try fixture.relay.parkedCount() == 1)
  }

  @Test("nip01: judged again in the journal's order, a history with forks ends alike; and what was accepted live is, too, after its rival")
  func replay() throws {
    let (fixture, sibling) = try fork(.nip01, after: 50)
    try expectAccept(fixture.relay.sync(sibling))
    let other = try Relay()
    for event in fixture.updates + [sibling] { try expectAccept(other.sync(event)) }
    #expect(try other.digest() == fixture.relay.digest())
    let third = try Relay()
    for event in fixture.updates.dropLast() + [sibling, fixture.head] { try expectAccept(third.rejudge(event)) }
    #expect(try third.digest() == fixture.relay.digest())
  }

  @Test("labels are made of what was accepted live alone")
  func labels() throws {
    let fixture = try Fixture()
    #expect(try fixture.relay.followUps(.decisionLabel).count == 1)
    try expectAccept(fixture.relay.sync(fixture.next().event))
    #expect(try fixture.relay.followUps(.decisionLabel).count == 1)
  }
}
