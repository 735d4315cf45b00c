// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
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
      let step = history.next()
      let (event, refusal) = (step.event, step.refusal)
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
      let step = history.next()
      if step.refusal == nil { accepted.append(step.event) }
      _ = try relay.live(step.event)
    }
    var random = SplitMix64(seed: seed)
    // Not more than what one pubkey may park, and all at once: what waits for longer than a week is dropped.
    for event in accepted.shuffled(using: &random) { try other.settle(event, at: 1_900_000_000) }
    #expect(try other.parkedCount() == 0, "seed \(seed)")
    #expect(try other.digest() == relay.digest(), "seed \(seed)")
  }

  static let forkedSeeds = (0..<UInt64(max(1, HistoryScale.histories / 5))).map { HistoryScale.first + $0 }

  @Test(
    "authors who contradict themselves: each branch is judged as the model says, and any order, with what comes too early waiting, ends alike",
    arguments: forkedSeeds)
  func forked(_ seed: UInt64) throws {
    HistoryScale.report("forked history \(seed) begins")
    var history = History(seed: seed, isForked: true)
    let relay = try Self.relay()
    try expectAccept(relay.live(history.ignition))
    var accepted = [history.ignition]
    for number in 0..<Self.forkedUpdates {
      let step = history.next()
      let answer = try step.isLive ? relay.live(step.event) : relay.sync(step.event)
      guard step.refusal.map({ answer.hasPrefix($0) }) ?? (answer == Relay.accept) else {
        Issue.record("seed \(seed), update \(number), live \(step.isLive): \(answer), the model says \(step.refusal ?? "accept")")
        return
      }
      if step.refusal == nil, !accepted.contains(where: { $0.id == step.event.id }) { accepted.append(step.event) }
    }
    #expect(history.forks >= 3, "seed \(seed) contradicts itself \(history.forks) times")
    try Self.compare(relay, history, seed)
    let digest = try relay.digest()
    var random = SplitMix64(seed: seed &* 31)
    let pointers = Pointers(accepted)
    let prepared = try accepted.map { try relay.prepare($0) }
    for order in 0..<Self.forkedOrders {
      let other = try Self.relay()
      if order < 4 {
        // Newest first, as relays send them, or in no order at all.
        let events = order == 0 ? accepted.sorted { $0.createdAt > $1.createdAt } : accepted.shuffled(using: &random)
        for event in events { try other.settle(event, at: 1_900_000_000) }
        #expect(try other.parkedCount() == 0, "seed \(seed), order \(order)")
        try Self.compare(other, history, seed)
      } else {
        let indices = pointers.order(&random)
        let answers = try other.decide(indices.map { (prepared[$0], accepted[$0].createdAt) }, from: .sync)
        for (index, answer) in zip(indices, answers) { Self.check(answer, seed, order, accepted[index]) }
      }
      #expect(try other.digest() == digest, "seed \(seed), order \(order)")
    }
    HistoryScale.report("forked history \(seed) done")
  }

  private static let forkedUpdates = 140
  private static let forkedOrders = 20

  /// The heads of all chains, and what they made.
  private static func compare(_ relay: Relay, _ history: History, _ seed: UInt64) throws {
    for (ignition, model) in zip(history.ignitions, history.models) {
      for author in Set(model.entries.map(\.update.author)) {
        let key = try #require(PublicKey(hex: author))
        let view = try #require(try relay.store.read { try CollectiveView.read(ignition.id, of: key, reading: $0) })
        let head = try #require(model.head(author))
        #expect(view.head.id.hex == head.update.id, "seed \(seed)")
        var rows: [String: ReferenceModel.Merit] = [:]
        for row in view.state.rows {
          rows[row.request.hex] = ReferenceModel.Merit(
            owner: row.owner.hex, amount: Int(row.amount), leadtime: Int(row.leadtime), height: Int(row.leadtimeHeight),
            outstanding: Int(row.outstanding), paid: Int(row.paid))
        }
        #expect(rows == head.merits, "seed \(seed)")
        #expect(view.isEquivocated || !history.isEquivocated(author, in: model), "seed \(seed)")
      }
    }
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
