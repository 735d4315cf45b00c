// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

/// replay, rebuild, state export and digest, explain.
extension EndToEnd {
  @Suite struct StreamCommandTests {
    let sandbox: Sandbox
    private let scene = Scene()

    init() throws { sandbox = try Sandbox() }

    /// A campaign, four contributions, one of them too large and one forged.
    private var story: [[UInt8]] {
      let forged = String(decoding: requestLine(scene.contribution(by: TestKey("mallory"), amount: 2)), as: UTF8.self)
        .replacingOccurrences(of: "\"content\":\"+2\"", with: "\"content\":\"+999\"")
      return [
        requestLine(scene.campaign()), requestLine(scene.contribution(by: TestKey("a"), amount: 20)),
        requestLine(scene.contribution(by: TestKey("b"), amount: 1001)), Array(forged.utf8),
        requestLine(scene.contribution(by: TestKey("c"), amount: 22), sourceType: "Stream", sourceInfo: "wss://relay.example"),
      ]
    }

    /// The digests of events and the hash of the settings, and those of outcomes behind a word of their own.
    private func digest(_ state: String) throws -> [String: String]? {
      guard let json = try sandbox.run(["state", "digest", "--json", "--state", state]).json, let outcomes = json["outcomes"] as? [String: String]
      else {
        return nil
      }
      return json.compactMapValues { $0 as? String }.merging(outcomes.map { ("outcomes \($0)", $1) }) { $1 }
    }

    @Test("replay answers each line of a recorded stream, in order")
    func replay() throws {
      let file = try sandbox.write(lines: story, to: "story.jsonl")
      let outcome = try sandbox.run(["replay", file])
      #expect(outcome.status == 0)
      #expect(outcome.lines.map { $0.contains("\"accept\"") } == [true, true, false, false, true])
      #expect(outcome.lines.filter { $0.contains("\"msg\":\"invalid: ") }.count == 2)
      #expect(outcome.errors.contains("3 accepted, 2 rejected"))
      #expect(!FileManager.default.fileExists(atPath: sandbox.statePath))
      let left = try FileManager.default.contentsOfDirectory(atPath: sandbox.folder).filter { $0.hasPrefix("commonsguard-") }
      #expect(left.isEmpty, "the temporary state is gone")
    }

    @Test("replay reads stdin, skips empty lines and lookbacks, and answers what is no request")
    func replayOfOddLines() throws {
      let lookback = utf8("{\"event\":{\"id\":\"00\"},\"type\":\"lookback\"}")
      let lines: [[UInt8]] = [[], lookback, utf8("garbage"), requestLine(Scene.note()), utf8("  ")]
      let outcome = try sandbox.run(["replay", "-"], input: Array(lines.joined(separator: [0x0a])))
      #expect(outcome.lines.count == 2)
      #expect(outcome.lines.first?.hasPrefix("{\"id\":\"\",\"action\":\"reject\",\"msg\":\"invalid: ") == true)
      #expect(outcome.lines.last == "{\"id\":\"\(Scene.note().id.hex)\",\"action\":\"accept\"}")
    }

    @Test("Bare events are judged as from a sync source, or as --as says")
    func bareEvents() throws {
      let (orphan, id) = (scene.contribution(by: TestKey("a")).raw, scene.contribution(by: TestKey("a")).id.hex)
      let imported = try sandbox.run(["replay"], input: orphan)
      #expect(
        imported.lines == [
          "{\"id\":\"\(id)\",\"action\":\"reject\",\"msg\":\"error: missing campaign \(scene.project), parked\"}"
        ])
      let live = try sandbox.run(["replay", "--as", "IP4"], input: orphan)
      #expect(live.lines.first?.contains("\"msg\":\"error: project not found\"") == true)
      let both = try sandbox.run(["replay"], input: orphan + [0x0a] + scene.campaign().raw)
      #expect(both.lines.count == 2)
      #expect(both.lines.last?.contains("\"accept\"") == true)
    }

    @Test("A file that is not there ends replay, rebuild and explain with 1", arguments: ["replay", "rebuild", "explain"])
    func missingFile(command: String) throws {
      let outcome = try sandbox.run([command, "\(sandbox.folder)/nowhere"])
      #expect(outcome.status == 1)
      #expect(outcome.output.isEmpty)
      #expect(outcome.errors.contains("nowhere"))
    }

    @Test("state export into rebuild gives the same digest, decisions of the operator too")
    func exportAndRebuild() throws {
      let (first, second) = ("\(sandbox.folder)/first", "\(sandbox.folder)/second")
      _ = try sandbox.run(["replay", "--state", first], input: Array(story.joined(separator: [0x0a])))
      #expect(try sandbox.run(["campaign", "trust", scene.project, "--by", "alice", "--reason", "met the owner", "--state", first]).status == 0)
      let export = try sandbox.run(["state", "export", "--state", first])
      #expect(export.status == 0)
      #expect(export.lines.count == 5)
      #expect(export.lines.filter { $0.contains("\"sourceInfo\":\"wss://relay.example\",\"sourceType\":\"Stream\"") }.count == 1)
      #expect(export.lines.dropLast().last?.contains("\"reason\":\"met the owner\"") == true)
      let rebuilt = try sandbox.run(["rebuild", "--state", second, "--json"], input: Array(export.output.utf8))
      #expect(rebuilt.status == 0)
      let digests = (try digest(first), try digest(second))
      #expect(digests.0 != nil && digests.0 == digests.1)
      #expect(rebuilt.json?["digest"] as? String == digests.0?["all"])
      let names = ["crowdfunding", "collectives", "groups", "economy", "all"]
      #expect(Set(digests.0?.keys.sorted() ?? []) == Set(names + names.map { "outcomes \($0)" } + ["settings"]))
      #expect(digests.0?.values.map(\.count) == Array(repeating: 64, count: 11))
      let show = try sandbox.run(["campaign", "show", scene.project, "--state", second, "--json"])
      #expect(show.json?["trusted"] as? Bool == true)
    }

    @Test("state export into a file leaves the file alone on stdout")
    func exportToFile() throws {
      let state = "\(sandbox.folder)/first"
      _ = try sandbox.run(["replay", "--state", state], input: Array(story.joined(separator: [0x0a])))
      let file = "\(sandbox.folder)/export.jsonl"
      let outcome = try sandbox.run(["state", "export", file, "--state", state])
      #expect(outcome.status == 0 && outcome.output.isEmpty)
      #expect(try String(contentsOfFile: file, encoding: .utf8) == sandbox.run(["state", "export", "--state", state]).output)
      #expect(try sandbox.run(["state", "export", "/proc/no/file", "--state", state]).status == 1)
    }

    @Test("rebuild refuses a state that is not empty, and changes nothing")
    func rebuildOverState() throws {
      let state = "\(sandbox.folder)/first"
      _ = try sandbox.run(["replay", "--state", state], input: Array(story.joined(separator: [0x0a])))
      let before = try digest(state)
      let outcome = try sandbox.run(["rebuild", "--state", state], input: Scene("CF-OTHER").campaign().raw)
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("not empty"))
      #expect(try digest(state) == before)
    }

    @Test("rebuild of bare events says what they cannot restore")
    func rebuildOfBareEvents() throws {
      let outcome = try sandbox.run(["rebuild"], input: scene.contribution(by: TestKey("a")).raw + [0x0a] + scene.campaign().raw)
      #expect(outcome.status == 0)
      #expect(outcome.output.contains("missing: 2 events came without receivedAt and source"))
      #expect(outcome.output.contains("accepted 2"))
    }
  }
}
