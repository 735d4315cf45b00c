// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

@testable import Groups

/// Seeded histories against the reference model. COMMONSGUARD_HISTORIES raises their number; scripts/group-histories runs the long form.
@Suite struct HistoryTests {
  private static let count = ProcessInfo.processInfo.environment["COMMONSGUARD_HISTORIES"].flatMap(Int.init)

  @Test("seeded histories agree with the reference model event by event, and in any order end in the same tips, states and digest (GT-X05)")
  func histories() throws {
    let count = Self.count ?? 50
    let orders = Self.count == nil ? 3 : 20
    var accepted = 0
    /// How often each rule refused: a generator that never meets a rule proves nothing about it.
    var refusals: [String: Int] = [:]
    for seed in 1...UInt64(count) {
      if Self.count != nil { FileHandle.standardError.write(Data("\rhistory \(seed) of \(count)".utf8)) }
      let history = try GeneratedHistory(seed: seed)
      for step in 0..<150 {
        let (was, expected, what) = try history.step()
        if !was.isEmpty { refusals[String(was.prefix { $0 != "(" && !$0.isNumber }), default: 0] += 1 }
        let agrees = expected.isEmpty ? was.isEmpty : was.hasPrefix(expected)
        // A parked event is told by what is missing.
        if !agrees, expected.hasPrefix("error:"), was.hasPrefix("error:") { continue }
        #expect(agrees, "seed \(seed), step \(step), \(what): \"\(was)\", expected \"\(expected)\"")
        if !agrees { return }
      }
      accepted += history.world.accepted.count
      let tips = history.tips(history.world)
      #expect(tips == history.tips(history.world))
      for group in Set(history.model.nodes.values.map(\.group)) {
        #expect(history.world.tip(group) == history.model.tip(group), "seed \(seed)")
        let members = try history.world.view(group).members.count
        #expect(members == history.model.canonical(group).last?.state.members.count, "seed \(seed)")
      }
      let digest = try history.world.digest()
      for order in 0..<orders {
        let other = try World()
        let events = history.otherOrder()
        #expect(events.count == history.world.accepted.count)
        for event in events {
          let sent = other.send(event.json, received: event.receivedAt, source: event.source, isRejudged: true)
          #expect(sent.isAccepted, "seed \(seed), order \(order): \(sent.message)")
          if !sent.isAccepted { return }
        }
        #expect(try other.digest() == digest, "seed \(seed), order \(order)")
        #expect(history.tips(other) == tips, "seed \(seed), order \(order)")
      }
    }
    #expect(accepted > count * 20, "the generator makes too little that is accepted")
    for rule in ["invalid: insufficient votes", "restricted: no voting rights", "restricted: suspended by proposal", "invalid: proposal rejected"] {
      #expect(refusals.contains { $0.key.hasPrefix(rule) }, "\(rule) was never met")
    }
    guard Self.count != nil else { return }
    let rules = refusals.sorted { $0.value > $1.value }.map { "\($0.value)\t\($0.key)\n" }.joined()
    FileHandle.standardError.write(Data("\n\(accepted) events accepted\n\(rules)".utf8))
  }
}
