// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

extension EndToEnd {
  @Suite("state waiting")
  struct WaitingTests {
    private let sandbox: Sandbox
    private let scene = Scene("CF-LATE")
    private let story = GroupScene()
    private static let received = GroupScene.start + 2 * GroupScene.day

    init() throws { sandbox = try Sandbox(configuration: "{ state: { durability: \"relaxed\" }, delivery: { inProcess: false } }") }

    /// A state in which a contribution and a modification wait, and a deletion is kept aside.
    private func wait() throws -> (contribution: Event, modification: Event) {
      let relay = try Relay(sandbox)
      let contribution = scene.contribution(by: TestKey("a"), amount: 5)
      for event in [contribution, story.addition] {
        try relay.send(requestLine(event, receivedAt: Self.received, sourceType: "Sync", sourceInfo: "wss://relay.example"))
        #expect(try relay.answer().message?.hasSuffix(", parked") == true)
      }
      try relay.send(requestLine(TestKey("b").event(kind: 5, tags: [["e", contribution.id.hex]]), receivedAt: Self.received, sourceType: "Sync"))
      #expect(try relay.answer().action == "accept")
      relay.closeInput()
      #expect(relay.child.end() == .exited(0))
      return (contribution, story.addition)
    }

    @Test("says so where nothing waits, and makes no state where there is none")
    func nothing() throws {
      #expect(try sandbox.run(["state", "waiting"]).status == 74)
      let relay = try Relay(sandbox)
      #expect(try relay.judge(scene.campaign()).action == "accept")
      let outcome = try sandbox.run(["state", "waiting"])
      #expect(outcome.status == 0 && outcome.output.isEmpty)
      #expect(try sandbox.run(["state", "waiting", "--json"]).output.isEmpty)
    }

    @Test("has a row for each event that waits, oldest first, and says for what")
    func rows() throws {
      let (contribution, modification) = try wait()
      let outcome = try sandbox.run(["state", "waiting"])
      #expect(outcome.status == 0)
      #expect(outcome.lines.allSatisfy { $0.count <= 80 })
      #expect(
        outcome.lines.prefix(6) == [
          "\(contribution.id.hex)  parked",
          "  kind 7 by \(contribution.pubkey.short), Sync at \(Self.received), \(contribution.raw.count) bytes", "  for campaign CF-LATE",
          "\(modification.id.hex)  parked", "  kind 4833 by \(modification.pubkey.short), Sync at \(Self.received), \(modification.raw.count) bytes",
          "  for event \(story.group.id.hex)",
        ])
      #expect(outcome.lines.count == 9 && outcome.lines[6].hasSuffix("  aside") && outcome.lines[8].hasPrefix("  for event \(contribution.id.hex)"))

      let rows = try sandbox.run(["state", "waiting", "--json"]).lines.map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
      #expect(rows.map { $0["kept"] as? String } == ["parked", "parked", "aside"])
      let first = try #require(rows.first)
      #expect(Set(first.keys) == ["id", "kind", "author", "receivedAt", "source", "waitsFor", "kept", "bytes"])
      #expect(first["id"] as? String == contribution.id.hex && first["author"] as? String == TestKey("a").hex && first["kind"] as? Int == 7)
      #expect(first["waitsFor"] as? [String] == ["campaign CF-LATE"] && first["bytes"] as? Int == contribution.raw.count)
      #expect(first["receivedAt"] as? UInt64 == Self.received && first["source"] as? String == "Sync")
      let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      let page = try String(contentsOf: package.appendingPathComponent("docs/reference/json.md"), encoding: .utf8)
      let row = try #require(page.split(separator: "\n").first { $0.hasPrefix("| `state waiting`") })
      for key in first.keys { #expect(row.contains("`\(key)`"), "\(key)") }
    }

    @Test("tells what has come and is about to be judged, and what cannot be told since its domain is switched off")
    func releasedAndOff() throws {
      let (contribution, _) = try wait()
      let relay = try Relay(sandbox)
      #expect(try relay.judge(scene.campaign()).action == "accept")
      let outcome = try sandbox.run(["state", "waiting"])
      #expect(outcome.lines.first == "\(contribution.id.hex)  parked" && outcome.lines[2] == "  is judged next")
      try sandbox.configure("{ state: { durability: \"relaxed\" }, groups: { enabled: false } }")
      #expect(try sandbox.run(["state", "waiting"]).lines.contains("  for something of groups, which is switched off"))
    }

    @Test("keeps to the limits of the configuration")
    func limits() throws {
      try sandbox.configure("{ state: { durability: \"relaxed\" }, parking: { maxEvents: 1 } }")
      let relay = try Relay(sandbox)
      let events = [TestKey("a"), TestKey("b")].map { scene.contribution(by: $0) }.sorted { $0.pubkey.hex < $1.pubkey.hex }
      try relay.send(requestLine(events[0], sourceType: "Sync"))
      #expect(try relay.answer().message == "error: missing campaign CF-LATE, parked")
      try relay.send(requestLine(events[1], sourceType: "Sync"))
      #expect(try relay.answer().message == "error: missing campaign CF-LATE")
      #expect(try sandbox.run(["state", "waiting", "--json"]).lines.count == 1)
    }
  }
}
