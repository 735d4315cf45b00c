// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

/// A group of alice and bob: carol comes after a day, and is removed after two by a proposal of alice's; and another group that holds it.
struct GroupScene {
  static let start: UInt64 = 1_700_000_000
  static let day: UInt64 = 86_400
  static let alice = TestKey("alice")
  static let bob = TestKey("bob")
  static let carol = TestKey("carol")
  static let zoe = TestKey("zoe")

  let group: Event
  let addition: Event
  let proposal: Event
  let removal: Event
  let above: Event

  var events: [Event] { [group, addition, proposal, removal, above] }

  init() {
    group = Self.opening([Self.alice, Self.bob], meta: "{\"name\":\"Gardeners\"}")
    addition = Self.modification(by: Self.bob, in: group, on: group, at: Self.start + Self.day, content: Self.add(Self.carol))
    proposal = Self.event(
      4831, by: Self.alice, in: group, at: Self.start + 2 * Self.day - 1, [["parent", addition.id.hex]], "{\"remove\":[2]}")
    removal = Self.modification(by: Self.alice, in: group, on: addition, at: Self.start + 2 * Self.day, [["proposal", proposal.id.hex]])
    above = Self.opening([Self.alice], nested: [group], at: Self.start + 3)
  }

  static func opening(_ members: [TestKey], nested: [Event] = [], meta: String? = nil, at time: UInt64 = start, kind: UInt64 = 4830) -> Event {
    let entries = members.map { "\"\($0.hex)\"" } + nested.map { "[\"\($0.id.hex)\",\"groupvote\"]" }
    let content = "{\"members\":[\(entries.joined(separator: ","))]\(meta.map { ",\"meta\":\($0)" } ?? "")}"
    return alice.event(kind: kind, createdAt: time, tags: [], content: content)
  }

  static func event(_ kind: UInt64, by author: TestKey, in group: Event, at time: UInt64, _ tags: [[String]], _ content: String) -> Event {
    author.event(kind: kind, createdAt: time, tags: [["group", group.id.hex]] + tags, content: content)
  }

  static func modification(
    by author: TestKey, in group: Event, on parent: Event, at time: UInt64, _ tags: [[String]] = [], content: String = ""
  ) -> Event {
    event(4833, by: author, in: group, at: time, [["parent", parent.id.hex]] + tags, content)
  }

  static func add(_ key: TestKey) -> String { "{\"add\":[\"\(key.hex)\"]}" }

  private static let magic: [UInt8] =
    [0] + utf8("OpenTimestamps") + [0, 0] + utf8("Proof") + [0, 0xbf, 0x89, 0xe2, 0xe8, 0x84, 0xe8, 0x92, 0x94]

  /// A kind 1040 whose proof says that block 1 holds an id as its merkle root: the target's, or another event's.
  static func timestamp(of target: Event, with digest: Event? = nil, at time: UInt64) -> Event {
    let proof = magic + [1, 0x08] + (digest ?? target).id.bytes + [0, 0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01, 1, 1]
    return zoe.event(
      kind: 1040, createdAt: time, tags: [["e", target.id.hex], ["k", "\(target.kind)"]], content: Data(proof).base64EncodedString())
  }
}

extension Sandbox {
  /// Groups with a file of headers, and other settings of theirs.
  func configureGroups(_ settings: String = "") throws {
    try configure("{ state: { durability: \"relaxed\" }, groups: { headersFile: \"\(folder)/headers\" \(settings) } }")
  }

  /// Blocks 0 and 1; the second one bears out a time stamp of an event.
  func writeHeaders(for target: Event, blockTime: UInt64) throws {
    let seconds = (0..<4).map { UInt8(truncatingIfNeeded: blockTime >> ($0 * 8)) }
    let header = [UInt8](repeating: 0, count: 36) + target.id.bytes + seconds + [UInt8](repeating: 0, count: 8)
    try write([UInt8](repeating: 0, count: 80) + header, to: "headers")
  }

  /// Runs the plugin for some events, live, each at its own time; all have to be accepted.
  func accept(_ events: [Event]) throws {
    let relay = try Relay(self)
    for event in events { #expect(try relay.judge(event, receivedAt: event.createdAt) == .accept(event.id.hex)) }
    relay.closeInput()
    #expect(relay.child.end() == .exited(0))
  }

  /// Each line of a command's output as a JSON object.
  func rows(_ arguments: [String], status: Int32 = 0) throws -> [[String: Any]] {
    let outcome = try run(arguments + ["--json"])
    #expect(outcome.status == status)
    return try outcome.lines.map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
  }
}
