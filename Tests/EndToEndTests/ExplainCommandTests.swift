// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

/// `explain`: one block, or one object, for each event, and a path that is true.
extension EndToEnd {
  @Suite struct ExplainCommandTests {
    let sandbox: Sandbox
    private let scene = Scene()
    private var newer: Event { scene.campaign(at: Scene.began + 1) }

    /// Two versions of a campaign and a contribution, judged by the plugin's rules.
    init() throws {
      sandbox = try Sandbox()
      let lines = [scene.campaign(), scene.campaign(at: Scene.began + 1), scene.contribution(by: TestKey("a"), amount: 20)].map { requestLine($0) }
      #expect(try sandbox.run(["replay", "--state", sandbox.statePath], input: Array(lines.joined(separator: [0x0a]))).status == 0)
    }

    private func rows(_ input: [UInt8], status: Int32) throws -> [[String: Any]] {
      let outcome = try sandbox.run(["explain", "-", "--json"], input: input)
      #expect(outcome.status == status)
      return try outcome.lines.map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
    }

    @Test("it ends with 0 for an event that would be accepted, with 1 for another, and changes nothing")
    func statuses() throws {
      // But for its last line, which says when it was made.
      let before = try sandbox.run(["state", "export"]).lines.dropLast()
      let good = try sandbox.run(["explain", "-"], input: requestLine(scene.contribution(by: TestKey("d"))))
      #expect(good.status == 0)
      #expect(good.output.contains("crowdfunding") && good.output.contains("accept"))
      let bad = try #require(try rows(requestLine(scene.contribution(by: TestKey("d"), amount: 5000)), status: 1).first)
      #expect(bad["action"] as? String == "reject" && bad["failed"] as? String == "K2")
      #expect((bad["msg"] as? String)?.hasPrefix("invalid: invalid amount") == true)
      #expect(try sandbox.run(["explain", "-"]).status == 1)
      #expect(try sandbox.run(["state", "export"]).lines.dropLast() == before)
    }

    @Test("without a state it judges on an empty one, and makes none")
    func withoutState() throws {
      let outcome = try sandbox.run(["explain", "-", "--state", "\(sandbox.folder)/none"], input: Scene.note().raw)
      #expect(outcome.status == 0)
      #expect(outcome.output.contains("nobody") && outcome.errors.contains("judged on an empty one"))
      #expect(!FileManager.default.fileExists(atPath: "\(sandbox.folder)/none"))
      #expect(try sandbox.leftovers().isEmpty)
    }

    @Test("a state that may not be read is not an empty one", arguments: [0, 1])
    func unreadableState(case number: Int) throws {
      let path = "\(sandbox.folder)/odd"
      switch number {
      case 0: try sandbox.write([], to: "odd")
      default: symlink(path, path)
      }
      let event = requestLine(scene.contribution(by: TestKey("d")))
      for arguments in [["explain", "-"], ["status"], ["campaign", "list"], ["state", "digest"]] {
        let outcome = try sandbox.run(arguments + ["--state", path], input: event)
        #expect(outcome.status == 74 && outcome.output.isEmpty)
        #expect(outcome.errors.contains(path) && !outcome.errors.contains("there is no state") && !outcome.errors.contains("does not exist"))
      }
    }

    @Test("a superseded version is known and blames no check; so is what was accepted")
    func known() throws {
      let superseded = try #require(try rows(scene.campaign().raw, status: 1).first)
      #expect(superseded["known"] as? Bool == true && superseded["failed"] is NSNull && superseded["passed"] as? [String] == [])
      #expect(superseded["msg"] as? String == "duplicate: superseded by \(newer.id.short)")
      let text = try sandbox.run(["explain", "-"], input: scene.campaign().raw).output
      #expect(text.contains("known         it was accepted before") && !text.contains("failed"))
      let accepted = try #require(try rows(newer.raw, status: 0).first)
      #expect(accepted["known"] as? Bool == true && accepted["action"] as? String == "accept")
    }

    @Test("each event is named: id, kind and author, with its line")
    func names() throws {
      let (first, second) = (scene.contribution(by: TestKey("d")), Scene.note())
      let found = try rows(first.raw + utf8("\n\n") + second.raw, status: 0)
      #expect(found.map { $0["id"] as? String } == [first.id.hex, second.id.hex])
      #expect(found.map { $0["kind"] as? Int } == [7, 1] && found.map { $0["line"] as? Int } == [1, 3])
      #expect(found.map { $0["author"] as? String } == [TestKey("d").hex, TestKey("author").hex])
      #expect(found.map { $0["createdAt"] as? UInt64 } == [first.createdAt, second.createdAt])
      let text = try sandbox.run(["explain", "-"], input: first.raw + utf8("\n") + second.raw).output
      #expect(text.components(separatedBy: "\n\n").map { $0.hasPrefix("event         ") } == [true, true])
      #expect(text.contains("kind          7, by \(TestKey("d").hex)"))
    }

    @Test("a broken line is told with its line, and the rest goes on")
    func brokenLine() throws {
      let gift = scene.contribution(by: TestKey("d"))
      let found = try rows(gift.raw + utf8("\nbroken\n") + Scene.note().raw, status: 1)
      #expect(found.map { $0["line"] as? Int } == [1, 2, 3] && found.map { $0["action"] as? String } == ["accept", "reject", "accept"])
      #expect(found[1]["msg"] as? String == "invalid: line is not JSON")
      let text = try sandbox.run(["explain", "-"], input: utf8("broken\n") + gift.raw)
      #expect(text.status == 1 && text.output.contains("line 1        no event") && text.output.contains("decision      accept"))
    }

    @Test("an id of the journal stands for its event")
    func journalID() throws {
      let outcome = try sandbox.run(["explain", newer.id.hex, "--json"])
      #expect(outcome.status == 0 && outcome.json?["id"] as? String == newer.id.hex && outcome.json?["known"] as? Bool == true)
      let unknown = try sandbox.run(["explain", Scene.note().id.hex])
      #expect(unknown.status == 1 && unknown.errors.contains("was never accepted here"))
    }
  }
}
