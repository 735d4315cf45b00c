// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import Testing
import TestSupport

/// How many histories are judged, and in how many orders each; `scripts/collective-histories` asks for more.
enum HistoryScale {
  static let histories = Int(ProcessInfo.processInfo.environment["COMMONSGUARD_HISTORIES"] ?? "") ?? 50
  static let orders = Int(ProcessInfo.processInfo.environment["COMMONSGUARD_ORDERS"] ?? "") ?? 3
  /// The first seed.
  static let first = UInt64(ProcessInfo.processInfo.environment["COMMONSGUARD_SEED"] ?? "") ?? 1
  static let updates = 200
}

@Suite("Collectives: whole histories")
struct HistoryTests {
  static let seeds = (0..<UInt64(HistoryScale.histories)).map { HistoryScale.first + $0 }

  @Test("random histories agree with the reference model event by event, and end alike in any order that keeps what was read", arguments: seeds)
  func agree(_ seed: UInt64) throws {
    var history = History(seed: seed)
    let relay = try Self.relay()
    try expectAccept(relay.live(history.ignition))
    var accepted = [history.ignition]
    for number in 0..<HistoryScale.updates {
      let (event, refusal) = history.next()
      let answer = try relay.live(event)
      guard refusal.map({ answer.hasPrefix($0) }) ?? (answer == Relay.accept) else {
        Issue.record("seed \(seed), update \(number): \(answer), the model says \(refusal ?? "accept")")
        return
      }
      if refusal == nil { accepted.append(event) }
    }
    let digest = try relay.digest()
    var random = SplitMix64(seed: seed &* 31)
    for order in 0..<HistoryScale.orders {
      let other = try Self.relay()
      for event in Self.shuffled(accepted, &random) {
        let answer = try other.sync(event, sourceType: ["Sync", "Stream", "Import", "Stored"].randomElement(using: &random) ?? "Sync")
        #expect(answer == Relay.accept, "seed \(seed), order \(order), \(event.id.short)")
      }
      #expect(try other.digest() == digest, "seed \(seed), order \(order)")
    }
    if ProcessInfo.processInfo.environment["COMMONSGUARD_PROGRESS"] != nil { print("history \(seed) done") }
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

  /// A random order in which what an event points at comes before it.
  private static func shuffled(_ events: [Event], _ random: inout SplitMix64) -> [Event] {
    var waiting = events
    var placed: Set<String> = []
    var order: [Event] = []
    let all = Set(events.map(\.id.hex))
    while !waiting.isEmpty {
      let ready = waiting.indices.filter { index in
        waiting[index].tags.allSatisfy { tag in
          guard tag.name == "ignition" || tag.name == "previous" || tag.name == "boostpoint", let id = tag[1]?.string, all.contains(id) else { return true }
          return placed.contains(id)
        }
      }
      guard let index = ready.randomElement(using: &random) else { return order }
      let event = waiting.remove(at: index)
      placed.insert(event.id.hex)
      order.append(event)
    }
    return order
  }
}
