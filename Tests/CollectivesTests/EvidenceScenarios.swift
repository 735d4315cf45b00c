// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Nostr
import Policy
import TestSupport
import Testing

/// S10 and S11 in their smaller cases, and evidence that is only named.
@Suite("Collectives: evidence")
struct EvidenceScenarios {
  /// F0 and an update with these tags.
  private func carrying(_ tags: [[String]], _ options: (inout CollectivesOptions) -> Void = { _ in }) throws -> String {
    let fixture = try Fixture(0, options)
    var draft = fixture.next()
    draft.extra = tags
    return try fixture.relay.live(draft.event)
  }

  @Test("a kind that proves nothing is refused, unless the operator takes it for something", arguments: [1, 7, 1413, 9734, 30_023] as [UInt64])
  func kinds(_ kind: UInt64) throws {
    let tag = Acme.proof(Acme.m.event(kind: kind, createdAt: Acme.t0))
    #expect(try carrying([tag]) == "invalid: unsupported proof kind \(kind)")
    #expect(try carrying([tag]) { $0.leadtimeKinds = [1414, kind] } == Relay.accept)
  }

  @Test(
    "every kind of evidence may be carried, though it proves nothing here",
    arguments: [0, 1409, 1410, 1411, 1412, 1414, 1415, 1602, 1603, 1604] as [UInt64])
  func evidence(_ kind: UInt64) throws {
    #expect(try carrying([Acme.proof(Acme.m.event(kind: kind, createdAt: Acme.t0))]) == Relay.accept)
  }

  @Test("an unsupported kind is found only when all proofs are verified, and before what is only named")
  func order() throws {
    let foreign = Acme.proof(Acme.m.event(kind: 1, createdAt: Acme.t0))
    expect(try carrying([foreign, ["proof", "{}"]]), refusedWith: "invalid: proof is not a nostr event")
    expect(try carrying([["proof_id", String(repeating: "a", count: 64)], foreign]), refusedWith: "invalid: unsupported proof kind 1")
    expect(try carrying([["proof_raw", "x"], foreign]), refusedWith: "invalid: unsupported proof kind 1")
  }

  @Test("proof_raw names a transaction, and nothing else")
  func transaction() throws {
    let id = String(repeating: "a", count: 64)
    #expect(try carrying([["proof_raw", "txid:\(id)"]]) == Relay.accept)
    for text in ["txid:", "txid:\(id)0", "txid:" + id.uppercased(), "block:\(id)", id, "txid:\(id):0", ""] {
      #expect(try carrying([["proof_raw", text]]) == "invalid: proof is not a nostr event", "\(text)")
    }
    #expect(try carrying([["proof_raw"]]) == "invalid: proof is not a nostr event")
  }

  @Test("proof_id is an id that is known here, of a kind that proves something")
  func references() throws {
    for tag in [["proof_id"], ["proof_id", "x"], ["proof_id", String(repeating: "A", count: 64)]] {
      #expect(try carrying([tag]) == "invalid: proof is not a nostr event", "\(tag)")
    }
    let fixture = try Fixture()
    func naming(_ event: Event) throws -> String {
      var draft = fixture.next()
      draft.extra = [["proof_id", event.id.hex, "wss://relay.example"]]
      return try fixture.relay.live(draft.event)
    }
    let listing = Acme.listing(Acme.m, Acme.request(Acme.m, 1).id, price: "1:2")
    #expect(try naming(listing) == "error: proof \(listing.id.short) unknown here")
    let deployed = Acme.m.event(kind: 1413, createdAt: Acme.t0, tags: [["a", Acme.address()]])
    for event in [listing, deployed] { try expectAccept(fixture.relay.live(event)) }
    #expect(try naming(deployed) == "invalid: unsupported proof kind 1413")
    #expect(try naming(listing) == Relay.accept)
  }

  @Test("what is named counts against the 64 like what is carried, and once it is resolved with what it holds")
  func count() throws {
    func names(_ count: Int) -> [[String]] { (0..<count).map { ["proof_raw", "txid:" + String(repeating: "0", count: 60) + String(1000 + $0)] } }
    #expect(try carrying(names(64)) == Relay.accept)
    #expect(try carrying(names(65)) == "invalid: too many proofs")
    let request = Acme.request(Acme.m, 1)
    let wrapper = Acme.c.event(
      kind: 1411, createdAt: Acme.t0, tags: [["a", Acme.address()], ["request", String(decoding: request.raw, as: UTF8.self)]])
    let fixture = try Fixture()
    try expectAccept(fixture.relay.live(wrapper))
    var draft = fixture.next()
    draft.extra = [["proof_id", wrapper.id.hex]] + names(63)
    #expect(try fixture.relay.live(draft.event) == "invalid: too many proofs")
    draft.extra.removeLast()
    #expect(try fixture.relay.live(draft.event) == Relay.accept)
  }

  @Test("what is carried is together no more than one event may have; from the journal that is not asked again", arguments: [2, 1])
  func together(_ room: Int) throws {
    let proofs = (0..<2).map { Acme.request(Acme.m, UInt64($0) + 1) }
    let fixture = try Fixture(0) { $0.maxEventBytes = proofs[0].raw.count + (room == 2 ? proofs[1].raw.count : proofs[1].raw.count - 1) }
    var draft = fixture.next()
    draft.proofs = proofs
    if room == 1 {
      #expect(try fixture.relay.live(draft.event) == "invalid: too many proofs")
      #expect(try fixture.relay.rejudge(draft.event) == Relay.accept)
    } else {
      #expect(try fixture.relay.live(draft.event) == Relay.accept)
    }
  }

  @Test("a proof may be 900 seconds ahead of the update, and has at most 32 KiB", arguments: zip([900, 901] as [UInt64], [true, false]))
  func ahead(_ seconds: UInt64, _ isAccepted: Bool) throws {
    let fixture = try Fixture()
    var draft = fixture.next()
    draft.proofs = [Acme.request(Acme.m, 1, at: draft.at + seconds)]
    #expect(try fixture.relay.live(draft.event) == (isAccepted ? Relay.accept : "invalid: proof from the future"))
    let empty = Acme.request(Acme.m, 1)
    let room = 32 * 1024 - empty.raw.count
    draft.proofs = [Acme.request(Acme.m, 1, salt: String(repeating: "x", count: isAccepted ? room : room + 1))]
    draft.at += 10
    let answer = try Fixture().relay.live(draft.event)
    #expect(answer == (isAccepted ? Relay.accept : "invalid: proof is not a nostr event"))
  }

  @Test("what waits is dropped after a week, and not before", arguments: zip([604_800, 604_801] as [UInt64], [true, false]))
  func expiry(_ seconds: UInt64, _ isKept: Bool) throws {
    let fixture = try Fixture()
    let missing = fixture.next().event
    var draft = fixture.next()
    draft.previous = missing.id.hex
    draft.at += 100
    let (early, began) = (draft.event, draft.at)
    #expect(try fixture.relay.sync(early, at: began) == "error: missing previous \(missing.id.short), parked")
    // Whatever comes then makes room.
    draft.previous = String(repeating: "1", count: 64)
    try fixture.relay.sync(draft.event, at: began + seconds)
    #expect(try fixture.relay.parkedCount() == (isKept ? 2 : 1))
    #expect(try fixture.relay.settle(missing, at: began + seconds) == Relay.accept)
    #expect(try fixture.relay.view(fixture.ignition)?.head.id == (isKept ? early.id : missing.id))
  }
}
