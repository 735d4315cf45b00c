// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

@testable import Constellation

@Suite("Histories of several relays")
struct HistoriesTests {
  /// The same ones in every run. COMMONSGUARD_HISTORIES says how many others, COMMONSGUARD_SEED from which seed on; `scripts/constellation` tries very
  /// many.
  static let histories = ProcessInfo.processInfo.environment["COMMONSGUARD_HISTORIES"].flatMap(Int.init) ?? 200
  static let firstSeed = ProcessInfo.processInfo.environment["COMMONSGUARD_SEED"].flatMap(UInt64.init) ?? 1
  private static let parts = 8

  @Test("relays that exchanged everything agree on everything, or say that they do not", arguments: 0..<parts)
  func agreement(part: Int) throws {
    try needing("needs the rules of the constellation") {
      for number in stride(from: part, to: Self.histories, by: Self.parts) {
        let seed = Self.firstSeed &+ UInt64(number)
        guard let trial = try Trial.run(seed: seed, minimises: Expectations.rulesAreThere) else { continue }
        Issue.record("\(trial)")
        return
      }
    }
  }

  @Test("the same seed is the same history, and ends in the same state")
  func determinism() throws {
    #expect(History(seed: 17).description == History(seed: 17).description)
    #expect(History(seed: 17).description != History(seed: 19).description)
    let digests = try (0..<2).map { _ in
      let history = History(seed: 17)
      let constellation = try Constellation(history.shape)
      for step in history.steps { try constellation.run(step) }
      constellation.becomeQuiet()
      return try constellation.nodes.map { try $0.daemon.digests().map(\.digest) }
    }
    #expect(digests[0] == digests[1])
  }

  @Test("a failing history is shortened to the steps that it needs")
  func minimising() {
    var history = History(seed: 5)
    let needed = [history.steps[3].number, history.steps[9].number]
    history = Minimiser.minimise(history) { candidate in needed.allSatisfy { candidate.steps.map(\.number).contains($0) } }
    #expect(history.steps.map(\.number) == needed)
  }
}
