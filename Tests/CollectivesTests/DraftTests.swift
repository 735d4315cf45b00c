// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Nostr
import Policy
import Testing
import TestSupport

@Suite("Collectives: drafts and what commands show")
struct DraftTests {
  /// Drafts, signs and publishes.
  private func publish(_ fixture: Fixture, by key: TestKey = Acme.c, isMember: Bool = false, _ evidence: [Event], block: String? = nil) throws -> String {
    var order = CollectiveDraft.Order(collective: fixture.ignition.id, createdAt: Acme.t0 + 5000)
    order.author = key.pubkey
    order.isMember = isMember
    order.evidence = evidence.map(\.raw)
    order.block = block.flatMap { BlockStamp(text: Text($0)) }
    let draft = try fixture.relay.store.read { try CollectiveDraft.make(order, fixture.relay.options, reading: $0) }
    return try fixture.relay.live(try Event(parsing: draft.signed(by: key.key)))
  }

  @Test("a draft from a receipt, an approval, a transfer, a leadtime or a payout is what the relay accepts")
  func accepted() throws {
    let options: (inout CollectivesOptions) -> Void = { $0.trustedZappers = [Acme.zm.pubkey] }
    let fixture = try Fixture(3, options)
    let request = Acme.request(Acme.n, 5)
    #expect(try publish(fixture, [request, Acme.vote(Acme.c, request), Acme.receipt(997)]) == Relay.accept)
    #expect(try fixture.relay.view(fixture.ignition)?.state.rows.count == 4)
    let other = try Fixture(3, options)
    let proofs = [Acme.transfer(Acme.m2, other.r(3), to: Acme.n), Acme.leadtime(Acme.m, other.r(1), 1)]
    #expect(try publish(other, proofs, block: Acme.block(848_600)) == Relay.accept)
    let third = try Fixture.f6(options)
    #expect(try publish(third, [Acme.receipt(50, by: Acme.zm, to: Acme.m, from: Acme.c, address: nil)]) == Relay.accept)
    #expect(try publish(Fixture.f4(), by: Acme.m, isMember: true, []) == Relay.accept)
    #expect(try publish(Fixture.f5(), by: Acme.m, []) == Relay.accept)
  }

  @Test("a draft that would be refused is not made")
  func refused() throws {
    let request = Acme.request(Acme.n, 5)
    #expect(throws: CollectiveDraft.Failure.self) { try publish(Fixture(3), [request]) }
    #expect(throws: Rejection.self) { try publish(Fixture(3), [Acme.receipt(1000, by: Acme.n)]) }
    #expect(throws: CollectiveDraft.Failure.self) { try publish(Fixture.f4(), by: Acme.n, isMember: true, []) }
    #expect(throws: CollectiveDraft.Failure.self) { try publish(Fixture.f4(), by: Acme.m, []) }
    #expect(throws: Rejection.self) {
      let fixture = try Fixture(3)
      return try publish(fixture, [Acme.leadtime(Acme.m, fixture.r(1), 1)])
    }
  }

  @Test("a draft names no block that its time, or the pace of its chain, does not allow")
  func blocks() throws {
    for (height, isMade) in [(846_000, false), (848_499, false), (848_500 + 298, true), (848_500 + 299, false), (852_000, false)] {
      // 5000 seconds after the ignition: 10.4 blocks and 288.
      let fixture = try Fixture(1)
      if isMade {
        #expect(try publish(fixture, [], block: Acme.block(height)) == Relay.accept)
      } else {
        #expect(throws: Rejection.self, "\(height)") { try publish(fixture, [], block: Acme.block(height)) }
      }
    }
  }

  @Test("agreement counts the votepower of heads with the creator's state")
  func agreement() throws {
    let fixture = try Fixture.f5()
    func agreement() throws -> CollectiveAgreement {
      let heads = try fixture.relay.store.read { try CollectiveView.heads(of: fixture.ignition.id, reading: $0) }
      return CollectiveAgreement(heads, canonical: heads[0])
    }
    #expect(try agreement().isMajority && agreement().agreeing == 100)
    try fixture.addMerit(Acme.n, 5, voters: [Acme.m])
    #expect(try !agreement().isMajority && agreement().heads.count == 2)
  }

  @Test("half of the votepower is no majority")
  func half() throws {
    let fixture = try Fixture.f4()
    var raise = fixture.next()
    raise.bitcoin = Acme.block(848_600)
    raise.rows[2].leadtime = 1
    raise.proofs = [Acme.leadtime(Acme.m2, fixture.r(3), 1)]
    try fixture.publish(raise)
    try expectAccept(fixture.relay.live(fixture.member().event))
    let heads = try fixture.relay.store.read { try CollectiveView.heads(of: fixture.ignition.id, reading: $0) }
    let agreement = CollectiveAgreement(heads, canonical: heads[0])
    #expect(agreement.agreeing == 100 && agreement.total == 200 && !agreement.isMajority)
    try expectAccept(fixture.relay.live(fixture.member(Acme.m2).event))
    let both = try fixture.relay.store.read { try CollectiveView.heads(of: fixture.ignition.id, reading: $0) }
    #expect(CollectiveAgreement(both, canonical: both[0]).isMajority)
  }

  @Test("the invariants and every refusal fit into 200 bytes")
  func lengths() throws {
    let fixture = try Fixture(3)
    var draft = fixture.next()
    draft.proofs = [Acme.receipt(2_000_000_000_000)]
    draft.rows[0].outstanding = MeritRow.maxSats
    #expect(try fixture.relay.live(draft.event).utf8.count <= 200)
  }
}
