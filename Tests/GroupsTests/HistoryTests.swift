// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import Synchronization
import TestSupport
import Testing

@testable import Groups

/// How many histories are judged, and in how many orders each; `scripts/group-histories` asks for more.
enum HistoryScale {
  private static func asked(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap(Int.init) }

  static let histories = asked("COMMONSGUARD_HISTORIES") ?? 50
  static let orders = asked("COMMONSGUARD_ORDERS") ?? 3
  /// The first seed.
  static let first = UInt64(max(0, asked("COMMONSGUARD_SEED") ?? 1))
  static let showsProgress = asked("COMMONSGUARD_PROGRESS") != nil
  static let events = 150
}

/// Seeded histories against the reference model.
@Suite("Groups: whole histories") struct HistoryTests {
  static let seeds = (0..<UInt64(HistoryScale.histories)).map { HistoryScale.first &+ $0 }
  /// How often each rule refused: a generator that never meets a rule proves nothing about it.
  private static let refusals = Mutex<[String: Int]>([:])
  /// How often an attested branch took over.
  private static let switches = Mutex(0)
  /// After how many events this relay's tip stood before a contested node.
  private static let contested = Mutex(0)

  @Test("seeded histories agree with the reference model event by event, and in any order end in the same tips, states and digest (GT-X05)")
  func histories() throws {
    var accepted = 0
    for seed in Self.seeds {
      guard let count = try agree(seed) else { return }
      accepted += count
      if HistoryScale.showsProgress { FileHandle.standardOutput.write(Data("history \(seed) done\n".utf8)) }
    }
    #expect(accepted > HistoryScale.histories * 20, "the generator makes too little that is accepted")
    let refusals = Self.refusals.withLock { $0 }
    if HistoryScale.showsProgress {
      let rules = refusals.sorted { $0.value > $1.value }.map { "\($0.value)\t\($0.key)\n" }.joined()
      FileHandle.standardOutput.write(Data("\(accepted) events accepted\n\(rules)".utf8))
    }
    // Asked of the suite's own seeds: whoever names others wants to see those, whatever they meet.
    guard HistoryScale.histories >= 50, HistoryScale.first == 1 else { return }
    #expect(Self.switches.withLock { $0 } > 0, "no attestation ever turned a fork")
    #expect(Self.contested.withLock { $0 } > HistoryScale.histories, "hardly anything was ever contested")
    for rule in [
      "invalid: insufficient votes", "restricted: no voting rights", "restricted: suspended by proposal", "invalid: proposal rejected",
    ] {
      #expect(refusals.contains { $0.key.hasPrefix(rule) }, "\(rule) was never met")
    }
  }

  /// 5113: a modification comes late and makes the author of a proposal that is there already an administrator at its time.
  @Test("seeds that once disagreed agree", arguments: [5113] as [UInt64])
  func mended(_ seed: UInt64) throws { #expect(try agree(seed) != nil) }

  /// - Returns: how many events were accepted; nil when something disagreed.
  private func agree(_ seed: UInt64) throws -> Int? {
    let history = try GeneratedHistory(seed: seed)
    for step in 0..<HistoryScale.events {
      let (was, expected, what) = try history.step()
      if !was.isEmpty { Self.refusals.withLock { $0[String(was.prefix { $0 != "(" && !$0.isNumber }), default: 0] += 1 } }
      let agrees = expected.isEmpty ? was.isEmpty : was.hasPrefix(expected)
      #expect(agrees, "seed \(seed), step \(step), \(what): \"\(was)\", expected \"\(expected)\"")
      if !agrees { return nil }
      let (wrong, hasContested) = try history.wrongTips()
      #expect(wrong.isEmpty, "seed \(seed), step \(step), \(what): this relay's tip")
      if !wrong.isEmpty { return nil }
      if hasContested { Self.contested.withLock { $0 += 1 } }
    }
    let tips = history.tips(history.world)
    for group in Set(history.model.nodes.values.map(\.group)) {
      #expect(history.world.tip(group) == history.model.tip(group), "seed \(seed)")
      let members = try history.world.view(group).members.count
      #expect(members == history.model.canonical(group).last?.state.members.count, "seed \(seed)")
      let switches = try history.world.store.read { try GroupView.history(group, now: t(1000), reading: $0)?.reorganisations.count ?? 0 }
      Self.switches.withLock { $0 += switches }
    }
    let digest = try history.world.digest()
    for order in 0..<HistoryScale.orders {
      let options = history.world.options
      let other = try World { $0 = options }
      // The first one is the journal's own.
      let events = order == 0 ? history.world.accepted : history.otherOrder()
      #expect(events.count == history.world.accepted.count)
      for event in events {
        let sent = other.judgeAgain(event.json, received: event.receivedAt, source: event.source, bare: false)
        #expect(sent.isAccepted, "seed \(seed), order \(order): \(sent.message)")
        if !sent.isAccepted { return nil }
      }
      let agrees = try other.digest() == digest && history.tips(other) == tips
      #expect(agrees, "seed \(seed), order \(order): another digest, or other tips")
      if !agrees { return nil }
    }
    return history.world.accepted.count
  }
}
