// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Foundation
import Nostr
import Testing
import TestSupport

/// The example of `docs/domains/collectives.md`, event by event.
@Suite("Collectives: the worked example of the documentation")
struct WorkedExample {
  @Test("from ignition to payout, with the ids that the page names")
  func example() throws {
    let fixture = try Fixture(1) { $0.zappers = [Acme.m.pubkey: [Acme.zm.pubkey]] }
    var lock = fixture.next()
    lock.bitcoin = Acme.block(848_600)
    lock.rows[0].leadtime = 1
    lock.proofs = [Acme.leadtime(Acme.m, fixture.r(1), 1)]
    try fixture.publish(lock)
    let first = fixture.member().event
    try expectAccept(fixture.relay.live(first))
    var income = fixture.next()
    income.proofs = [Acme.receipt(1000)]
    income.rows[0].outstanding = 1000
    try fixture.publish(income)
    var payout = fixture.next()
    payout.proofs = [Acme.receipt(400, by: Acme.zm, to: Acme.m, from: Acme.c, address: nil, tags: [["request", fixture.r(1).hex]], at: Acme.t0 + 60)]
    payout.rows[0].outstanding = 600
    payout.rows[0].paid = 400
    try fixture.publish(payout)
    let view = try #require(try fixture.relay.view(fixture.ignition))
    #expect(view.state.rows.map(\.outstanding) == [600] && view.state.rows.map(\.paid) == [400])

    let ids = [
      ("ignition", fixture.ignition.id), ("request", fixture.r(1)), ("U1", fixture.u(1).id), ("U2", fixture.u(2).id), ("B1", first.id),
      ("U3", fixture.u(3).id), ("U4", fixture.u(4).id),
    ]
    let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("docs/domains/collectives.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    for (name, id) in ids { #expect(text.contains(id.short), "\(name) is \(id.short)") }
    #expect(text.contains(view.state.stateHash.hex), "the state hash is \(view.state.stateHash.hex)")
  }
}
