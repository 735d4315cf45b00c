// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Nostr
import Testing
import TestSupport

@Suite("Collectives: satflow and products")
struct SatsScenarios {
  /// An update on a fixture.
  private func on(_ fixture: Fixture, _ change: (inout Draft) -> Void) throws -> String {
    var draft = fixture.next()
    change(&draft)
    return try fixture.relay.live(draft.event)
  }

  static let shares: [(UInt64, UInt64)] = [(200, 0), (600, 0), (200, 0)]

  @Test("ST-80 sats-without-merit, ST-81 sats-without-receipt, and a row twice")
  func unfounded() throws {
    let id = Acme.request(Acme.n, 9).id
    let fixture = try Fixture(3)
    expect(try on(fixture) { $0.extra = [["sats", id.hex, "1", "0"]] }, refusedWith: "invalid: sats row \(id.short) has no merit")
    expect(try on(fixture) { $0.rows[0].outstanding = 200 }, refusedWith: "invalid: sats changed without a zap receipt")
    let row = ["sats", fixture.r(1).hex, "0", "0"]
    expect(try on(fixture) { $0.extra = [row, row] }, refusedWith: "invalid: duplicate sats row")
    #expect(try on(fixture) { $0.extra = [row] } == Relay.accept)
  }

  @Test("ST-82 manual-receipt")
  func manual() throws {
    let fixture = try Fixture.f6()
    let rows = try #require(try fixture.relay.view(fixture.ignition)).state.rows
    #expect(rows.map(\.outstanding).sorted() == [200, 200, 600])
    // The same receipt is ignored, so nothing may change by it.
    let again = try on(fixture) {
      $0.proofs = [Acme.receipt(1000)]
      $0.rows = fixture.rows(sats: [(400, 0), (1200, 0), (400, 0)])
    }
    expect(again, refusedWith: "invalid: sats row")
    #expect(try on(fixture) { $0.proofs = [Acme.receipt(1000)] } == Relay.accept)
  }

  @Test("a wrong share is refused with both figures; with totalOnly only the sum counts")
  func shares() throws {
    func spread(_ sats: [(UInt64, UInt64)], _ options: (inout CollectivesOptions) -> Void = { _ in }) throws -> String {
      let fixture = try Fixture(3, options)
      return try on(fixture) {
        $0.proofs = [Acme.receipt(1000)]
        $0.rows = fixture.rows(sats: sats)
      }
    }
    let answer = try spread([(200, 0), (601, 0), (199, 0)])
    #expect(answer.hasPrefix("invalid: sats row ") && answer.contains(", expected "))
    #expect(try spread([(200, 0), (601, 0), (199, 0)]) { $0.totalOnly = true } == Relay.accept)
    expect(try spread([(200, 0), (601, 0), (200, 0)]) { $0.totalOnly = true }, refusedWith: "invalid: sats total is 1001, expected 1000")
    expect(try spread([(200, 0), (600, 1), (199, 0)]) { $0.totalOnly = true }, refusedWith: "invalid: sats row")
  }

  @Test("with totalOnly no row has less outstanding than before", arguments: [199, 200])
  func floors(_ outstanding: UInt64) throws {
    let fixture = try Fixture.f6 { $0.totalOnly = true }
    let answer = try on(fixture) {
      $0.proofs = [Acme.receipt(100, salt: "more")]
      $0.rows = fixture.rows(sats: [(outstanding, 0), (900 - outstanding, 0), (200, 0)])
    }
    let expected = fixture.share(of: 1, in: 100) + 200
    #expect(answer == (outstanding == 200 ? Relay.accept : "invalid: sats row \(fixture.r(1).short) is 199/0, expected \(expected)/0"))
  }

  @Test("ST-84 manual-remainder: the odd sat goes to the smallest request")
  func remainder() throws {
    let fixture = try Fixture()
    for owner in [Acme.m, Acme.m2, Acme.n] { try fixture.addMerit(owner, 10) }
    let smallest = fixture.rows.map(\.request).min()
    let answer = try on(fixture) {
      $0.proofs = [Acme.receipt(100)]
      for index in $0.rows.indices { $0.rows[index].outstanding = $0.rows[index].request == smallest ? 34 : 33 }
    }
    #expect(answer == Relay.accept)
  }

  @Test("ST-85 receipt-wrong-zapper, ST-86 zapper-introduced-now")
  func wrongZapper() throws {
    let fixture = try Fixture(3)
    let answer = try on(fixture) {
      $0.proofs = [Acme.receipt(1000, by: Acme.n)]
      $0.rows = fixture.rows(sats: Self.shares)
    }
    expect(answer, refusedWith: "invalid: receipt signer is not authorised")
    let without = try Fixture(1, lud16: nil)
    let introduced = try on(without) {
      $0.lud16 = Acme.zm
      $0.proofs = [Acme.receipt(1000, by: Acme.zm)]
      $0.rows = without.rows(sats: [(1000, 0)])
    }
    expect(introduced, refusedWith: "invalid: receipt signer is not authorised")
  }

  @Test("an update without lud16 keeps the zappers that were known")
  func zappersStay() throws {
    let fixture = try Fixture(3)
    fixture.lud16 = nil
    try fixture.publish(fixture.next())
    let answer = try on(fixture) {
      $0.proofs = [Acme.receipt(1000)]
      $0.rows = fixture.rows(sats: Self.shares)
    }
    #expect(answer == Relay.accept)
  }

  @Test("ST-87 receipt-amount-mismatch, and receipts that are malformed")
  func malformed() throws {
    let fixture = try Fixture(3)
    func carrying(_ receipt: Event) throws -> String { try on(fixture) { $0.proofs = [receipt] } }
    expect(try carrying(Acme.receipt(1000, asked: 2_000_000)), refusedWith: "invalid: receipt amount mismatch")
    // Above what was asked is no better than below.
    expect(try carrying(Acme.receipt(1000, asked: 999_000)), refusedWith: "invalid: receipt amount mismatch")
    let good = Acme.receipt(1000)
    func tag(_ name: StaticString) -> [String] { [name.description, good.tags.first(named: name)?[1]?.string ?? ""] }
    func receipt(_ tags: [[String]]) -> Event { Acme.z.event(kind: 9735, createdAt: Acme.t0 + 50, tags: tags) }
    for tags in [
      [tag("p"), tag("bolt11")], [tag("p"), tag("description")], [tag("bolt11"), tag("description")],
      [tag("p"), tag("p"), tag("bolt11"), tag("description")], [tag("p"), ["bolt11", "lnbc1qqq"], tag("description")],
      [tag("p"), ["bolt11", "lntb10n1qqq"], tag("description")], [["p", Acme.n.hex], tag("bolt11"), tag("description")],
      [tag("p"), tag("bolt11"), ["description", "{}"]],
    ] {
      expect(try carrying(receipt(tags)), refusedWith: "invalid: receipt malformed")
    }
  }

  @Test("an invoice is of at least one satoshi", arguments: zip([1, 999, 1000] as [UInt64], [false, false, true]))
  func oneSat(_ millisatoshi: UInt64, _ isAccepted: Bool) throws {
    let fixture = try Fixture()
    let request = Acme.b.json(
      kind: 9734, createdAt: Acme.t0 + 49, tags: [["p", Acme.c.hex], ["amount", String(millisatoshi)], ["a", Acme.address()]])
    let receipt = Acme.z.event(
      kind: 9735, createdAt: Acme.t0 + 50,
      tags: [["p", Acme.c.hex], ["bolt11", "lnbc\(millisatoshi * 10)p1qqqsyq"], ["description", String(decoding: request, as: UTF8.self)]])
    #expect(try on(fixture) { $0.proofs = [receipt] } == (isAccepted ? Relay.accept : "invalid: receipt malformed"))
  }

  @Test("the creator's zapper is believed for the creator alone")
  func creatorsZapper() throws {
    let words = "invalid: receipt signer is not authorised"
    let fixture = try Fixture.f6()
    let payout = try on(fixture) {
      $0.proofs = [Acme.receipt(50, by: Acme.z, to: Acme.m, from: Acme.c, address: nil, tags: [["request", fixture.r(1).hex]])]
      $0.rows = fixture.rows(sats: [(150, 50), (600, 0), (200, 0)])
    }
    #expect(payout == words)
    let own = try on(fixture) {
      $0.proofs = [Acme.receipt(50, by: Acme.z, to: Acme.c, from: Acme.c, address: nil, tags: [["request", fixture.r(2).hex]])]
      $0.rows = fixture.rows(sats: [(200, 0), (550, 50), (200, 0)])
    }
    #expect(own == Relay.accept)
    let robin = try Fixture(3, payments: "roundrobin")
    let holder = try on(robin) {
      $0.proofs = [Acme.receipt(500, by: Acme.z, to: Acme.m)]
      $0.rows = robin.rows(sats: [(0, 500), (0, 0), (0, 0)])
    }
    #expect(holder == words)
    let sale = try on(try Fixture(3)) { [id = fixture.r(1)] draft in
      let listing = Acme.listing(Acme.m, id, price: "900:500")
      draft.rows[0].owner = TestKeyName(hex: Acme.m2.hex)
      draft.proofs = [listing, Acme.receipt(500, by: Acme.z, to: Acme.m, from: Acme.m2, address: nil, tags: [["e", listing.id.hex]])]
    }
    #expect(sale == "invalid: merit \(fixture.r(1).short) transfer without proof")
  }

  @Test("of two profiles of one second the one with the lower id names the zapper", arguments: [true, false])
  func equalProfiles(_ isTrueLower: Bool) throws {
    let fixture = try Fixture.f6()
    let named = Acme.profile(Acme.m, zapper: Acme.zm)
    let other = try #require((0..<64).map { Acme.profile(Acme.m, zapper: TestKey("profile \($0)")) }.first { (named.id < $0.id) == isTrueLower })
    for profiles in [[named, other], [other, named]] {
      let relay = try Fixture.f6()
      let answer = try on(relay) {
        $0.proofs = [Acme.receipt(50, by: Acme.zm, to: Acme.m, from: Acme.c, address: nil, tags: [["request", fixture.r(1).hex]])] + profiles
        $0.rows = relay.rows(sats: [(150, 50), (600, 0), (200, 0)])
      }
      #expect(answer == (isTrueLower ? Relay.accept : "invalid: receipt signer is not authorised"))
    }
  }

  @Test("ST-89 payout, ST-90 payout-too-big", arguments: [200 as UInt64, 300])
  func payout(_ sats: UInt64) throws {
    let fixture = try Fixture.f6 { $0.zappers = [Acme.m.pubkey: [Acme.zm.pubkey]] }
    let answer = try on(fixture) {
      $0.proofs = [Acme.receipt(sats, by: Acme.zm, to: Acme.m, from: Acme.c, address: nil)]
      $0.rows = fixture.rows(sats: [(0, 200), (600, 0), (200, 0)])
    }
    if sats == 200 { #expect(answer == Relay.accept) } else { expect(answer, refusedWith: "invalid: payout exceeds outstanding") }
  }

  @Test("a payout by request pays that row; by kind 0 the payee names the zapper; by a stranger it is unrelated")
  func payoutByRequest() throws {
    func pay(by zapper: TestKey, from sender: TestKey, with profile: Event?) throws -> String {
      let fixture = try Fixture.f6()
      return try on(fixture) {
        $0.proofs = [Acme.receipt(50, by: zapper, to: Acme.m, from: sender, address: nil, tags: [["request", fixture.r(1).hex]])] + (profile.map { [$0] } ?? [])
        $0.rows = fixture.rows(sats: [(150, 50), (600, 0), (200, 0)])
      }
    }
    #expect(try pay(by: Acme.zm, from: Acme.c, with: Acme.profile(Acme.m, zapper: Acme.zm)) == Relay.accept)
    expect(try pay(by: Acme.zm, from: Acme.c, with: nil), refusedWith: "invalid: receipt signer is not authorised")
    expect(try pay(by: Acme.zm, from: Acme.n, with: Acme.profile(Acme.m, zapper: Acme.zm)), refusedWith: "invalid: receipt unrelated to this SEC")
  }

  @Test("ST-92 roundrobin-receipt: the payee need not be the computed one")
  func roundRobin() throws {
    let fixture = try Fixture(3, payments: "roundrobin") { $0.trustedZappers = [Acme.zm.pubkey] }
    #expect(try fixture.relay.view(fixture.ignition)?.nextPayee(sats: 500, eligible: [Acme.c.pubkey, Acme.m.pubkey])?.pubkey == Acme.c.pubkey)
    let answer = try on(fixture) {
      $0.proofs = [Acme.receipt(500, by: Acme.zm, to: Acme.m)]
      $0.rows = fixture.rows(sats: [(0, 500), (0, 0), (0, 0)])
    }
    #expect(answer == Relay.accept)
  }

  @Test("ST-93 roundrobin-nonholder")
  func nonHolder() throws {
    let fixture = try Fixture(3)
    expect(try on(fixture) { $0.proofs = [Acme.receipt(500, to: Acme.n)] }, refusedWith: "invalid: receipt payee holds no merits")
    expect(try on(fixture) { $0.proofs = [Acme.receipt(500, to: Acme.n, address: nil)] }, refusedWith: "invalid: receipt unrelated to this SEC")
  }

  @Test("cashu: what is split away from the relay moves no row")
  func cashu() throws {
    let fixture = try Fixture(3, payments: "cashu")
    #expect(try on(fixture) { $0.proofs = [Acme.receipt(500)] } == Relay.accept)
  }

  // Products

  static let offer = String(repeating: "d", count: 64)

  private func selling(max: Int = 0, start: UInt64 = 0, _ options: (inout CollectivesOptions) -> Void = { _ in }) throws -> Fixture {
    let fixture = try Fixture(0, options)
    var draft = fixture.next()
    draft.products = [["product", "\(Self.offer):1000:\(start):\(max)", "", "[]"]]
    try fixture.publish(draft)
    return fixture
  }

  private func buying(_ fixture: Fixture, _ receipts: [Event], sold: [Event] = [], max: Int = 0, start: UInt64 = 0, proofs: [Event]? = nil) throws -> Draft {
    var draft = fixture.next()
    draft.bitcoin = Acme.block(848_600)
    let entries = (sold + receipts).map { "\"\($0.id.hex):\(Acme.b.hex):848600\"" }.joined(separator: ",")
    draft.products = [["product", "\(Self.offer):1000:\(start):\(max)", "", "[\(entries)]"]]
    draft.proofs = proofs ?? receipts
    return draft
  }

  @Test("ST-94 product-edit-creator, ST-95 product-edit-member")
  func edits() throws {
    let fixture = try selling()
    #expect(try on(fixture) { $0.products = [["product", "\(Self.offer):10:0:0", "", "[]"]] } == Relay.accept)
    let members = try Fixture.f5()
    var draft = members.memberNext()
    draft.products = [["product", "\(Self.offer):10:0:0", "", "[]"]]
    expect(try members.relay.live(draft.event), refusedWith: "restricted: only the creator may change products")
  }

  @Test("ST-96 purchase-ok, ST-97 purchase-no-receipt, ST-100 purchase-removed")
  func purchases() throws {
    let fixture = try selling()
    let receipt = Acme.receipt(1000)
    expect(try fixture.relay.live(buying(fixture, [receipt], proofs: []).event), refusedWith: "invalid: purchase without receipt")
    expect(try fixture.relay.live(buying(fixture, [Acme.receipt(1000, from: Acme.n)]).event), refusedWith: "invalid: purchase without receipt")
    expect(try fixture.relay.live(buying(fixture, [Acme.receipt(999)]).event), refusedWith: "invalid: purchase underpaid")
    try fixture.publish(buying(fixture, [receipt]))
    #expect(try fixture.relay.view(fixture.ignition)?.products.first?.purchases.map(\.receipt) == [receipt.id])
    expect(try on(fixture) { $0.products = [["product", "\(Self.offer):1000:0:0", "", "[]"]] }, refusedWith: "invalid: purchase removed")
    expect(try on(fixture) { _ in }, refusedWith: "invalid: purchase removed")
  }

  @Test("ST-99 purchase-sold-out, and before the sale")
  func soldOut() throws {
    let fixture = try selling(max: 1)
    let first = Acme.receipt(1000)
    try fixture.publish(buying(fixture, [first], max: 1))
    expect(try fixture.relay.live(buying(fixture, [Acme.receipt(1000, salt: "2")], sold: [first], max: 1).event), refusedWith: "invalid: product sold out")
    let later = try selling(start: Acme.t0 + 60)
    expect(try later.relay.live(buying(later, [first], start: Acme.t0 + 60).event), refusedWith: "invalid: product not on sale yet")
    #expect(try later.relay.live(buying(later, [Acme.receipt(1000, at: Acme.t0 + 60)], start: Acme.t0 + 60).event) == Relay.accept)
  }

  @Test("a price may be in millisatoshi where the operator says so")
  func unit() throws {
    let fixture = try selling { $0.productPriceUnit = .msat }
    #expect(try fixture.relay.live(buying(fixture, [Acme.receipt(1)]).event) == Relay.accept)
  }
}
