// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Nostr
import Testing
import TestSupport

@Suite("Collectives: members")
struct MemberScenarios {
  @Test("ST-28 stranger-first")
  func stranger() throws {
    let fixture = try Fixture.f4()
    expect(try fixture.relay.live(fixture.member(Acme.n).event), refusedWith: "restricted: votepower is 0")
  }

  @Test("ST-29 member-first-ok")
  func first() throws {
    let fixture = try Fixture.f4()
    let event = fixture.member().event
    #expect(try fixture.relay.live(event) == Relay.accept)
    let view = try #require(try fixture.relay.view(fixture.ignition, of: Acme.m))
    #expect(view.head.id == event.id && view.head.boost?.id == fixture.head.id)
    #expect(try fixture.relay.view(fixture.ignition)?.state.stateHash == view.state.stateHash)
  }

  @Test("the first event of a member may name its boostpoint as previous, and nothing else")
  func previousOnFirst() throws {
    let fixture = try Fixture.f4()
    var draft = fixture.member()
    draft.previous = fixture.u(3).id.hex
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: previous must be absent on the first update")
    draft.previous = draft.boostpoint
    #expect(try fixture.relay.live(draft.event) == Relay.accept)
  }

  @Test("ST-30 member-no-boost")
  func noBoost() throws {
    let fixture = try Fixture.f4()
    var draft = fixture.member()
    draft.boostpoint = nil
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: first update by a member needs a boostpoint")
  }

  @Test("ST-31 member-stale-boost: live, only the head will do; from sync an older one too")
  func staleBoost() throws {
    let fixture = try Fixture.f4()
    try fixture.publish(fixture.next())
    var draft = fixture.member()
    draft.boostpoint = fixture.u(4).id.hex
    #expect(try fixture.relay.live(draft.event) == "invalid: boostpoint is stale, creator head is \(fixture.head.id.short)")
    #expect(try fixture.relay.sync(draft.event) == Relay.accept)
  }

  @Test("a boostpoint must be the creator's, known, and older")
  func badBoost() throws {
    let fixture = try Fixture.f5()
    var draft = fixture.member(Acme.m2)
    draft.boostpoint = try #require(fixture.b1).id.hex
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: boostpoint is not by the creator")
    draft.boostpoint = String(repeating: "1", count: 64)
    expect(try fixture.relay.live(draft.event), refusedWith: "error: unknown boostpoint")
    expect(try fixture.relay.sync(draft.event), refusedWith: "error: missing boostpoint 11111111, parked")
    let younger = try Fixture.f4()
    var early = younger.member()
    early.at = younger.head.createdAt
    expect(try younger.relay.live(early.event), refusedWith: "invalid: created_at must be after the boostpoint")
  }

  @Test("a member's height is not below its boostpoint's")
  func height() throws {
    let fixture = try Fixture.f4()
    var draft = fixture.member()
    draft.bitcoin = Acme.block(848_599)
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: bitcoin height went backwards")
    draft.bitcoin = Acme.block(848_600)
    #expect(try fixture.relay.live(draft.event) == Relay.accept)
  }

  @Test("ST-33 member-wrong-d")
  func wrongName() throws {
    let fixture = try Fixture.f4()
    var draft = fixture.member()
    draft.name = "acme2"
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: d does not match the SEC name")
  }

  @Test("ST-34 member-unlocked: merits that are not locked give no votepower")
  func unlocked() throws {
    let fixture = try Fixture(3)
    expect(try fixture.relay.live(fixture.member().event), refusedWith: "restricted: votepower is 0")
  }

  @Test("ST-35 member-first-mints")
  func mints() throws {
    let fixture = try Fixture.f4()
    var draft = fixture.member()
    draft.rows.append(Row(Acme.request(Acme.m, 5).id, Acme.m, 5))
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: merit \(draft.rows[3].request.short) has no approved request")
  }

  @Test("ST-37 member-second")
  func second() throws {
    let fixture = try Fixture.f5()
    var draft = fixture.memberNext()
    draft.extra = [["mission", "mine"]]
    #expect(try fixture.relay.live(draft.event) == Relay.accept)
    #expect(try fixture.relay.view(fixture.ignition, of: Acme.m)?.head.number == 1)
  }

  @Test("ST-39 member-reboost: what the creator's chain proved need not be proven again")
  func reboost() throws {
    let fixture = try Fixture.f5()
    try fixture.addMerit(Acme.n, 50, voters: [Acme.m])
    var draft = fixture.memberNext()
    draft.boostpoint = fixture.head.id.hex
    #expect(try fixture.relay.live(draft.event) == Relay.accept)
    let view = try #require(try fixture.relay.view(fixture.ignition, of: Acme.m))
    #expect(view.state.rows.count == 4 && view.head.boost?.id == fixture.head.id)
    let without = try Fixture.f5()
    try without.addMerit(Acme.n, 50, voters: [Acme.m])
    #expect(try without.relay.live(without.memberNext().event) == "invalid: merit \(without.r(4).short) has no approved request")
  }

  @Test("R6: a re-boost stands on an older event of the creator, as the first event does")
  func reboostLater() throws {
    let fixture = try Fixture.f5()
    var creator = fixture.next()
    creator.at = fixture.head.createdAt + 10_000
    try fixture.publish(creator)
    var member = fixture.memberNext()
    member.boostpoint = fixture.head.id.hex
    for source in ["IP4", "Sync"] {
      for time in [creator.at - 1, creator.at] {
        member.at = time
        #expect(try fixture.relay.sync(member.event, sourceType: source) == "invalid: created_at must be after the boostpoint")
      }
    }
    member.at = creator.at + 1
    #expect(try fixture.relay.live(member.event) == Relay.accept)
  }

  @Test("a re-boosting member may carry a receipt that the creator's chain has used; it is ignored")
  func reboostWithReceipt() throws {
    let fixture = try Fixture.f5()
    let receipt = Acme.receipt(1000)
    var draft = fixture.next()
    draft.proofs = [receipt]
    draft.rows = fixture.rows(sats: [(200, 0), (600, 0), (200, 0)])
    try fixture.publish(draft)
    var member = fixture.memberNext()
    member.boostpoint = fixture.head.id.hex
    member.proofs = [receipt]
    #expect(try fixture.relay.live(member.event) == Relay.accept)
  }

  @Test("ST-40 creator-boosts")
  func creatorBoosts() throws {
    let fixture = try Fixture.f5()
    var draft = fixture.next()
    draft.boostpoint = fixture.b1?.id.hex
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: creator cannot boost")
  }

  @Test("ST-41 unknown-ignition-live; from sync it waits for the whole lineage")
  func unknownIgnition() throws {
    let source = try Fixture.f4()
    let event = source.member().event
    let relay = try Relay()
    #expect(try relay.live(event) == "error: unknown ignition \(source.ignition.id.short)")
    #expect(try relay.sync(event) == "error: missing ignition \(source.ignition.id.short), parked")
    for update in source.updates { #expect(try relay.settle(update) == Relay.accept) }
    #expect(try relay.view(source.ignition, of: Acme.m)?.head.id == event.id)
    #expect(try relay.parkedCount() == 0)
  }

  @Test("ST-42 checkpoint-on: a head without its lineage is adopted, and gives no advice")
  func checkpoint() throws {
    let source = try Fixture.f4()
    let relay = try Relay { $0.checkpoint = true }
    expect(try relay.live(source.head), refusedWith: "error: unknown ignition")
    #expect(try relay.sync(source.head) == Relay.accept)
    let view = try #require(try relay.view(source.ignition))
    #expect(view.ignition.isCheckpoint && view.head.id == source.head.id)
    #expect(view.nextPayee(sats: 100, eligible: [Acme.c.pubkey]) == nil)
    #expect(try source.relay.view(source.ignition)?.nextPayee(sats: 100, eligible: [Acme.c.pubkey])?.pubkey == Acme.c.pubkey)
    // What follows the adopted head is judged as usual.
    var draft = source.next()
    draft.rows.removeLast()
    #expect(try relay.live(draft.event) == "invalid: merit \(source.r(3).short) removed")
    #expect(try relay.live(source.next().event) == Relay.accept)
  }

  @Test("an update that carries its ignition brings the collective with it (P6)")
  func carriedIgnition() throws {
    let source = try Fixture(0)
    var draft = source.next()
    draft.proofs = [source.ignition]
    let event = draft.event
    let relay = try Relay()
    #expect(try relay.live(event) == Relay.accept)
    #expect(try relay.view(source.ignition)?.head.id == event.id)
    #expect(try relay.live(source.ignition) == "duplicate: superseded by \(event.id.short)")
    #expect(try source.relay.live(event) == Relay.accept)
    #expect(try relay.digest() == source.relay.digest())
  }

  @Test("R5: a member whose votepower in the creator's head is gone is refused live, and judged by its boostpoint from sync")
  func votepowerGone() throws {
    let fixture = try Fixture.f5()
    var draft = fixture.next()
    draft.at = fixture.head.createdAt + 2000 * 600
    draft.bitcoin = Acme.block(848_600 + 2016)
    draft.rows[0].leadtime = 0
    draft.proofs = [Acme.leadtime(Acme.m, fixture.r(1), 0, at: draft.at)]
    try fixture.publish(draft)
    let event = fixture.memberNext()
    var next = event
    next.rows[0].leadtime = 1
    next.rows[0].height = 848_600
    expect(try fixture.relay.live(next.event), refusedWith: "restricted: votepower is 0")
    #expect(try fixture.relay.sync(next.event) == Relay.accept)
  }
}
