// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

@testable import Collectives

@Suite("Collectives: payment arithmetic")
struct ArithmeticTests {
  /// Holders with merits, and what they got.
  private func run(
    _ merits: [String: UInt64], paid start: [String: UInt64] = [:], _ payments: [UInt64], eligible: (String, Int) -> Bool = { _, _ in true }
  ) -> (payees: [String], paid: [String: UInt64]) {
    var paid = start
    var payees: [String] = []
    for (number, amount) in payments.enumerated() {
      let shares = merits.map { RoundRobin.Share(key: $0.key, merits: $0.value, paid: paid[$0.key] ?? 0) }
      guard let payee = RoundRobin.next(among: shares, amount: amount, isEligible: { eligible($0, number) }) else { continue }
      payees.append(payee)
      paid[payee, default: 0] += amount
    }
    return (payees, paid)
  }

  @Test("ST-113 rr-vector-1")
  func vector1() {
    let result = run(["aa": 600, "bb": 300, "cc": 100], Array(repeating: 1000, count: 10))
    #expect(result.payees.joined(separator: " ") == "aa bb aa aa bb aa cc aa bb aa")
    #expect(result.paid == ["aa": 6000, "bb": 3000, "cc": 1000])
  }

  @Test("the other vectors of round robin")
  func vectors() {
    #expect(run(["aa": 1, "bb": 1, "cc": 1], Array(repeating: 500, count: 6)).payees == ["aa", "bb", "cc", "aa", "bb", "cc"])
    let result = run(["aa": 50, "bb": 30, "cc": 20], paid: ["aa": 5000, "cc": 2000], [1000, 1000, 3000, 500, 500, 10000])
    #expect(result.payees == ["bb", "bb", "bb", "aa", "aa", "aa"])
  }

  @Test("ST-114 rr-ineligible: who cannot be paid catches up once they can")
  func ineligible() {
    let result = run(["aa": 600, "bb": 300, "cc": 100], Array(repeating: 1000, count: 8)) { $0 != "aa" || $1 >= 2 }
    #expect(result.payees.prefix(3) == ["bb", "cc", "aa"])
    #expect(result.payees.dropFirst(2).prefix(3).allSatisfy { $0 == "aa" })
  }

  @Test("ST-115 rr-no-merits: the creator is paid")
  func noMerits() throws {
    let fixture = try Fixture()
    let payee = try fixture.relay.view(fixture.ignition)?.nextPayee(sats: 1000, eligible: [])
    #expect(payee?.pubkey == Acme.c.pubkey && payee?.request == nil)
    let merits = try Fixture(3)
    #expect(try merits.relay.view(merits.ignition)?.nextPayee(sats: 1000, eligible: [])?.pubkey == Acme.c.pubkey)
    let paid = try merits.relay.view(merits.ignition)?.nextPayee(sats: 1000, eligible: [Acme.m.pubkey])
    #expect(paid?.pubkey == Acme.m.pubkey && paid?.request == merits.r(1))
  }

  static let splits: [(UInt64, [UInt64], [UInt64])] = [
    (100, [1, 1, 1], [34, 33, 33]), (1000, [600, 300, 100], [600, 300, 100]), (7, [600, 300, 100], [4, 2, 1]), (1, [1, 1], [1, 0]),
    (10, [3, 3, 1], [4, 4, 2]), (5, [7, 5, 3, 1], [2, 2, 1, 0]),
  ]

  @Test("ST-116 lrm-vectors", arguments: splits)
  func split(_ amount: UInt64, _ weights: [UInt64], _ shares: [UInt64]) {
    #expect(LargestRemainder.split(amount, by: weights.enumerated().map { ($0, $1) }) == shares)
  }

  @Test("ST-117 lrm-property: 10,000 splits are exact, fair and independent of the order")
  func splitProperty() {
    var random = SplitMix64(seed: 117)
    for round in 0..<10_000 {
      let count = Int.random(in: 1...12, using: &random)
      let limit = UInt64(1) << UInt64.random(in: 1...49, using: &random)
      let weights = (0..<count).map { ($0, UInt64.random(in: 0...limit, using: &random)) }
      let amount = UInt64.random(in: 0...MeritRow.maxSats, using: &random) >> UInt64.random(in: 0...50, using: &random)
      let whole = weights.reduce(UInt128(0)) { $0 + UInt128($1.1) }
      let shares = LargestRemainder.split(amount, by: weights)
      #expect(shares.reduce(0, +) == (whole == 0 ? 0 : amount), "seed 117, round \(round)")
      guard whole > 0 else { continue }
      for (share, weight) in zip(shares, weights) {
        let (exact, rest) = (UInt128(amount) * UInt128(weight.1)).quotientAndRemainder(dividingBy: whole)
        let isFair = UInt128(share) == exact || UInt128(share) == exact + 1 && rest > 0
        #expect(isFair, "seed 117, round \(round)")
      }
      let shuffled = weights.shuffled(using: &random)
      let again = LargestRemainder.split(amount, by: shuffled)
      let same = zip(shuffled, again).allSatisfy { shares[$0.0] == $1 }
      #expect(same, "seed 117, round \(round)")
    }
  }

  @Test("the value at a rank is the one that sorting finds, also among many equal ones and in order")
  func ranks() {
    var random = SplitMix64(seed: 23)
    for _ in 0..<200 {
      let count = Int.random(in: 1...60, using: &random)
      let highest = UInt64.random(in: 0...100, using: &random)
      let values = (0..<count).map { _ in UInt64.random(in: 0...highest, using: &random) }
      for list in [values, values.sorted(), values.sorted(by: >)] {
        let ranked = values.indices.map { LargestRemainder.ranked(list, $0) }
        #expect(ranked == values.sorted(by: >))
      }
    }
  }

  @Test("amounts and weights at their limits do not trap")
  func splitLimits() {
    #expect(LargestRemainder.split(.max, by: [("a", 1)]) == [.max])
    #expect(LargestRemainder.split(.max, by: [("a", .max)]) == [.max])
    #expect(LargestRemainder.split(.max, by: [("a", .max), ("b", .max)]) == [0, 0])
    #expect(LargestRemainder.split(5, by: [(key: String, weight: UInt64)]()) == [])
  }

  @Test("round robin: in 10,000 payments nobody is ever further from their share than the largest payment")
  func roundRobinProperty() {
    var random = SplitMix64(seed: 114)
    for table in 0..<100 {
      let count = Int.random(in: 1...12, using: &random)
      let merits = (0..<count).map { _ in UInt64.random(in: 1...10_000, using: &random) }
      var paid = [UInt64](repeating: 0, count: count)
      var largest: UInt64 = 0
      for _ in 0..<100 {
        let amount = UInt64.random(in: 1...1_000_000, using: &random)
        largest = max(largest, amount)
        let shares = merits.indices.map { RoundRobin.Share(key: $0, merits: merits[$0], paid: paid[$0]) }
        guard let payee = RoundRobin.next(among: shares.shuffled(using: &random), amount: amount) else { continue }
        #expect(payee == RoundRobin.next(among: shares, amount: amount), "seed 114, table \(table)")
        paid[payee] += amount
        let total = Int128(paid.reduce(0, +))
        let whole = Int128(merits.reduce(0, +))
        for holder in merits.indices {
          let distance = Int128(paid[holder]) * whole - Int128(merits[holder]) * total
          #expect(distance.magnitude < UInt128(largest) * UInt128(whole), "seed 114, table \(table)")
        }
      }
    }
  }

  @Test("votepower thresholds: 10,000 fractions agree with division by hand")
  func fractions() {
    var random = SplitMix64(seed: 2)
    for _ in 0..<10_000 {
      let (numerator, denominator) = (UInt32.random(in: 0...1000, using: &random), UInt32.random(in: 1...1000, using: &random))
      let fraction = Fraction("\(numerator)/\(denominator)")
      #expect(fraction == Fraction(numerator, denominator))
    }
    for text in ["", "1", "1/0", "/2", "1/", "-1/2", "1/2/3", "01/2", "1 /2", "1/10000000"] { #expect(Fraction(text) == nil) }
  }
}

@Suite("Collectives: bolt11 amounts")
struct Bolt11Tests {
  /// The corpus's vectors, and more.
  static let vectors: [(String, UInt64?)] = [
    ("lnbc2500u1", 250_000_000), ("lnbc20m1", 2_000_000_000), ("lnbc25m1", 2_500_000_000), ("lnbc9678785340p1", 967_878_534),
    ("lnbc10n1", 1000), ("lnbc1500n1", 150_000), ("lnbc11", 100_000_000_000), ("LNBC10N1QQQ", 1000), ("lnbc2500000001p1", nil),
    ("lnbc2500x1", nil), ("lnbc01m1", nil), ("lntb20m1", nil), ("lnbc", nil), ("", nil), ("lnbc10n1qQ", nil),
    ("lnbc10n1 qq", nil), ("lnbc0n1", nil), ("lnbc99999999999999999991", nil), ("lnbc9999999999999999991", nil), ("lnbc10nn1", nil), ("lnbcm1", nil),
  ]

  @Test("the human-readable part tells the amount", arguments: vectors)
  func amount(_ invoice: String, _ expected: UInt64?) {
    #expect(Bolt11(Text(invoice)) == expected.map(Bolt11.millisatoshi))
  }

  @Test("an invoice may leave the amount open")
  func open() { #expect(Bolt11(Text("lnbc1")) == .anyAmount) }

  @Test("every vector of the corpus", .enabled(if: Corpus.isPresent, "no corpus"))
  func corpus() throws {
    let lines = try Corpus.lines(of: "bolt11.csv").dropFirst()
    try #require(lines.count >= 10)
    for line in lines {
      let fields = String(decoding: line, as: UTF8.self).split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      let expected: Bolt11? = fields[1] == "invalid" ? nil : fields[1].isEmpty ? .anyAmount : UInt64(fields[1]).map(Bolt11.millisatoshi)
      #expect(Bolt11(Text(fields[0])) == expected, "\(fields[0])")
    }
  }
}
