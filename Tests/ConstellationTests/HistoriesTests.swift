// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import TestSupport
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
    for number in stride(from: part, to: Self.histories, by: Self.parts) {
      let seed = Self.firstSeed &+ UInt64(number)
      guard let trial = try Trial.run(seed: seed) else { continue }
      Issue.record("\(trial)")
      return
    }
  }

  @Test("relays that lose nothing agree on everything that is known, and hold what counts", arguments: 0..<parts)
  func agreementWithoutLosses(part: Int) throws {
    for number in stride(from: part, to: Self.histories / 2, by: Self.parts) {
      let history = History(seed: Self.firstSeed &+ UInt64(number)).withoutLosses
      guard try !Constellation.violations(of: history).isEmpty else { continue }
      let shortest = Minimiser.minimise(history) { (try? Constellation.violations(of: $0))?.isEmpty == false }
      Issue.record("seed \(history.seed ?? 0): \(try Constellation.violations(of: shortest))\n\(shortest)")
      return
    }
  }

  @Test("a modification by an administrator whom a proposal suspends at another relay is the same at both")
  func suspendedElsewhere() throws {
    let scene = try Scene()
    let group = Events.group(at: scene.world.now - 12 * 86_400)
    try scene.accepted(group, at: 0)
    scene.pull(1, from: 0)
    let removal = Events.proposal(of: group.id, on: group.id, removing: 1, by: People.administrator(2), at: scene.after(10), salt: "")
    try scene.accepted(removal, at: 0)
    let change = Events.modification(of: group.id, on: group.id, by: People.administrator(1), at: scene.after(10), salt: "")
    try scene.accepted(change, at: 1)
    for violation in try scene.end() { Issue.record("\(violation)") }
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
