// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Foundation
import Judgement
import Nostr
import Policy
import StateStore
import TestSupport

/// What deciding an update of a collective costs besides its commit: with 50 rows and with as many as fit into 64 KiB without a proof, with
/// 64 proofs, and with as many receipts as fit.
enum CollectiveBench: Subcommand {
  static let name = "collective-bench"
  static let summary = "what updates of collectives cost, besides their commits"
  static let help = "usage: laboratory collective-bench [ROUNDS]\n\nPrints medians in microseconds over ROUNDS (50) runs of each case."

  static func run(_ arguments: [String]) throws -> Bool {
    let rounds = arguments.first.flatMap(Int.init) ?? 50
    for line in [
      try measure("50 rows, no proof", rows: 50, proofs: .none, rounds: rounds),
      try measure("270 rows, no proof", rows: 270, proofs: .none, rounds: rounds),
      try measure("100 rows, 64 proofs of 500 bytes", rows: 68, proofs: .approvals, rounds: rounds),
      try measure("100 rows, 24 receipts", rows: 100, proofs: .receipts, rounds: rounds),
    ] { Output.line(line) }
    return true
  }

  private enum Proofs { case none, approvals, receipts }

  private static func measure(_ title: String, rows: Int, proofs: Proofs, rounds: Int) throws -> String {
    let stage = try CollectiveBenchStage(rows: rows)
    defer { stage.remove() }
    let raw: [UInt8]
    let inner: [[UInt8]]
    switch proofs {
    case .none: (raw, inner) = (stage.update(), [])
    case .approvals: (raw, inner) = stage.minting(32)
    case .receipts: (raw, inner) = stage.earning(24)
    }
    let verifier = try EventVerifier()
    let clock = ContinuousClock()
    var verifying: [Duration] = []
    var deciding: [Duration] = []
    for _ in 0..<rounds {
      verifying.append(
        try clock.measure {
          for event in [raw] + inner { _ = try verifier.verify(try Event(parsing: event)) }
        })
      deciding.append(try clock.measure { try stage.decide(raw, verifier) })
    }
    let (all, signatures) = (median(deciding), median(verifying))
    return
      "\(title): \(raw.count) bytes, \(all) µs, of which \(signatures) for \(inner.count + 1) verifications; the rest \(max(0, all - signatures))"
  }

  private static func median(_ durations: [Duration]) -> Int {
    let (seconds, attoseconds) = durations.sorted()[durations.count / 2].components
    return Int(seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
  }
}

/// A collective with many rows.
struct CollectiveBenchStage {
  private struct Abort: Error {}

  private let creator = TestKey("bench creator")
  private let member = TestKey("bench member")
  private let zapper = TestKey("bench zapper")
  private let folder: URL
  private let store: StateStore
  private let validator: CollectivesValidator
  private var ignition = ""
  private var head = ""
  private var time: UInt64 = 1_718_800_000
  private var merits: [(request: String, amount: UInt64)] = []

  init(rows: Int) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("commonsguard-bench-\(UUID().uuidString)")
    validator = CollectivesValidator(options: CollectivesOptions())
    let registry = DomainRegistry([validator])
    store = try StateStore(StoreOptions(directory: folder.path, tables: registry.tables, durability: .relaxed))
    let judge = try Judge(store: store, registry: registry)
    func publish(_ raw: [UInt8]) throws {
      let judgement = judge.judge(raw: raw, in: Circumstances(receivedAt: time, source: .ip4))
      guard judgement.decision == .accept else { throw Failure(message: "the stage is not set: \(judgement.decision)") }
      head = try Event(parsing: raw).id.hex
      if ignition.isEmpty { ignition = head }
      time += 10
    }
    try publish(creator.json(kind: 31108, createdAt: time, tags: [["d", "bench"], ["lud16", "pay@bench", zapper.hex]]))
    while merits.count < rows {
      let added = approvals(min(8, rows - merits.count))
      let event = event(added.rows, added.proofs)
      try publish(event)
      merits = added.rows
    }
  }

  struct Failure: Error { let message: String }

  func remove() { try? FileManager.default.removeItem(at: folder) }

  /// Verified, parsed, decided on a snapshot, decided again and applied in a write transaction that is given up: all but the commit.
  func decide(_ raw: [UInt8], _ verifier: EventVerifier) throws {
    let circumstances = Circumstances(receivedAt: time, source: .ip4)
    let event = try verifier.verify(try Event(parsing: raw))
    let prepared = try validator.prepare(event, in: circumstances, trace: nil)
    guard case .accepted = try store.read({ try prepared.decide(in: circumstances, reading: $0, trace: nil) }) else {
      throw Failure(message: "refused")
    }
    do {
      try store.write { state in
        guard case .accepted(let effects) = try prepared.decide(in: circumstances, reading: state, trace: nil) else {
          throw Failure(message: "refused")
        }
        try state.apply(effects.changes)
        throw Abort()
      }
    } catch is Abort {
      return
    }
  }

  func update() -> [UInt8] { event(merits, []) }

  /// An update with as many new merits, each with a request and a vote of 500 bytes.
  func minting(_ count: Int) -> (raw: [UInt8], inner: [[UInt8]]) {
    let added = approvals(count)
    return (event(added.rows, added.proofs), added.proofs)
  }

  /// An update with as many receipts of 1 sat… each shared among all rows.
  func earning(_ count: Int) -> (raw: [UInt8], inner: [[UInt8]]) {
    var proofs: [[UInt8]] = []
    var inner: [[UInt8]] = []
    var sats = [UInt64](repeating: 0, count: merits.count)
    for number in 0..<count {
      let amount = UInt64(1000 + number)
      let request = creator.json(kind: 9734, createdAt: time, tags: [["p", creator.hex], ["a", address]], content: String(number))
      let receipt = zapper.json(
        kind: 9735, createdAt: time,
        tags: [["p", creator.hex], ["bolt11", "lnbc\(amount * 10)n1qqq"], ["description", String(decoding: request, as: UTF8.self)]])
      proofs.append(receipt)
      inner += [receipt, request]
      let shares = LargestRemainder.split(amount, by: merits.map { ($0.request, $0.amount) })
      for index in sats.indices { sats[index] += shares[index] }
    }
    return (event(merits, proofs, sats: sats), inner)
  }

  private var address: String { "31108:\(creator.hex):bench" }

  private func approvals(_ count: Int) -> (rows: [(request: String, amount: UInt64)], proofs: [[UInt8]]) {
    var rows = merits
    var proofs: [[UInt8]] = []
    for number in 0..<count {
      let amount = UInt64(10 + (merits.count + number) % 7)
      let request = member.event(
        kind: 1409, createdAt: time, tags: [["a", address], ["merits", String(amount)]], content: "\(number)" + String(repeating: "x", count: 90))
      let vote = creator.json(kind: 1410, createdAt: time, tags: [["a", address], ["request", request.id.hex], ["vote", "ratify"]])
      proofs += [request.raw, vote]
      rows.append((request.id.hex, amount))
    }
    return (rows, proofs)
  }

  private func event(_ rows: [(request: String, amount: UInt64)], _ proofs: [[UInt8]], sats: [UInt64] = []) -> [UInt8] {
    var tags = [["d", "bench"], ["lud16", "pay@bench", zapper.hex], ["ignition", ignition], ["previous", head]]
    for row in rows { tags.append(["merit", "owner:\(member.hex)", "req:\(row.request)", "lt:0", "amt:\(row.amount)"]) }
    for (row, sats) in zip(rows, sats) where sats > 0 { tags.append(["sats", row.request, String(sats), "0"]) }
    tags += proofs.map { ["proof", String(decoding: $0, as: UTF8.self)] }
    return creator.json(kind: 31108, createdAt: time, tags: tags)
  }
}
