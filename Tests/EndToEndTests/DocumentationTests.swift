// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

/// What the pages say of commands is so.
extension EndToEnd {
  @Suite struct DocumentationTests {
    let sandbox: Sandbox
    private let scene = Scene()
    private let story = GroupScene()

    init() throws {
      sandbox = try Sandbox(configuration: "{ state: { durability: \"relaxed\" }, node: { publicKey: \"\(TestKey("node").hex)\" } }")
      try sandbox.accept([scene.campaign(), scene.contribution(by: TestKey("a"), amount: 20)] + story.events)
    }

    private func page(_ path: String) throws -> String {
      let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      return try String(contentsOf: package.appendingPathComponent(path), encoding: .utf8)
    }

    /// Whose members are names of their own, and not ours.
    private static let maps: Set<String> = [
      "meta", "votepower", "byPrefix", "reasons", "byReason", "entries", "outbox", "settlement", "event", "vote",
    ]

    private func keys(of value: Any) -> Set<String> {
      if let list = value as? [Any] { return list.reduce(into: []) { $0.formUnion(keys(of: $1)) } }
      guard let object = value as? [String: Any] else { return [] }
      return object.reduce(into: []) { found, member in
        found.insert(member.key)
        if !Self.maps.contains(member.key) { found.formUnion(keys(of: member.value)) }
      }
    }

    @Test("every member that a command prints as JSON is named on the page, in the command's row")
    func json() throws {
      let rows = try page("docs/reference/json.md").split(separator: "\n").filter { $0.hasPrefix("| `") }
      let (project, group) = (scene.project, story.group.id.hex)
      let commands = [
        "campaign list", "campaign vote-status \(project)", "group list", "group show \(group)", "group member \(group) \(GroupScene.alice.hex)",
        "group history \(group)", "group upkeep", "state digest", "outbox list", "status", "check-config", "explain \(group)",
        "rebuild --no-trailer --state \(sandbox.folder)/new", "state export \(sandbox.folder)/export",
        "state merge -", "state diff -",
      ]
      let others = Scene("CF-20260202-CD34").campaign().raw
      let inputs = ["rebuild": requestLine(scene.campaign()), "state merge": scene.campaign().raw, "state diff": others]
      for command in commands {
        let arguments = command.split(separator: " ").map(String.init)
        let outcome = try sandbox.run(arguments + ["--json"], input: inputs[arguments[0]] ?? inputs[arguments.prefix(2).joined(separator: " ")] ?? [])
        let name =
          arguments[0] + (rows.contains { $0.hasPrefix("| `\(arguments[0]) \(arguments.dropFirst().first ?? "-")") } ? " \(arguments[1])" : "")
        let row = try #require(rows.first { $0.hasPrefix("| `\(name)") }, "\(name)")
        let printed = try outcome.lines.map { try JSONSerialization.jsonObject(with: Data($0.utf8)) }
        let found = keys(of: printed)
        #expect(!found.isEmpty, "\(command)")
        for key in found { #expect(row.contains("`\(key)`"), "\(command): \(key)") }
      }
    }
  }
}
