// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import TestSupport
import Testing

@testable import Collectives

@Suite("Collectives: merits and their approval")
struct MeritScenarios {
  private static func notApproved(_ request: Event = Acme.request(Acme.m, 100)) -> String {
    "invalid: merit \(request.id.short) has no approved request"
  }

  /// F0, and an update that adds a merit of 100 for M with these proofs.
  private func adding(_ change: (inout Draft, Event) -> Void = { _, _ in }, options: (inout CollectivesOptions) -> Void = { _ in }) throws -> String {
    let fixture = try Fixture(0, options)
    let request = Acme.request(Acme.m, 100)
    var draft = fixture.next()
    draft.rows = [Row(request.id, Acme.m, 100)]
    draft.proofs = [request, Acme.vote(Acme.c, request)]
    change(&draft, request)
    return try fixture.relay.live(draft.event)
  }

  @Test("ST-43 amr-approved")
  func approved() throws {
    let fixture = try Fixture(1)
    let rows = try #require(try fixture.relay.view(fixture.ignition)).state.rows
    #expect(rows.count == 1 && rows[0].amount == 100 && rows[0].owner == Acme.m.pubkey && rows[0].request == fixture.r(1))
  }

  /// A 1411 (or 1604) with request and votes inside.
  private func wrapped(_ request: Event, _ votes: [Event], by key: TestKey = Acme.c, kind: UInt64 = 1411) -> Event {
    let inner = [["request", String(decoding: request.raw, as: UTF8.self)]] + votes.map { ["vote", String(decoding: $0.raw, as: UTF8.self)] }
    return key.event(kind: kind, createdAt: Acme.t0 + 25, tags: inner)
  }

  @Test("ST-44 amr-wrapper-1411: a wrapper holds request and votes", arguments: [1411 as UInt64, 1604])
  func wrapper(_ kind: UInt64) throws {
    #expect(try adding { $0.proofs = [wrapped($1, [Acme.vote(Acme.c, $1)], kind: kind)] } == Relay.accept)
    #expect(
      try adding {
        $0.deployed = true; $0.proofs = [wrapped($1, [Acme.vote(Acme.c, $1)], kind: kind)]
      } == Relay.accept)
  }

  @Test("a wrapper by somebody without votepower proves nothing; what stands beside it does")
  func strangersWrapper() throws {
    #expect(try adding { $0.proofs = [wrapped($1, [Acme.vote(Acme.c, $1)], by: Acme.n)] } == Self.notApproved())
    #expect(try adding { $0.proofs.append(wrapped($1, [Acme.vote(Acme.c, $1)], by: Acme.n)) } == Relay.accept)
  }

  @Test("a wrapper within a wrapper is refused")
  func nested() throws {
    expect(try adding { $0.proofs = [wrapped(wrapped($1, []), [])] }, refusedWith: "invalid: unsupported proof kind 1411")
  }

  @Test("ST-46 amr-no-proof")
  func noProof() throws {
    let answer = try adding { draft, _ in draft.proofs = [] }
    expect(answer, refusedWith: "invalid: merit \(Acme.request(Acme.m, 100).id.short) has no approved request")
  }

  @Test("ST-47 amr-wrong-owner, and a wrong amount")
  func wrongOwner() throws {
    let id = Acme.request(Acme.m, 100).id
    let words = "invalid: merit \(id.short) owner or amount differs from the request"
    expect(try adding { $0.rows = [Row($1.id, Acme.n, 100)] }, refusedWith: words)
    expect(try adding { $0.rows = [Row($1.id, Acme.m, 101)] }, refusedWith: words)
  }

  @Test("ST-49 amr-lt-nonzero")
  func newWithLeadtime() throws {
    expect(
      try adding {
        $0.rows[0].leadtime = 1; _ = $1
      }, refusedWith: "invalid: new merit must have leadtime 0")
  }

  @Test("ST-50 amr-other-sec")
  func otherCollective() throws {
    let request = Acme.request(Acme.m, 100, address: Acme.address("acme", Acme.n))
    let answer = try adding { draft, _ in
      draft.rows = [Row(request.id, Acme.m, 100)]
      draft.proofs = [request, Acme.vote(Acme.c, request)]
    }
    #expect(answer == Self.notApproved(request))
  }

  @Test("the legacy kinds, and a request that names the ignition, are believed")
  func legacy() throws {
    let fixture = try Fixture()
    let request = Acme.m.event(kind: 1602, createdAt: Acme.t0 + 10, tags: [["e", fixture.ignition.id.hex], ["amount", "7"]])
    let vote = Acme.c.event(kind: 1603, createdAt: Acme.t0 + 20, tags: [["e", request.id.hex], ["vote", "ratify"]])
    var draft = fixture.next()
    draft.rows = [Row(request.id, Acme.m, 7)]
    draft.proofs = [request, vote]
    #expect(try fixture.relay.live(draft.event) == Relay.accept)
  }

  @Test("ST-51 amr-bad-inner-sig, a bad id, and one from the future")
  func badProof() throws {
    func adding(_ json: [UInt8]) throws -> String {
      try self.adding { draft, _ in draft.extra = [["proof", String(decoding: json, as: UTF8.self)]] }
    }
    let vote = Acme.vote(Acme.c, Acme.request(Acme.m, 100), at: Acme.t0 + 21)
    let text = String(decoding: vote.raw, as: UTF8.self)
    #expect(try adding(flipped(text)) == "invalid: proof signature")
    #expect(try adding(Array(text.replacing(vote.id.hex, with: String(repeating: "1", count: 64)).utf8)) == "invalid: proof id mismatch")
    #expect(try adding(Acme.vote(Acme.c, Acme.request(Acme.m, 100), at: Acme.t0 + 1001).raw) == "invalid: proof from the future")
    #expect(try adding(Acme.vote(Acme.c, Acme.request(Acme.m, 100), at: Acme.t0 + 1000).raw) == Relay.accept)
    #expect(try adding(Array(text.dropLast().utf8) + Array(",\"x\":1}".utf8)) == "invalid: proof is not a nostr event")
    #expect(try adding(Acme.c.event(kind: 1, createdAt: Acme.t0).raw) == "invalid: unsupported proof kind 1")
  }

  @Test("ST-53 proof-not-json", arguments: ["hello", "", "{}", "[]", "{\"id\":1}"])
  func notJSON(_ text: String) throws {
    expect(try adding { draft, _ in draft.extra = [["proof", text]] }, refusedWith: "invalid: proof is not a nostr event")
  }

  @Test("ST-108 too-many-proofs: 64 is the limit, with the inner ones")
  func tooMany() throws {
    let spare = (0..<63).map { Acme.profile(TestKey($0), zapper: Acme.z) }
    #expect(try adding { draft, _ in draft.proofs += spare.prefix(62) } == Relay.accept)
    expect(try adding { draft, _ in draft.proofs += spare }, refusedWith: "invalid: too many proofs")
    expect(
      try adding { draft, request in draft.proofs = [wrapped(request, [Acme.vote(Acme.c, request)])] + spare.prefix(62) },
      refusedWith: "invalid: too many proofs")
  }

  @Test("ST-54 votes-without-power, ST-55 votes-majority")
  func votepower() throws {
    let fixture = try Fixture.f4()
    let request = Acme.request(Acme.n, 50)
    var draft = fixture.next()
    draft.rows.append(Row(request.id, Acme.n, 50))
    draft.proofs = [request, Acme.vote(Acme.c, request)]
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: merit \(request.id.short) has no approved request")
    draft.proofs = [request, Acme.vote(Acme.m, request)]
    #expect(try fixture.relay.live(draft.event) == Relay.accept)
  }

  @Test("ST-56 vote-exactly-half: half is not more than half")
  func half() throws {
    let fixture = try Fixture.f4()
    var raise = fixture.next()
    raise.bitcoin = Acme.block(848_600)
    raise.rows[2].leadtime = 1
    raise.rows[2].height = 848_600
    raise.proofs = [Acme.leadtime(Acme.m2, fixture.r(3), 1)]
    try fixture.publish(raise)
    let request = Acme.request(Acme.n, 50)
    var draft = fixture.next()
    draft.rows.append(Row(request.id, Acme.n, 50))
    draft.proofs = [request, Acme.vote(Acme.m, request)]
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: merit \(request.id.short) has no approved request")
    draft.proofs.append(Acme.vote(Acme.m2, request))
    #expect(try fixture.relay.live(draft.event) == Relay.accept)
  }

  @Test("a veto of two hundredths stops a request; the thresholds can be set")
  func thresholds() throws {
    func blackballed(_ options: (inout CollectivesOptions) -> Void) throws -> String {
      let fixture = try Fixture.f4(options)
      var raise = fixture.next()
      raise.bitcoin = Acme.block(848_600)
      raise.rows[1].leadtime = 1
      raise.rows[1].height = 848_600
      try fixture.publish(raise)
      let request = Acme.request(Acme.n, 50)
      var draft = fixture.next()
      draft.rows.append(Row(request.id, Acme.n, 50))
      draft.proofs = [request, Acme.vote(Acme.c, request), Acme.vote(Acme.m, request, "blackball")]
      return try fixture.relay.live(draft.event)
    }
    let words = Self.notApproved(Acme.request(Acme.n, 50))
    #expect(try blackballed { _ in } == words)
    #expect(try blackballed { $0.veto = Fraction(1, 2)! } == Relay.accept)
    // M has 100 of 400: a quarter is not less than a quarter.
    #expect(try blackballed { $0.veto = Fraction(1, 4)! } == words)
    #expect(try blackballed { $0.veto = Fraction(26, 100)! } == Relay.accept)
    // And C's three quarters are not more than three.
    #expect(
      try blackballed {
        $0.veto = Fraction(1, 2)!; $0.approve = Fraction(3, 4)!
      } == words)
    #expect(
      try blackballed {
        $0.veto = Fraction(1, 2)!; $0.approve = Fraction(74, 100)!
      } == Relay.accept)
  }

  @Test("ST-59 latest-vote-wins")
  func latestVote() throws {
    #expect(try adding { $0.proofs.append(Acme.vote(Acme.c, $1, "blackball", at: Acme.t0 + 21)) } == Self.notApproved())
    #expect(try adding { $0.proofs.append(Acme.vote(Acme.c, $1, "blackball", at: Acme.t0 + 19)) } == Relay.accept)
  }

  @Test("ST-59: of two votes of one second the one with the lower id counts", arguments: [true, false])
  func equalVotes(_ isRatifyLower: Bool) throws {
    let request = Acme.request(Acme.m, 100)
    func vote(_ direction: String, _ salt: Int) -> Event {
      Acme.c.event(
        kind: 1410, createdAt: Acme.t0 + 20, tags: [["a", Acme.address()], ["request", request.id.hex], ["vote", direction]], content: String(salt))
    }
    let ratify = vote("ratify", 0)
    let blackball = try #require((0..<64).map { vote("blackball", $0) }.first { (ratify.id < $0.id) == isRatifyLower })
    for votes in [[ratify, blackball], [blackball, ratify]] {
      let answer = try adding { draft, request in draft.proofs = [request] + votes }
      #expect(answer == (isRatifyLower ? Relay.accept : Self.notApproved()))
    }
  }

  @Test("all amounts together stay below 2⁵³")
  func amounts() throws {
    func ignition(_ amounts: [UInt64]) -> Event {
      var draft = Draft()
      draft.rows = amounts.enumerated().map { Row(Acme.request(Acme.m, UInt64($0) + 1).id, Acme.m, $1) }
      return draft.event
    }
    #expect(try Relay().live(ignition([1 << 52, 1 << 52])) == "invalid: malformed merit tag")
    #expect(try Relay().live(ignition([1 << 52, (1 << 52) - 1])) == "invalid: ignition may not mint merits")
  }

  @Test("a collective has at most 1000 rows", arguments: [1000, 1001])
  func rowCount(_ count: Int) throws {
    let rows = try (0..<count).map { number in
      let id = try #require(EventID(hex: String(repeating: "0", count: 60) + String(1000 + number)))
      return Row(id, Acme.m, 1).tags(deployed: true)
    }
    let event = Acme.c.event(kind: 31108, createdAt: Acme.t0, tags: rows.flatMap { $0 })
    if count == 1000 {
      #expect(try MeritTags(parsing: Array(event.tags), trace: nil).rows.count == count)
    } else {
      #expect(throws: Rejection.invalid("malformed merit tag")) { try MeritTags(parsing: Array(event.tags), trace: nil) }
    }
  }

  @Test("ST-60 merit-removed, ST-61 merit-amount-edit")
  func fixed() throws {
    let fixture = try Fixture(1)
    var draft = fixture.next()
    draft.rows = []
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: merit \(fixture.r(1).short) removed")
    draft.rows = [Row(fixture.r(1), Acme.m, 200)]
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: merit \(fixture.r(1).short) amount changed")
  }

  @Test("ST-63 merit-dialect-B: the same row, the same hash")
  func deployed() throws {
    let fixture = try Fixture(1)
    let hash = try fixture.relay.view(fixture.ignition)?.state.stateHash
    var draft = fixture.next()
    draft.deployed = true
    try fixture.publish(draft)
    #expect(try fixture.relay.view(fixture.ignition)?.state.stateHash == hash)
    draft = fixture.next()
    draft.deployed = true
    draft.rows[0].height = 5
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: leadtime height mismatch")
  }

  @Test("ST-64 merit-dialect-mix, and one request twice")
  func mixed() throws {
    let fixture = try Fixture(2)
    var draft = fixture.next()
    draft.rows = [fixture.rows[0]]
    draft.extra = fixture.rows[1].tags(deployed: true)
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: malformed merit tag")
    draft.extra = fixture.rows[0].tags()
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: duplicate merit request \(fixture.r(1).short)")
  }

  @Test("a proof_id resolves to what is known here: live at once, from sync it waits")
  func reference() throws {
    let fixture = try Fixture()
    let request = Acme.request(Acme.m, 100)
    var draft = fixture.next()
    draft.rows = [Row(request.id, Acme.m, 100)]
    draft.proofs = [Acme.vote(Acme.c, request)]
    draft.extra = [["proof_id", request.id.hex, "wss://relay.example"]]
    #expect(try fixture.relay.live(draft.event) == "error: proof \(request.id.short) unknown here")
    #expect(try fixture.relay.sync(draft.event) == "error: proof \(request.id.short) unknown here, parked")
    #expect(try fixture.relay.settle(request) == Relay.accept)
    #expect(try fixture.relay.view(fixture.ignition)?.state.rows.count == 1)
  }

  @Test("satellites are taken when they name a known collective, and left to others when not")
  func satellites() throws {
    let fixture = try Fixture()
    let known = try fixture.relay.judge(line: requestLine(Acme.request(Acme.m, 100), receivedAt: Acme.t0 + 10))
    #expect(known.owner == .collectives && known.decision == .accept && known.isWritten)
    let unknown = try fixture.relay.judge(line: requestLine(Acme.request(Acme.m, 1, address: Acme.address("other")), receivedAt: Acme.t0 + 10))
    #expect(unknown.owner == nil && unknown.decision == .accept && !unknown.isWritten)
    #expect(try fixture.relay.live(Acme.receipt(10)) == Relay.accept)
    let strict = try Fixture(0) { $0.validateSatellites = true }
    expect(try strict.relay.live(Acme.request(Acme.m, 0)), refusedWith: "invalid: malformed satellite")
    #expect(try strict.relay.live(Acme.request(Acme.m, 1)) == Relay.accept)
    let approval = Acme.c.event(kind: 1411, createdAt: Acme.t0 + 5, tags: [["a", Acme.address()]])
    expect(try strict.relay.live(approval), refusedWith: "blocked: approval proofs are not published")
    #expect(try fixture.relay.live(approval) == Relay.accept)
  }
}
