// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

/// `state diff`: what two nodes lack of each other.
extension EndToEnd {
  @Suite struct DiffTests {
    let sandbox: Sandbox
    private let scene = Scene()
    private let other: String
    private static let node = TestKey("node")

    init() throws {
      sandbox = try Sandbox()
      other = "\(sandbox.folder)/other"
    }

    private func export(_ events: [Event]) throws -> [[UInt8]] {
      _ = try sandbox.run(["replay", "--state", other], input: Array(events.map { requestLine($0) }.joined(separator: [0x0a])))
      return try sandbox.run(["state", "export", "--state", other]).lines.map(utf8)
    }

    private func diff(_ lines: [[UInt8]], _ options: [String] = []) throws -> Sandbox.Outcome {
      try sandbox.run(["state", "diff", "-"] + options, input: Array(lines.joined(separator: [0x0a])))
    }

    private func rows(_ lines: [[UInt8]], _ options: [String] = []) throws -> [[String: Any]] {
      try diff(lines, ["--json"] + options).lines.map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
    }

    private func ids(_ rows: [[String: Any]], lackedBy side: String) -> [String?] {
      rows.filter { $0["lackedBy"] as? String == side }.map { $0["id"] as? String }
    }

    private var story: [Event] {
      [scene.campaign(), scene.contribution(by: TestKey("a"), amount: 20), scene.contribution(by: TestKey("b"), amount: 22, at: Scene.began + 11)]
    }

    @Test("two nodes with the same events are the same, and it ends with 0")
    func same() throws {
      let lines = try export(story)
      try sandbox.accept(story.reversed().sorted { $0.createdAt < $1.createdAt })
      let outcome = try diff(lines)
      #expect(outcome.status == 0)
      #expect(outcome.lines.first == "settings      the same")
      #expect(outcome.lines.contains("crowdfunding  the same") && outcome.lines.contains("lacked here   0 events"))
      #expect(try rows(lines).last?["same"] as? Bool == true)
    }

    @Test("what each side lacks is told with kind and author, the oldest first, and it ends with 1")
    func lacked() throws {
      let mine = scene.contribution(by: TestKey("c"), amount: 5)
      let lines = try export(story)
      try sandbox.accept([story[0], mine])
      let outcome = try diff(lines)
      #expect(outcome.status == 1)
      #expect(outcome.lines.contains("lacked here   2 events: 2 of kind 7"))
      #expect(outcome.lines.contains("  \(mine.id.hex) of kind 7 by \(TestKey("c").hex)"))
      #expect(outcome.lines.contains { $0.hasPrefix("crowdfunding  differs (here ") } && outcome.lines.contains("groups        the same"))
      let found = try rows(lines)
      #expect(ids(found, lackedBy: "here") == [story[1].id.hex, story[2].id.hex])
      #expect(ids(found, lackedBy: "there") == [mine.id.hex])
      #expect(found.last?["lackedHere"] as? Int == 2 && found.last?["differingDigests"] as? Int == 1)
    }

    @Test("once each side has merged the other's export there is nothing left to tell")
    func afterMerging() throws {
      let lines = try export(story)
      try sandbox.accept([story[0], scene.contribution(by: TestKey("c"), amount: 5)])
      let own = try sandbox.run(["state", "export"]).output
      _ = try sandbox.run(["state", "merge", "-"], input: Array(lines.joined(separator: [0x0a])))
      #expect(try sandbox.run(["state", "merge", "-", "--state", other], input: utf8(own)).status == 0)
      #expect(try diff(sandbox.run(["state", "export", "--state", other]).lines.map(utf8)).status == 0)
    }

    @Test("what the two decided otherwise is told though they know the same events")
    func outcomes() throws {
      var lines = try export(story)
      try sandbox.accept(story)
      let digest = try #require(try sandbox.run(["state", "digest", "--json"]).json)
      let own = try #require((digest["outcomes"] as? [String: String])?["crowdfunding"])
      let end = String(decoding: lines.removeLast(), as: UTF8.self)
      #expect(try diff(lines + [utf8(end)]).status == 0)
      let other = end.replacingOccurrences(of: own, with: String(repeating: "0", count: 64))
      #expect(other != end)
      let outcome = try diff(lines + [utf8(other)])
      #expect(outcome.status == 1 && outcome.lines.contains("crowdfunding  the same"))
      #expect(outcome.lines.contains { $0.hasPrefix("crowdfunding  is decided otherwise (here ") })
      #expect(try rows(lines + [utf8(other)]).last?["differingOutcomes"] as? Int == 1)
      // An export by a program that did not say.
      let silent = try #require(end.range(of: ",\"at\":"))
      #expect(try diff(lines + [utf8(end[..<silent.lowerBound] + "}")]).status == 0)
    }

    @Test("other settings are said first, and alone are no difference")
    func settings() throws {
      let lines = try export(story)
      try sandbox.accept(story)
      try sandbox.configure("{ state: { durability: \"relaxed\" }, crowdfunding: { assetsVoteQuorum: 3 } }")
      let outcome = try diff(lines)
      #expect(outcome.lines.first?.hasPrefix("settings      differ (here ") == true)
      let first = try #require(try rows(lines).first)
      #expect(first["what"] as? String == "settings" && first["same"] as? Bool == false)
    }

    @Test("of what a relay holds only claimed events are compared, and an archive stands for what it carries")
    func bare() throws {
      try sandbox.configure("{ state: { durability: \"relaxed\" }, crowdfunding: { nodes: [\"\(Self.node.hex)\"] } }")
      try sandbox.accept([story[0]])
      let archive = Self.node.event(
        kind: 16, tags: [["e", story[1].id.hex], ["k", "7"], ["L", "commonsguard"], ["l", "archive", "commonsguard"]],
        content: String(decoding: story[1].raw, as: UTF8.self))
      let foreign = TestKey("x").event(kind: 16, tags: [["l", "archive"]], content: String(decoding: story[2].raw, as: UTF8.self))
      let lines = [Scene.note().raw, story[0].raw, archive.raw, foreign.raw]
      let found = try rows(lines)
      #expect(ids(found, lackedBy: "here") == [story[1].id.hex] && ids(found, lackedBy: "there").isEmpty)
      #expect(found.filter { $0["what"] as? String == "digest" }.allSatisfy { $0["there"] is NSNull })
      #expect(try diff([Scene.note().raw, story[0].raw]).status == 0)
    }

    @Test("more than is sorted at once is compared all the same")
    func many() throws {
      try sandbox.accept([story[0]])
      var lines = [story[0].raw]
      for number in 0..<4000 {
        let id = String(repeating: "0", count: 58) + String(100_000 + (number * 7919) % 4000)
        let text =
          "{\"event\":{\"id\":\"\(id)\",\"pubkey\":\"\(Self.node.hex)\",\"created_at\":\(1_700_000_000 + number % 50),\"kind\":7,\"tags\":[],"
          + "\"content\":\"\",\"sig\":\"\(String(repeating: "0", count: 128))\"},\"receivedAt\":1,\"sourceType\":\"IP4\",\"type\":\"new\"}"
        lines.append(utf8(text))
      }
      // Twice, and the journal's own event among them.
      let found = try rows(lines + lines, ["--no-trailer"])
      let here = ids(found, lackedBy: "here").compactMap { $0 }
      #expect(here.count == 4000 && Set(here).count == 4000 && ids(found, lackedBy: "there").isEmpty)
      let times = found.compactMap { $0["createdAt"] as? Int }
      #expect(times == times.sorted())
      #expect(try diff(lines, ["--no-trailer"]).lines.contains("  and 3980 more, which --json prints"))
    }

    @Test("a cut export is not compared; --no-trailer compares what there is")
    func cut() throws {
      let lines = try export(story).dropLast()
      try sandbox.accept(story)
      let outcome = try diff(Array(lines))
      #expect(outcome.status == 1 && outcome.output.isEmpty && outcome.errors.contains("nothing is compared"))
      #expect(try diff(Array(lines), ["--no-trailer"]).status == 0)
    }

    @Test("it writes nothing, and needs a state")
    func writesNothing() throws {
      let lines = try export(story)
      #expect(try diff(lines).status == 74)
      try sandbox.accept([story[0]])
      let before = FileManager.default.contents(atPath: "\(sandbox.statePath)/data.mdb")
      _ = try diff(lines)
      #expect(FileManager.default.contents(atPath: "\(sandbox.statePath)/data.mdb") == before)
      #expect(try sandbox.leftovers().isEmpty)
    }
  }
}
