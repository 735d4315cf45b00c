// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import Policy
import TestSupport
import Testing

/// How many histories are judged, and in how many orders each; `scripts/collective-histories` asks for more.
enum HistoryScale {
  static let histories = Int(ProcessInfo.processInfo.environment["COMMONSGUARD_HISTORIES"] ?? "") ?? 50
  static let orders = Int(ProcessInfo.processInfo.environment["COMMONSGUARD_ORDERS"] ?? "") ?? 3
  /// The first seed.
  static let first = UInt64(ProcessInfo.processInfo.environment["COMMONSGUARD_SEED"] ?? "") ?? 1
  static let updates = 200
  private static let isReported = ProcessInfo.processInfo.environment["COMMONSGUARD_PROGRESS"] != nil

  /// Unbuffered, so that a process that dies has said what it was at.
  static func report(_ line: String) {
    if isReported { FileHandle.standardError.write(Data("\(line)\n".utf8)) }
  }
}

@Suite("Collectives: whole histories")
struct HistoryTests {
  static let seeds = (0..<UInt64(HistoryScale.histories)).map { HistoryScale.first + $0 }

  @Test("random histories agree with the reference model event by event, and end alike in any order that keeps what was read", arguments: seeds)
  func agree(_ seed: UInt64) throws {
    HistoryScale.report("history \(seed) begins")
    var history = History(seed: seed)
    let relay = try Self.relay()
    try expectAccept(relay.live(history.ignition))
    var accepted = [history.ignition]
    var clock = SplitMix64(seed: seed &* 17)
    for number in 0..<HistoryScale.updates {
      let (event, refusal) = history.next()
      if refusal == nil, Int.random(in: 0..<16, using: &clock) == 0 {
        let early = event.createdAt - 901 - UInt64.random(in: 0...100_000, using: &clock)
        #expect(try relay.live(event, at: early) == "invalid: created_at is in the future", "seed \(seed), update \(number)")
      }
      let answer = try relay.live(event, at: Self.receivedAt(event, &clock))
      guard refusal.map({ answer.hasPrefix($0) }) ?? (answer == Relay.accept) else {
        Issue.record("seed \(seed), update \(number): \(answer), the model says \(refusal ?? "accept")")
        return
      }
      if refusal == nil { accepted.append(event) }
    }
    let digest = try relay.digest()
    var random = SplitMix64(seed: seed &* 31)
    let pointers = Pointers(accepted)
    let prepared = try accepted.map { try relay.prepare($0) }
    for order in 0..<HistoryScale.orders {
      let other = try Self.relay()
      let indices = pointers.order(&random)
      #expect(indices.count == accepted.count)
      if order == 0 {
        // The whole path once; the others need no second verification, and no commit for each event.
        for index in indices {
          let receivedAt = Self.receivedAt(accepted[index], &random)
          try Self.check(other.sync(accepted[index], sourceType: Self.source(&random), at: receivedAt), seed, order, accepted[index])
        }
      } else {
        let answers = try other.decide(
          indices.map { (prepared[$0], Self.receivedAt(accepted[$0], &random)) }, from: Self.sync.randomElement(using: &random) ?? .sync)
        for (index, answer) in zip(indices, answers) { Self.check(answer, seed, order, accepted[index]) }
      }
      #expect(try other.digest() == digest, "seed \(seed), order \(order)")
    }
    HistoryScale.report("history \(seed) done")
  }

  /// Mostly when it was made, or soon after; also up to a year late, and from a clock that is up to 15 minutes ahead of ours.
  private static func receivedAt(_ event: Event, _ random: inout SplitMix64) -> UInt64 {
    switch Int.random(in: 0..<8, using: &random) {
    case 0: event.createdAt - UInt64.random(in: 0...900, using: &random)
    case 1: event.createdAt + UInt64.random(in: 0...365 * 86_400, using: &random)
    default: event.createdAt + UInt64.random(in: 0...60, using: &random)
    }
  }

  private static let sync: [SourceType] = [.sync, .stream, .import, .stored]

  private static func source(_ random: inout SplitMix64) -> String {
    ["Sync", "Stream", "Import", "Stored"].randomElement(using: &random) ?? "Sync"
  }

  private static func check(_ answer: String, _ seed: UInt64, _ order: Int, _ event: Event) {
    // A macro for each of a million events would cost more than their judgement.
    if answer != Relay.accept { Issue.record("seed \(seed), order \(order), \(event.id.short): \(answer)") }
  }

  @Test("out of order altogether, what arrives early waits, and all is judged in the end", arguments: seeds.prefix(10))
  func parked(_ seed: UInt64) throws {
    var history = History(seed: seed)
    let (relay, other) = (try Self.relay(), try Self.relay())
    try expectAccept(relay.live(history.ignition))
    var accepted = [history.ignition]
    for _ in 0..<100 {
      let (event, refusal) = history.next()
      if refusal == nil { accepted.append(event) }
      _ = try relay.live(event)
    }
    var random = SplitMix64(seed: seed)
    // Not more than what one pubkey may park, and all at once: what waits for longer than a week is dropped.
    for event in accepted.shuffled(using: &random) { try other.settle(event, at: 1_900_000_000) }
    #expect(try other.parkedCount() == 0, "seed \(seed)")
    #expect(try other.digest() == relay.digest(), "seed \(seed)")
  }

  private static func relay() throws -> Relay { try Relay { $0.trustedZappers = [Acme.zm.pubkey] } }
}

/// Which events of a history point at which others.
private struct Pointers {
  /// For each event, those that point at it; and how many it points at itself.
  private var followers: [[Int]]
  private var missing: [Int]

  init(_ events: [Event]) {
    let numbers = Dictionary(uniqueKeysWithValues: events.enumerated().map { ($1.id, $0) })
    followers = events.map { _ in [] }
    missing = events.map { _ in 0 }
    for (number, event) in events.enumerated() {
      for tag in event.tags where tag.name == "ignition" || tag.name == "previous" || tag.name == "boostpoint" {
        guard let target = tag[1].flatMap({ EventID(hex: $0) }).flatMap({ numbers[$0] }) else { continue }
        followers[target].append(number)
        missing[number] += 1
      }
    }
  }

  /// A random order in which what an event points at comes before it.
  func order(_ random: inout SplitMix64) -> [Int] {
    var missing = missing
    var ready = missing.indices.filter { missing[$0] == 0 }
    var order: [Int] = []
    while !ready.isEmpty {
      ready.swapAt(Int.random(in: ready.indices, using: &random), ready.count - 1)
      let number = ready.removeLast()
      order.append(number)
      for follower in followers[number] {
        missing[follower] -= 1
        if missing[follower] == 0 { ready.append(follower) }
      }
    }
    return order
  }
}
