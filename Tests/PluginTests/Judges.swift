// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Judgement
import Nostr
import Plugin
import Policy
import StateStore

/// A domain that owns kind 7 and decides by its content: `fault` cannot be judged, `no` is refused, all else is accepted.
struct TestDomain: Validator {
  let domain = Domain.crowdfunding
  let tables: [Table] = []

  func claim(on event: borrowing EventSlices) -> Claim { event.kind == 7 ? .owned : .none }

  func parse(_ event: VerifiedEvent, in circumstances: Circumstances, trace: CheckTrace?) throws -> VerifiedEvent { event }

  func decide(
    _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable, trace: CheckTrace?
  ) throws -> Verdict {
    if event.content == "fault" { throw Fault(answer: "state unavailable", detail: "the test says so") }
    if event.content == "no" { return .rejected(.blocked("the test says no")) }
    return .accepted(Effects())
  }

  func digest(reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {}
}

/// An engine on a state that is removed when the test ends.
final class TestSource: EngineSource {
  private let directory: String
  private let judge: Judge
  let counters: CounterFile
  /// What to answer instead of judging.
  var unavailable: Rejection?

  init() throws {
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("plugin-\(UUID().uuidString)").path
    let registry = DomainRegistry([TestDomain()])
    let store = try StateStore(StoreOptions(directory: directory, tables: registry.tables, mapSizeMiB: 64, durability: .relaxed))
    judge = try Judge(store: store, registry: registry)
    counters = try CounterFile()
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  private(set) var writes = 0

  private(set) var faults = 0
  /// Whether it says itself what is wrong.
  var tellsFaults = false

  func noteWrite() { writes += 1 }

  func noteFault() -> Bool {
    faults += 1
    return tellsFaults
  }

  func engine(at seconds: Int) -> Engine { unavailable.map(Engine.unavailable) ?? .ready(judge, counters) }
}
