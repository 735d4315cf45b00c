// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Nostr
import TestSupport
import Testing

@Suite("Collectives: ignitions and the shape of updates")
struct IgnitionScenarios {
  /// What an ignition without anything is.
  private func bare(_ change: (inout Draft) -> Void = { _ in }) -> Event {
    var draft = Draft()
    draft.lud16 = nil
    change(&draft)
    return draft.event
  }

  @Test("ST-01 ignition-minimal: a name is enough, and the collective's id is the event's")
  func minimal() throws {
    let relay = try Relay()
    let event = bare()
    #expect(try relay.live(event) == Relay.accept)
    let view = try #require(try relay.view(event))
    #expect(view.ignition.id == event.id && view.head.id == event.id && view.ignition.creator == Acme.c.pubkey)
    #expect(view.ignition.name.string == "acme")
    let label = try relay.followUps(.decisionLabel)
    #expect(label.count == 1 && label[0].kind == 1985 && label[0].trigger == event.id)
  }

  @Test("ST-02 ignition-this-alias: the deployed dialect begins with `this`")
  func alias() throws {
    let event = bare {
      $0.ignition = "this"
      $0.extra = [["parent", "this"], ["ruleset", "334000"]]
    }
    #expect(try Relay().live(event) == Relay.accept)
  }

  @Test("ST-03, ST-04: the name must be there once")
  func nameCount() throws {
    expect(try Relay().live(bare { $0.name = nil }), refusedWith: "invalid: d tag must appear once")
    expect(try Relay().live(bare { $0.extra = [["d", "acme2"]] }), refusedWith: "invalid: d tag must appear once")
  }

  @Test(
    "ST-05 d-with-colon: a name that cannot stand in an address is refused",
    arguments: ["a:b", "", String(repeating: "x", count: 65), "a\tb", "a\u{85}b"])
  func nameShape(_ name: String) throws {
    expect(try Relay().live(bare { $0.name = name }), refusedWith: "invalid: d tag malformed")
  }

  @Test("a name may have 64 bytes, and no more than dRegex allows")
  func namePattern() throws {
    #expect(try Relay().live(bare { $0.name = String(repeating: "x", count: 64) }) == Relay.accept)
    let strict = try Relay { $0.dRegex = NamePattern(#"^\w{4,20}$"#) }
    #expect(try strict.live(bare()) == Relay.accept)
    expect(try strict.live(bare { $0.name = "abc" }), refusedWith: "invalid: d tag malformed")
  }

  @Test("ST-06 ignition-mints: merits do not come from nothing")
  func mints() throws {
    let event = bare { $0.rows = [Row(Acme.request(Acme.c, 1000).id, Acme.c, 1000)] }
    expect(try Relay().live(event), refusedWith: "invalid: ignition may not mint merits")
  }

  @Test("an ignition may mint what its creator's vote approved")
  func mintsProven() throws {
    let request = Acme.request(Acme.m, 50, at: Acme.t0)
    let proven = bare {
      $0.rows = [Row(request.id, Acme.m, 50)]
      $0.proofs = [request, Acme.vote(Acme.c, request, at: Acme.t0)]
    }
    let relay = try Relay()
    #expect(try relay.live(proven) == Relay.accept)
    #expect(try relay.view(proven)?.state.rows.count == 1)
  }

  @Test("ST-07 ignition-genesis: the one merit of the creator")
  func genesis() throws {
    let zero = try #require(EventID(hex: String(repeating: "0", count: 64)))
    let event = bare { $0.rows = [Row(zero, Acme.c, 1, leadtime: 1)] }
    let relay = try Relay()
    #expect(try relay.live(event) == Relay.accept)
    let view = try #require(try relay.view(event))
    #expect(view.votepower[Acme.c.pubkey] == 1 && view.votepower.total == 1)
    expect(try Relay { $0.genesisMerit = false }.live(event), refusedWith: "invalid: ignition may not mint merits")
    expect(try Relay().live(bare { $0.rows = [Row(zero, Acme.c, 2, leadtime: 1)] }), refusedWith: "invalid: ignition may not mint merits")
    expect(try Relay().live(bare { $0.rows = [Row(zero, Acme.m, 1, leadtime: 1)] }), refusedWith: "invalid: ignition may not mint merits")
    // Locked twice, it would count twice.
    expect(try Relay().live(bare { $0.rows = [Row(zero, Acme.c, 1, leadtime: 2)] }), refusedWith: "invalid: ignition may not mint merits")
  }

  @Test("an ignition may carry no payments")
  func pays() throws {
    let zero = try #require(EventID(hex: String(repeating: "0", count: 64)))
    let event = bare { $0.rows = [Row(zero, Acme.c, 1, leadtime: 1, sats: (1, 0))] }
    expect(try Relay().live(event), refusedWith: "invalid: ignition may not carry payments")
  }

  @Test("ST-09 pointers-without-ignition: a pointer alone is no ignition")
  func pointers() throws {
    let id = bare().id.hex
    expect(try Relay().live(bare { $0.previous = id }), refusedWith: "invalid: pointers without ignition")
    expect(try Relay().live(bare { $0.boostpoint = id }), refusedWith: "invalid: pointers without ignition")
  }

  @Test("ST-10 re-ignition: a slot is bound for ever")
  func again() throws {
    let fixture = try Fixture()
    expect(try fixture.relay.live(bare { $0.at += 100 }), refusedWith: "invalid: replacement needs the ignition id")
  }

  @Test("ST-11 second-sec-other-d: another name is another collective, up to a limit")
  func second() throws {
    let fixture = try Fixture(0) { $0.maxSecsPerPubkey = 2 }
    #expect(try fixture.relay.live(bare { $0.name = "beta" }) == Relay.accept)
    expect(try fixture.relay.live(bare { $0.name = "gamma" }), refusedWith: "blocked: too many SECs")
  }

  @Test(
    "a pointer must appear once, and be an id",
    arguments: [
      ([["ignition", "this"], ["ignition", "this"]], "invalid: duplicate ignition tag"),
      ([["previous", "this"], ["parent", "this"]], "invalid: duplicate parent tag"),
      ([["shadow", String(repeating: "a", count: 64)], ["boostpoint", String(repeating: "a", count: 64)]], "invalid: duplicate boostpoint tag"),
      ([["ignition", "here"]], "invalid: malformed ignition tag"), ([["previous"]], "invalid: malformed previous tag"),
      ([["boostpoint", "this"]], "invalid: malformed boostpoint tag"),
      ([["previous", String(repeating: "A", count: 64)]], "invalid: malformed previous tag"),
    ])
  func pointerShape(_ tags: [[String]], _ words: String) throws {
    expect(try Relay().live(bare { $0.extra = tags }), refusedWith: words)
  }

  @Test("ST-107 expiration: the state of a collective must not expire")
  func expiration() throws {
    expect(try Relay().live(bare { $0.extra = [["expiration", "1800000000"]] }), refusedWith: "invalid: SEC state must not expire")
  }

  @Test(
    "ST-101, ST-106: a malformed bitcoin tag is refused",
    arguments: ["848501", "848501:" + String(repeating: "f", count: 64), "0848501:" + String(repeating: "0", count: 64), "x"])
  func blockShape(_ value: String) throws {
    expect(try Relay().live(bare { $0.bitcoin = value }), refusedWith: "invalid: malformed bitcoin tag")
  }

  @Test("two bitcoin tags are one too many")
  func twoBlocks() throws {
    let event = bare {
      $0.bitcoin = Acme.block(848_500)
      $0.extra = [["bitcoin", ""]]
    }
    expect(try Relay().live(event), refusedWith: "invalid: malformed bitcoin tag")
  }

  @Test("ST-102 bitcoin-empty: an empty tag is no tag")
  func blockEmpty() throws {
    let relay = try Relay()
    let event = bare { $0.bitcoin = "" }
    #expect(try relay.live(event) == Relay.accept)
    #expect(try relay.view(event)?.head.block == nil)
  }

  @Test("ST-105 bitcoin-absurd: a height that no clock allows is refused")
  func blockAbsurd() throws {
    expect(try Relay().live(bare { $0.bitcoin = Acme.block(2_000_000) }), refusedWith: "invalid: implausible block height")
    // At t0 the clock allows 840000 + (1718800000 − 1713571767) × 1.05 / 600 + 2016 = 851165.
    #expect(try Relay().live(bare { $0.bitcoin = Acme.block(851_165) }) == Relay.accept)
    expect(try Relay().live(bare { $0.bitcoin = Acme.block(851_166) }), refusedWith: "invalid: implausible block height")
  }

  @Test(
    "malformed merit, sats, product, lud16 and payments tags are refused",
    arguments: [
      ([["merit", "owner:x", "req:y", "lt:0", "amt:1"]], "invalid: malformed merit tag"),
      ([["merit", "a", "b"]], "invalid: malformed merit tag"), ([["sats", "a", "b"]], "invalid: malformed sats tag"),
      ([["sats", String(repeating: "a", count: 64), "1", "01"]], "invalid: malformed sats tag"),
      ([["product", String(repeating: "a", count: 64) + ":1"]], "invalid: malformed product tag"),
      ([["product", String(repeating: "a", count: 64) + ":1:0:x"]], "invalid: malformed product tag"),
      ([["product", String(repeating: "a", count: 64) + ":1:0:0", "", "{}"]], "invalid: malformed product tag"),
      ([["lud16", "nowhere", String(repeating: "a", count: 64)]], "invalid: malformed lud16 tag"),
      ([["lud16", "a@b"]], "invalid: malformed lud16 tag"), ([["zap", "a@b", "x"]], "invalid: malformed lud16 tag"),
      ([["payments", "gold"]], "invalid: malformed payments tag"),
    ])
  func otherShapes(_ tags: [[String]], _ words: String) throws {
    expect(try Relay().live(bare { $0.extra = tags }), refusedWith: words)
  }

  @Test("soft tags, and those that only look like ours, pass")
  func softTags() throws {
    let event = bare {
      $0.extra = [
        ["zap", Acme.b.hex, "wss://relay", "1"], ["product", "soft"], ["mission", "to build"], ["payments", "cashu"],
        ["product", String(repeating: "a", count: 64) + ":undefined:NaN:", "wss://relay", "[]"],
      ]
    }
    #expect(try Relay().live(event) == Relay.accept)
  }
}
