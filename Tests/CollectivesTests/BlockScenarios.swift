// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import TestSupport
import Testing

@testable import Collectives

/// S5 and R7: heights are those of a time, and go on no faster than blocks come.
@Suite("Collectives: block heights have a floor and a pace")
struct BlockScenarios {
  private static let words = "invalid: implausible block height"

  private func stamp(_ height: Int) throws -> BlockStamp { try #require(BlockStamp(text: Text(Acme.block(height)))) }

  private func expectBounds(_ low: Int, _ high: Int, at time: UInt64, sourceLocation: SourceLocation = #_sourceLocation) throws {
    for (height, isPlausible) in [(low - 1, false), (low, true), (high, true), (high + 1, false)] where height > 0 {
      #expect(try stamp(height).isPlausible(at: time) == isPlausible, "\(height) at \(time)", sourceLocation: sourceLocation)
    }
  }

  @Test("ST-105b bitcoin-too-low: a height that is long past is refused, the lowest that the clock allows is not")
  func floor() throws {
    func ignition(_ height: Int) -> Event {
      var draft = Draft()
      draft.bitcoin = Acme.block(height)
      return draft.event
    }
    expect(try Relay().live(ignition(1)), refusedWith: Self.words)
    // At t0: 840000 + (1718800000 − 1713571767) × 0.95 / 600 − 2016 = 846262.03….
    for (height, answer) in [(846_262, Self.words), (846_263, Relay.accept), (851_165, Relay.accept), (851_166, Self.words)] {
      #expect(try Relay().live(ignition(height)) == answer, "\(height)")
      #expect(try Relay().sync(ignition(height)) == answer, "\(height)")
    }
  }

  @Test("before the fourth halving the bounds are wider, and at it they are those of its height")
  func halving() throws {
    // 482,565,261 seconds after the first block: × 0.60 / 600 − 2016 = 480549.26…, × 1.10 / 600 + 2016 = 886718.97….
    try expectBounds(480_550, 886_718, at: 1_713_571_766)
    try expectBounds(837_984, 842_016, at: 1_713_571_767)
    // Ten blocks later, to the second: 9.5 and 10.5 of them.
    try expectBounds(837_994, 842_026, at: 1_713_571_767 + 6000)
    // With the first block.
    try expectBounds(1, 2016, at: 1_231_006_505)
  }

  @Test("no time and no height traps, and before the first block there is none")
  func limits() throws {
    for height in [1, 840_000, 999_999_999] {
      #expect(try !stamp(height).isPlausible(at: 0))
      #expect(try !stamp(height).isPlausible(at: .max))
      #expect(try !stamp(height).isPaced(after: 0, since: .max, at: 0))
      #expect(try stamp(height).isPaced(after: 999_999_999, since: 0, at: .max))
    }
  }

  @Test("ST-105c bitcoin-pace: two weeks' blocks take two weeks, but for a quarter and 288", arguments: ["IP4", "Sync"])
  func pace(_ source: String) throws {
    func answer(_ height: Int, after seconds: UInt64) throws -> String {
      let fixture = try Fixture.f4()
      var draft = fixture.next()
      draft.at = fixture.head.createdAt + seconds
      draft.bitcoin = Acme.block(height)
      return try fixture.relay.sync(draft.event, sourceType: source)
    }
    #expect(try answer(850_616, after: 3600) == Self.words)
    #expect(try answer(850_616, after: 14 * 86_400) == Relay.accept)
    // 3600 / 600 × 1.25 + 288 = 295.5.
    #expect(try answer(848_895, after: 3600) == Relay.accept)
    #expect(try answer(848_896, after: 3600) == Self.words)
    // 96 / 600 × 1.25 = 0.2: whole blocks count.
    #expect(try answer(848_888, after: 479) == Relay.accept)
    #expect(try answer(848_889, after: 479) == Self.words)
    #expect(try answer(848_889, after: 480) == Relay.accept)
  }

  @Test("the pace counts from the update that reached the height: updates without the tag, and with the same block, do not put it off")
  func since() throws {
    for names in [nil, Acme.block(848_600)] {
      let fixture = try Fixture.f4()
      let began = fixture.head.createdAt
      var draft = fixture.next()
      draft.bitcoin = names
      draft.at = began + 86_400
      try fixture.publish(draft)
      // 90,000 / 600 × 1.25 + 288 = 475.5.
      draft = fixture.next()
      draft.at = began + 90_000
      draft.bitcoin = Acme.block(848_600 + 476)
      expect(try fixture.relay.live(draft.event), refusedWith: Self.words)
      draft.bitcoin = Acme.block(848_600 + 475)
      #expect(try fixture.relay.live(draft.event) == Relay.accept)
    }
  }

  @Test("a chain of invented heights gains no leadtime: 288 at a time, and never more than the clock allows")
  func invented() throws {
    let fixture = try Fixture(1)
    var height = 848_500
    var refused = 0
    for _ in 0..<20 {
      var draft = fixture.next()
      draft.at = fixture.head.createdAt + 1
      draft.bitcoin = Acme.block(height + 288)
      if try fixture.relay.live(draft.event) == Self.words {
        refused += 1
      } else {
        try fixture.publish(draft)
        height += 288
      }
    }
    // Less than 2016 and the slack of the clock away from the truth.
    #expect(height == 848_500 + 9 * 288 && refused == 11)
  }

  @Test("a member's pace counts from the highest of their chain and their boostpoint")
  func boosted() throws {
    let fixture = try Fixture.f5()
    let first = try #require(fixture.b1)
    // The member's chain stands at the creator's 848,600, which was reached before the member began.
    var member = fixture.memberNext()
    member.at = first.createdAt + 10_000
    let allowed = Int(member.at - fixture.head.createdAt) * 125 / 60_000 + 288
    member.bitcoin = Acme.block(848_600 + allowed + 1)
    expect(try fixture.relay.live(member.event), refusedWith: Self.words)
    member.bitcoin = Acme.block(848_600 + allowed)
    #expect(try fixture.relay.live(member.event) == Relay.accept)
    // A re-boost to a creator who is further on: from there.
    let other = try Fixture.f5()
    var creator = other.next()
    creator.at = other.head.createdAt + 600_000
    creator.bitcoin = Acme.block(848_600 + 1000)
    try other.publish(creator)
    var again = other.memberNext()
    again.boostpoint = other.head.id.hex
    again.at = creator.at + 4800
    again.bitcoin = Acme.block(848_600 + 1000 + 299)
    expect(try other.relay.live(again.event), refusedWith: Self.words)
    again.bitcoin = Acme.block(848_600 + 1000 + 298)
    #expect(try other.relay.live(again.event) == Relay.accept)
  }

  @Test("records of earlier versions do not say since when: it is found in the chain, and the answers are the same")
  func earlierRecords() throws {
    for (height, answer) in [(475, Relay.accept), (476, Self.words)] {
      let fixture = try Fixture.f5()
      let began = fixture.head.createdAt
      var draft = fixture.next()
      draft.at = began + 86_400
      try fixture.publish(draft)
      let digest = try fixture.relay.digest()
      try fixture.relay.forgetLayout()
      #expect(try fixture.relay.digest() == digest)
      var next = fixture.next()
      next.at = began + 90_000
      next.bitcoin = Acme.block(848_600 + height)
      #expect(try fixture.relay.live(next.event) == answer)
      // The member's chain took the height over from the creator's.
      var member = fixture.memberNext()
      member.at = began + 90_000
      member.bitcoin = next.bitcoin
      #expect(try fixture.relay.live(member.event) == answer)
    }
  }
}
