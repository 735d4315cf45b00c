// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Foundation
import Judgement
import LMDB
import Nostr
import Policy
import StateStore
import Synchronization
import TestSupport

/// A judge over a temporary state, whose commits can be made to fail.
final class Bench {
  /// What the next commits answer; 0 lets them pass.
  final class Failure: Sendable {
    let code = Atomic<Int32>(0)
  }

  let store: StateStore
  let judge: Judge
  let failure = Failure()
  /// Last, so that it goes after the store that lies in it.
  private let directory = TemporaryDirectory()

  init(
    _ validators: [any Validator] = [CrowdfundingValidator(options: CrowdfundingOptions())], mapSizeMiB: Int = 64,
    options: JudgeOptions = JudgeOptions()
  ) throws {
    let registry = DomainRegistry(validators)
    let failure = failure
    store = try StateStore(
      StoreOptions(directory: directory.path, tables: registry.tables, mapSizeMiB: mapSizeMiB, durability: .relaxed) { point in
        point == .commit ? failure.code.load(ordering: .relaxed) : 0
      })
    judge = try Judge(store: store, registry: registry, options: options)
  }

  @discardableResult
  func send(_ event: Event, at receivedAt: UInt64 = 1_700_000_500, source: SourceType = .ip4) -> String {
    send(raw: event.raw, at: receivedAt, source: source)
  }

  func send(raw: [UInt8], at receivedAt: UInt64 = 1_700_000_500, source: SourceType = .ip4) -> String {
    Self.text(judge.judge(raw: raw, in: Circumstances(receivedAt: receivedAt, source: source)).decision)
  }

  static func text(_ decision: Decision) -> String {
    switch decision {
    case .accept: "accept"
    case .reject(let rejection): rejection.message
    }
  }

  /// Everything that a refusal must leave as it is.
  func contents() throws -> [String: Int] {
    Dictionary(uniqueKeysWithValues: try store.information().entries.map { ($0.table, $0.count) })
  }

  /// Fills the map to that part of its limit.
  func fill(percent: Int) throws {
    var number = 0
    while try store.information().usedBytes * 100 < store.information().limitBytes * percent, number < 100 {
      number += 1
      let change = StateChange.put(Table(.ledger, 0, "transfers"), key: [UInt8(number)], value: [UInt8](repeating: 7, count: 400_000))
      try store.write { try $0.apply([change]) }
    }
  }

  func journalCount() throws -> Int { try store.read { try $0.journalCount() } }

  static func campaign(_ project: String = "CF-BENCH", status: String = "crowdfunding", at createdAt: UInt64 = 1_700_000_000) -> Event {
    TestKey("captain").event(
      kind: 30904, createdAt: createdAt,
      tags: [
        ["d", project], ["title", "A garden"], ["t", "crowdfunding"], ["t", "UPlanet"], ["g", "48.85,2.35"], ["p", TestKey("cell").hex, "", "umap"],
        ["goal", "ZEN_CONVERTIBLE", "1000"], ["status", status],
      ])
  }

  static func contribution(_ content: String = "+5", by author: String = "giver", project: String = "CF-BENCH") -> Event {
    TestKey(author).event(kind: 7, createdAt: 1_700_000_100, tags: [["t", "crowdfunding"], ["project-id", project]], content: content)
  }

  static func vote(by author: String = "voter", project: String = "CF-BENCH") -> Event {
    TestKey(author).event(kind: 7, createdAt: 1_700_000_100, tags: [["t", "vote-assets"], ["project-id", project]], content: "+5")
  }
}

/// A name in the system's temporary directory; what is made there is removed in the end.
final class TemporaryDirectory {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("commonsguard-\(UUID().uuidString)").path

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
