// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Nostr
import Testing
import TestSupport

@Suite("Collectives: leadtimes and transfers")
struct LeadtimeScenarios {
  /// F3, and an update on it.
  private func on3(_ change: (inout Draft, Fixture) -> Void, options: (inout CollectivesOptions) -> Void = { _ in }) throws -> String {
    let fixture = try Fixture(3, options)
    var draft = fixture.next()
    draft.bitcoin = Acme.block(848_600)
    change(&draft, fixture)
    return try fixture.relay.live(draft.event)
  }

  @Test("ST-66 lt-up-with-owner-proof")
  func withProof() throws {
    let fixture = try Fixture.f4()
    let view = try #require(try fixture.relay.view(fixture.ignition))
    let row = try #require(view.state.rows.first { $0.request == fixture.r(1) })
    #expect(row.leadtime == 1 && row.leadtimeHeight == 848_600 && view.votepower[Acme.m.pubkey] == 100 && view.votepower.total == 100)
  }

  @Test("ST-67 lt-up-self: who owns and publishes needs no proof")
  func own() throws {
    #expect(try on3 { draft, _ in draft.rows[1].leadtime = 1 } == Relay.accept)
  }

  @Test("ST-68 lt-up-no-owner, and by the wrong hand, for another value, or for another merit")
  func unsigned() throws {
    let words = "invalid: leadtime change not signed by the owner"
    expect(try on3 { draft, _ in draft.rows[0].leadtime = 1 }, refusedWith: words)
    expect(try on3 { $0.rows[0].leadtime = 1; $0.proofs = [Acme.leadtime(Acme.c, $1.r(1), 1)] }, refusedWith: words)
    expect(try on3 { $0.rows[0].leadtime = 1; $0.proofs = [Acme.leadtime(Acme.m, $1.r(1), 2)] }, refusedWith: words)
    expect(try on3 { $0.rows[0].leadtime = 1; $0.proofs = [Acme.leadtime(Acme.m, $1.r(3), 1)] }, refusedWith: words)
  }

  @Test("ST-69 lt-step-two, ST-72 lt-no-bitcoin, ST-73 lt-negative")
  func steps() throws {
    expect(try on3 { $0.rows[0].leadtime = 2; $0.proofs = [Acme.leadtime(Acme.m, $1.r(1), 2)] }, refusedWith: "invalid: leadtime step must be 1")
    let noBlock = try on3 {
      $0.rows[0].leadtime = 1
      $0.proofs = [Acme.leadtime(Acme.m, $1.r(1), 1)]
      $0.bitcoin = nil
    }
    expect(noBlock, refusedWith: "invalid: bitcoin tag required to change leadtime")
    let negative = try on3 { draft, fixture in
      draft.rows.removeFirst()
      draft.extra = [["merit", "owner:\(Acme.m.hex)", "req:\(fixture.r(1).hex)", "lt:-1", "amt:100"]]
    }
    expect(negative, refusedWith: "invalid: malformed merit tag")
  }

  @Test("a leadtime changes at most every 2016 blocks, and each proof once")
  func interval() throws {
    let fixture = try Fixture.f4()
    var draft = fixture.next()
    draft.at += 2016 * 600
    draft.rows[0].leadtime = 2
    draft.bitcoin = Acme.block(848_600 + 2015)
    draft.proofs = [Acme.leadtime(Acme.m, fixture.r(1), 2)]
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: leadtime changed less than 2016 blocks ago")
    draft.bitcoin = Acme.block(848_600 + 2016)
    draft.rows[0].height = 848_600 + 2016
    try fixture.publish(draft)
    for (leadtime, height) in [(1 as UInt32, 848_600 + 4032), (2, 848_600 + 6048)] {
      draft = fixture.next()
      draft.at += 2016 * 600
      draft.rows[0].leadtime = leadtime
      draft.rows[0].height = UInt32(height)
      draft.bitcoin = Acme.block(height)
      draft.proofs = [Acme.leadtime(Acme.m, fixture.r(1), leadtime, at: leadtime == 2 ? Acme.t0 + 30 : draft.at)]
      let answer = try fixture.relay.live(draft.event)
      if leadtime == 1 { try fixture.publish(draft) } else { #expect(answer == "invalid: proof already used") }
    }
  }

  @Test("the owner's own accepted update proves a leadtime (P3)")
  func ownUpdate() throws {
    let fixture = try Fixture.f5()
    var member = fixture.memberNext()
    member.at += 2016 * 600
    member.bitcoin = Acme.block(848_600 + 2016)
    member.rows[0].leadtime = 2
    let event = member.event
    try expectAccept(fixture.relay.live(event))
    var draft = fixture.next()
    draft.at = member.at + 10
    draft.bitcoin = member.bitcoin
    draft.rows[0].leadtime = 2
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: leadtime change not signed by the owner")
    draft.proofs = [event]
    #expect(try fixture.relay.live(draft.event) == Relay.accept)
  }

  @Test("ST-74 transfer-ok: the sats stay with the merit", arguments: [1415 as UInt64, 1412])
  func transfer(_ kind: UInt64) throws {
    let fixture = try Fixture.f6()
    var draft = fixture.next()
    draft.rows[0].owner = TestKeyName(hex: Acme.m2.hex)
    draft.proofs = [Acme.transfer(Acme.m, fixture.r(1), to: Acme.m2, kind: kind)]
    try fixture.publish(draft)
    let row = try #require(try fixture.relay.view(fixture.ignition)?.state.rows.first { $0.request == fixture.r(1) })
    #expect(row.owner == Acme.m2.pubkey && row.outstanding == 200)
  }

  @Test("ST-76, ST-77: a transfer without the owner's proof")
  func unproven() throws {
    let words = "transfer without proof"
    func give(_ proofs: (Fixture) -> [Event]) throws -> String {
      try on3 {
        $0.rows[0].owner = TestKeyName(hex: Acme.m2.hex)
        $0.proofs = proofs($1)
      }
    }
    #expect(try give { _ in [] }.hasSuffix(words))
    #expect(try give { [Acme.transfer(Acme.c, $0.r(1), to: Acme.m2)] }.hasSuffix(words))
    #expect(try give { [Acme.transfer(Acme.m, $0.r(1), to: Acme.n)] }.hasSuffix(words))
    #expect(try give { [Acme.transfer(Acme.m, $0.r(3), to: Acme.m2)] }.hasSuffix(words))
    #expect(try give { [Acme.transfer(Acme.m, $0.r(1), to: Acme.m2)] } == Relay.accept)
  }

  @Test("ST-79 transfer-txid-only: unless the operator believes it, once for each transaction")
  func transaction() throws {
    func give(_ draft: inout Draft, _ fixture: Fixture) {
      draft.rows[0].owner = TestKeyName(hex: Acme.m2.hex)
      draft.extra = [["proof_raw", "txid:" + String(repeating: "a", count: 64)]]
    }
    #expect(try on3(give).hasSuffix("transfer without proof"))
    #expect(try on3(give, options: { $0.acceptUnverifiedTxid = true }) == Relay.accept)
    let both = try on3({
      give(&$0, $1)
      $0.rows[1].owner = TestKeyName(hex: Acme.m2.hex)
    }, options: { $0.acceptUnverifiedTxid = true })
    #expect(both == "invalid: proof already used")
    expect(try on3 { draft, _ in draft.extra = [["proof_raw", "hello"]] }, refusedWith: "invalid: proof is not a nostr event")
  }

  @Test("a proof of transfer works once")
  func usedTransfer() throws {
    let fixture = try Fixture(3)
    let proof = Acme.transfer(Acme.m, fixture.r(1), to: Acme.m2)
    for (owner, proofs) in [(Acme.m2, [proof]), (Acme.m, [Acme.transfer(Acme.m2, fixture.r(1), to: Acme.m)])] {
      var draft = fixture.next()
      draft.rows[0].owner = TestKeyName(hex: owner.hex)
      draft.proofs = proofs
      try fixture.publish(draft)
    }
    var draft = fixture.next()
    draft.rows[0].owner = TestKeyName(hex: Acme.m2.hex)
    draft.proofs = [proof]
    #expect(try fixture.relay.live(draft.event) == "invalid: proof already used")
  }

  @Test("a listing and its payment transfer a merit")
  func sale() throws {
    let options: (inout CollectivesOptions) -> Void = { $0.zappers = [Acme.m.pubkey: [Acme.zm.pubkey]] }
    func sell(_ sats: UInt64, by zapper: TestKey = Acme.zm, from buyer: TestKey = Acme.m2) throws -> String {
      try on3({ draft, fixture in
        let listing = Acme.listing(Acme.m, fixture.r(1), price: "900:500")
        draft.rows[0].owner = TestKeyName(hex: Acme.m2.hex)
        draft.proofs = [listing, Acme.receipt(sats, by: zapper, to: Acme.m, from: buyer, address: nil, tags: [["e", listing.id.hex]])]
      }, options: options)
    }
    #expect(try sell(500) == Relay.accept)
    #expect(try sell(499).hasSuffix("transfer without proof"))
    #expect(try sell(500, by: Acme.n).hasSuffix("transfer without proof"))
    #expect(try sell(500, from: Acme.n).hasSuffix("transfer without proof"))
  }

  @Test("a locked merit does not change hands, and owner and leadtime do not change together")
  func locked() throws {
    let fixture = try Fixture.f4()
    var draft = fixture.next()
    draft.rows[0].owner = TestKeyName(hex: Acme.m2.hex)
    draft.proofs = [Acme.transfer(Acme.m, fixture.r(1), to: Acme.m2)]
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: merit \(fixture.r(1).short) is locked")
    let both = try on3 {
      $0.rows[0].owner = TestKeyName(hex: Acme.m2.hex)
      $0.rows[0].leadtime = 1
      $0.proofs = [Acme.transfer(Acme.m, $1.r(1), to: Acme.m2), Acme.leadtime(Acme.m, $1.r(1), 1)]
    }
    #expect(both.hasSuffix("changed twice"))
  }
}
