// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport

/// A relay of the constellation: its database, and the program that judges for it.
final class Node {
  let name: String
  let relay = StrfryModel()
  let daemon: Daemon
  /// How far its router has read the log of each other relay.
  var routed: [Int: Int] = [:]
  /// What it pushed to each other relay, which is never tried again.
  var pushed: [Int: Set<EventID>] = [:]

  init(_ number: Int, of count: Int, _ shape: History.Shape, _ mutant: Mutant?) throws {
    name = Step.relay(number)
    let others = (0..<count).filter { $0 != number }.map { People.node($0) }
    let key = mutant == .keyless && number == 1 ? nil : People.node(number)
    daemon = try Daemon(key: key, others: others, relay: relay, hasSnapshots: shape.hasSnapshots, mutant: mutant)
  }

  /// As strfry takes it from whomever: what it has is not asked for, what the plugin accepts waits for the next commit.
  ///
  /// - Returns: whether the plugin accepted it; false also where it was not asked.
  @discardableResult
  func offer(_ message: Message, _ arrival: Daemon.Arrival, at now: UInt64) -> Bool {
    guard !relay.has(message.id) else { return false }
    let isPulled = if case .pulled = arrival { true } else if case .routed = arrival { true } else { false }
    // What clients send is looked at before the plugin is asked; what was pulled, behind it.
    guard isPulled || relay.admits(message, at: now) else { return false }
    guard daemon.judge(message, arrival, at: now) else { return false }
    if relay.admits(message, at: now) { relay.answer(message) }
    return true
  }
}
