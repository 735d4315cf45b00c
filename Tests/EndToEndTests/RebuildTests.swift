// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

/// Exports and what is rebuilt of them: whole, or not at all.
extension EndToEnd {
  @Suite struct RebuildTests {
    let sandbox: Sandbox
    private let scene = Scene()
    private let export: [[UInt8]]
    private var second: String { "\(sandbox.folder)/second" }

    /// An export of a campaign and two contributions, with its end.
    init() throws {
      sandbox = try Sandbox()
      let lines = [
        requestLine(scene.campaign()), requestLine(scene.contribution(by: TestKey("a"), amount: 20)),
        requestLine(scene.contribution(by: TestKey("b"), amount: 22)),
      ]
      _ = try sandbox.run(["replay", "--state", "\(sandbox.folder)/first"], input: Array(lines.joined(separator: [0x0a])))
      export = try sandbox.run(["state", "export", "--state", "\(sandbox.folder)/first"]).lines.map(utf8)
      try #require(export.count == 4)
    }

    private func rebuild(_ lines: [[UInt8]], _ options: [String] = []) throws -> Sandbox.Outcome {
      try sandbox.run(["rebuild", "--state", second] + options, input: Array(lines.joined(separator: [0x0a])))
    }

    /// Nothing of a rebuild is there, nor of what it made on the way.
    private var isNothingLeft: Bool { !FileManager.default.fileExists(atPath: second) }

    private func digest(_ state: String) throws -> String? {
      try sandbox.run(["state", "digest", "--json", "--state", state]).json?["all"] as? String
    }

    @Test("an export ends with its rows, its digest and the hash of its settings")
    func trailer() throws {
      let state = "\(sandbox.folder)/first"
      let end = try #require(try JSONSerialization.jsonObject(with: Data(export[3])) as? [String: Any])
      let digest = try #require(try sandbox.run(["state", "digest", "--json", "--state", state]).json)
      #expect(end["type"] as? String == "end" && end["rows"] as? Int == 3)
      #expect(end["settings"] as? String == digest["settings"] as? String)
      #expect(end["digest"] as? [String: String] == digest.compactMapValues { $0 as? String }.filter { $0.key != "settings" })
      #expect(end["outcomes"] as? [String: String] == digest["outcomes"] as? [String: String])
      #expect(String(decoding: export[3], as: UTF8.self).hasPrefix("{\"type\":\"end\",\"rows\":3,\"digest\":{"))
    }

    @Test("a whole export is rebuilt to the same digest, and only the state is left behind")
    func whole() throws {
      let outcome = try rebuild(export)
      #expect(outcome.status == 0)
      #expect(try digest(second) == digest("\(sandbox.folder)/first"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: second).filter { $0.hasPrefix("rebuild") }.isEmpty)
    }

    @Test("a cut export is refused, and nothing is left; --no-trailer takes it", arguments: [1, 2, 3])
    func cut(count: Int) throws {
      let outcome = try rebuild(Array(export.prefix(count)))
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("stdin holds \(count) request lines without the end of their export"))
      #expect(isNothingLeft)
      #expect(try rebuild(Array(export.prefix(count)), ["--no-trailer"]).status == 0)
      #expect(try sandbox.run(["state", "export", "--state", second]).lines.count == count + 1)
    }

    @Test("an export that lacks a row in the middle, or holds one twice, or a damaged one, is refused", arguments: [0, 1, 2])
    func wrongRows(case number: Int) throws {
      var lines = export
      switch number {
      case 0: lines.remove(at: 1)
      case 1: lines.insert(export[1], at: 1)
      default: lines[1] = Array(export[1].dropLast(5))
      }
      let outcome = try rebuild(lines, ["--json"])
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("rows of an export that had 3"))
      #expect(outcome.json?["kept"] as? Bool == false && outcome.json?["unreadable"] as? Int == (number == 2 ? 1 : 0))
      #expect(isNothingLeft)
    }

    @Test("an unreadable line is told with its file and line")
    func unreadable() throws {
      let path = try sandbox.write(lines: [export[0], utf8("{\"event\":{\"id\""), export[1]], to: "damaged.jsonl")
      let outcome = try sandbox.run(["rebuild", "--state", second, "--no-trailer", path])
      #expect(outcome.status == 1)
      #expect(outcome.output.contains("1 lines are neither requests nor events"))
      #expect(outcome.output.contains("damaged.jsonl:2: invalid: line is not JSON"))
      #expect(outcome.output.contains("accepted 2"))
    }

    @Test("two exports one after the other have two ends; the second one's may not be missing")
    func twoExports() throws {
      #expect(try rebuild(export + export).status == 0)
      try FileManager.default.removeItem(atPath: second)
      #expect(try rebuild(export + export.dropLast()).status == 1)
      #expect(isNothingLeft)
      let (first, other) = (try sandbox.write(lines: export.dropLast(), to: "1.jsonl"), try sandbox.write(lines: export, to: "2.jsonl"))
      let outcome = try sandbox.run(["rebuild", "--state", second, first, other])
      #expect(outcome.status == 1 && outcome.errors.contains("1.jsonl holds 3 request lines without the end"))
    }

    @Test("bare events need no end")
    func bare() throws {
      #expect(try rebuild([scene.campaign().raw, scene.contribution(by: TestKey("a")).raw]).status == 0)
    }

    @Test("replay and explain pass over the end of an export")
    func elsewhere() throws {
      let input = Array(export.joined(separator: [0x0a]))
      #expect(try sandbox.run(["replay"], input: input).lines.count == 3)
      #expect(try sandbox.run(["explain", "-", "--json"], input: input).lines.count == 3)
    }

    @Test("an end whose digest is another's is told, and so are other settings")
    func otherDigest() throws {
      var lines = export
      let text = String(decoding: export[3], as: UTF8.self)
      let all = try #require(try digest("\(sandbox.folder)/first"))
      lines[3] = utf8(text.replacingOccurrences(of: all, with: String(repeating: "0", count: 64)))
      let outcome = try rebuild(lines)
      #expect(outcome.status == 1)
      #expect(outcome.output.contains("differs: the export's digest was 0000"))
      try FileManager.default.removeItem(atPath: second)
      try sandbox.configure("{ crowdfunding: { assetsVoteQuorum: 3 } }")
      let other = try rebuild(lines)
      #expect(other.status == 0)
      #expect(other.output.contains("note: the export was made with other settings"))
    }

    @Test("rebuild takes an empty state's place, and keeps what else stands in its folder; one that is in use it leaves alone")
    func emptyState() throws {
      let relay = try Relay(sandbox, arguments: ["run", "--state", second])
      #expect(try relay.judge(Scene.note()).action == "accept")
      let busy = try rebuild(export)
      #expect(busy.status == 1)
      #expect(busy.errors.contains("is in use (process \(relay.child.processID))"))
      relay.closeInput()
      #expect(relay.child.end() == .exited(0))
      try Data("x".utf8).write(to: URL(fileURLWithPath: "\(second)/keep"))
      #expect(try rebuild(Array(export.dropLast())).status == 1)
      #expect(try sandbox.run(["state", "export", "--state", second]).lines.count == 1)
      #expect(try rebuild(export).status == 0)
      #expect(try digest(second) == digest("\(sandbox.folder)/first"))
      #expect(FileManager.default.fileExists(atPath: "\(second)/keep"))
    }

    @Test("what root rebuilds in somebody's folder belongs to that one", .enabled(if: geteuid() == 0, "needs root"))
    func owner() throws {
      let parent = "\(sandbox.folder)/theirs"
      mkdir(parent, 0o755)
      chown(parent, 65534, 65534)
      #expect(try sandbox.run(["rebuild", "--state", "\(parent)/a/state"], input: Array(export.joined(separator: [0x0a]))).status == 0)
      for path in ["a", "a/state", "a/state/data.mdb"] {
        #expect(try FileManager.default.attributesOfItem(atPath: "\(parent)/\(path)")[.ownerAccountID] as? Int == 65534, "\(path)")
      }
    }

    @Test("the reasons of refusals end before what varies, without a blank")
    func reasons() throws {
      let over = [scene.contribution(by: TestKey("c"), amount: 1001).raw, scene.contribution(by: TestKey("d"), amount: 2000).raw]
      let outcome = try rebuild([scene.campaign().raw] + over, ["--json"])
      #expect(outcome.json?["reasons"] as? [String: Int] == ["invalid: invalid amount: a whole number from": 2])
    }

    @Test("export never writes over a file, unless it is told to, and leaves no half of one")
    func overwriting() throws {
      let (state, file) = ("\(sandbox.folder)/first", try sandbox.write(utf8("mine"), to: "export.jsonl"))
      let outcome = try sandbox.run(["state", "export", file, "--state", state])
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("is there already; --force replaces it"))
      #expect(try String(contentsOfFile: file, encoding: .utf8) == "mine")
      #expect(try sandbox.run(["state", "export", file, "--force", "--state", state]).status == 0)
      #expect(try String(contentsOfFile: file, encoding: .utf8).hasSuffix("}}\n"))
      #expect(try sandbox.run(["state", "export", sandbox.folder, "--force", "--state", state]).errors.contains("it is a folder"))
      #expect(try sandbox.run(["state", "export", "/dev/null", "--state", state]).status == 0)
      #expect(try sandbox.run(["state", "export", "/dev/full", "--state", state]).status == 1)
      #expect(try sandbox.leftovers().isEmpty)
    }
  }
}
