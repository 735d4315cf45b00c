// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

/// `state merge`: another node's export, or bare events, into a state that may be in use.
extension EndToEnd {
  @Suite struct MergeTests {
    let sandbox: Sandbox
    private let scene = Scene()
    private let other: String
    private static let node = TestKey("node")

    init() throws {
      sandbox = try Sandbox(configuration: "{ state: { durability: \"relaxed\" }, node: { publicKey: \"\(Self.node.hex)\" } }")
      other = "\(sandbox.folder)/other"
    }

    /// The export of another node that accepted these.
    private func export(_ events: [Event], decisions: [[String]] = []) throws -> [[UInt8]] {
      _ = try sandbox.run(["replay", "--state", other], input: Array(events.map { requestLine($0) }.joined(separator: [0x0a])))
      for decision in decisions { #expect(try sandbox.run(decision + ["--state", other]).status == 0) }
      return try sandbox.run(["state", "export", "--state", other]).lines.map(utf8)
    }

    private func merge(_ lines: [[UInt8]], _ options: [String] = []) throws -> Sandbox.Outcome {
      try sandbox.run(["state", "merge", "-", "--json"] + options, input: Array(lines.joined(separator: [0x0a])))
    }

    private func digest(_ options: [String] = []) throws -> String? {
      try sandbox.run(["state", "digest", "--json"] + options).json?["all"] as? String
    }

    /// The journal's rows.
    private func rows(_ options: [String] = []) throws -> [[String: Any]] {
      try sandbox.run(["state", "export"] + options).lines.dropLast().map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
    }

    private func outbox(_ name: String? = nil) throws -> [[String: Any]] {
      try sandbox.run(["outbox", "list", "--json"]).lines.map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }.filter { name == nil || $0["followUp"] as? String == name }
    }

    private func begin(_ events: [Event] = [Scene.note()]) throws {
      try sandbox.accept(events)
    }

    private var story: [Event] {
      [scene.campaign(), scene.contribution(by: TestKey("a"), amount: 20), scene.contribution(by: TestKey("b"), amount: 22)]
    }

    @Test("an export is merged into the state of a relay that runs, which judges on with what came")
    func running() throws {
      let lines = try export(story)
      let relay = try Relay(sandbox)
      #expect(try relay.judge(story[0]).action == "accept")
      let outcome = try merge(lines)
      #expect(outcome.status == 0)
      #expect(outcome.json?["accepted"] as? Int == 2 && outcome.json?["known"] as? Int == 1 && outcome.json?["refused"] as? Int == 0)
      #expect(try digest() == digest(["--state", other]))
      #expect(try relay.judge(story[1]).action == "accept")
      #expect(try relay.judge(scene.contribution(by: TestKey("c"), amount: 3)).action == "accept")
      relay.closeInput()
      #expect(relay.child.end() == .exited(0))
      #expect(try rows().count == 4)
    }

    @Test("the same file twice changes nothing the second time")
    func twice() throws {
      let lines = try export(story)
      try begin()
      #expect(try merge(lines).json?["accepted"] as? Int == 3)
      let before = try rows().count
      let again = try merge(lines)
      #expect(again.status == 0 && again.json?["accepted"] as? Int == 0 && again.json?["known"] as? Int == 3)
      #expect(try rows().count == before)
    }

    @Test("two nodes that merge each other's exports have one digest, and so has a rebuild of it")
    func roundTrip() throws {
      let (mine, theirs) = (Scene("CF-20260303-EF56"), Scene("CF-20260404-AB78"))
      let lines = try export([theirs.campaign(status: "vote_pending"), theirs.vote(by: TestKey("a")), theirs.vote(by: TestKey("b"))])
      try sandbox.accept([mine.campaign(), mine.contribution(by: TestKey("c")), mine.contribution(by: TestKey("d"))])
      let own = try sandbox.run(["state", "export"]).lines.map(utf8)
      #expect(try merge(lines).status == 0)
      #expect(try merge(own, ["--state", other]).status == 0)
      let merged = try #require(try digest())
      #expect(try digest(["--state", other]) == merged)
      let second = "\(sandbox.folder)/second"
      let all = try sandbox.run(["state", "export"]).output
      #expect(try sandbox.run(["rebuild", "--state", second], input: utf8(all)).status == 0)
      #expect(try digest(["--state", second]) == merged)
    }

    @Test("nothing of a cut export is taken; --no-trailer takes what there is", arguments: [1, 3])
    func cut(count: Int) throws {
      let lines = Array(try export(story).prefix(count))
      try begin()
      let outcome = try merge(lines)
      #expect(outcome.status == 1)
      #expect(
        outcome.errors.contains("stdin holds \(count) request lines without the end of their export: it was cut or damaged, and nothing is merged"))
      #expect(try rows().isEmpty)
      #expect(try merge(lines, ["--no-trailer"]).json?["accepted"] as? Int == count)
      #expect(try FileManager.default.contentsOfDirectory(atPath: sandbox.statePath).allSatisfy { !$0.hasPrefix("scratch") })
    }

    @Test("all is judged as from sync, received now; only the url of another relay is kept of where it came from")
    func sources() throws {
      try begin()
      let lines = [
        requestLine(story[0], receivedAt: 1_700_000_000, sourceType: "IP4"), requestLine(story[1], receivedAt: 1_700_000_001, sourceType: "Local"),
        requestLine(story[2], receivedAt: 1_700_000_002, sourceType: "Stream", sourceInfo: "wss://relay.example"),
      ]
      #expect(try merge(lines, ["--no-trailer"]).json?["accepted"] as? Int == 3)
      let found = try rows()
      #expect(found.map { $0["sourceType"] as? String } == ["Import", "Import", "Stream"])
      #expect(found[2]["sourceInfo"] as? String == "wss://relay.example")
      #expect(found.allSatisfy { ($0["receivedAt"] as? Int ?? 0) > 1_750_000_000 })
    }

    @Test("events that come newest first are all taken, whatever they wait for")
    func newestFirst() throws {
      try begin()
      let chain = GroupScene()
      let outcome = try merge((story + chain.events).reversed().map(\.raw))
      #expect(outcome.status == 0)
      #expect(outcome.json?["accepted"] as? Int == 8 && outcome.json?["parked"] as? Int == 0)
    }

    @Test("an event that is dated before what it names is taken in the same run")
    func datedBefore() throws {
      try begin()
      let early = scene.contribution(by: TestKey("a"), at: Scene.began + 1)
      let outcome = try merge([early.raw, scene.campaign(at: Scene.began + 2).raw])
      #expect(outcome.json?["accepted"] as? Int == 2 && outcome.json?["parked"] as? Int == 0)
    }

    @Test("what is refused is told by its reason: of bare events that is no failure, of an export it is")
    func refused() throws {
      try begin([scene.campaign()])
      let tooMuch = scene.contribution(by: TestKey("c"), amount: 1001)
      let bare = try merge([tooMuch.raw, Scene.note().raw])
      #expect(bare.status == 0 && bare.json?["unclaimed"] as? Int == 1)
      #expect(bare.json?["reasons"] as? [String: Int] == ["invalid: invalid amount: a whole number from": 1])
      #expect(try merge([requestLine(tooMuch)], ["--no-trailer"]).status == 1)
      #expect(try merge([requestLine(story[1])], ["--no-trailer"]).status == 0)
    }

    @Test("what is dated ahead of the run is refused, whatever receipt its line claims")
    func future() throws {
      try begin([scene.campaign()])
      let now = UInt64(Date().timeIntervalSince1970)
      let (ahead, soon) = (scene.contribution(by: TestKey("a"), at: now + 2000), scene.contribution(by: TestKey("b"), at: now + 300))
      let outcome = try merge([requestLine(ahead, receivedAt: now + 5000), requestLine(soon, receivedAt: now)], ["--no-trailer"])
      #expect(outcome.json?["accepted"] as? Int == 1)
      #expect(outcome.json?["reasons"] as? [String: Int] == ["invalid: created_at is in the future": 1])
    }

    @Test("what waits for something that nobody has is told, and taken once a later merge brings it")
    func waiting() throws {
      try begin()
      let first = try merge([requestLine(story[1])], ["--no-trailer"])
      #expect(first.status == 1 && first.json?["parked"] as? Int == 1 && first.json?["refused"] as? Int == 0)
      let second = try merge([requestLine(story[0])], ["--no-trailer"])
      #expect(second.status == 0 && second.json?["accepted"] as? Int == 1 && second.json?["released"] as? Int == 1)
      #expect(try rows().count == 2)
    }

    @Test("what waited here, and was refused to the relay, is handed to it once; what is merged is not")
    func deliveredOnce() throws {
      let relay = try Relay(sandbox)
      #expect(try relay.judge(story[1], source: "Sync").message?.hasSuffix("parked") == true)
      relay.closeInput()
      #expect(relay.child.end() == .exited(0))
      for round in 0..<2 {
        let outcome = try merge(story.reversed().map { requestLine($0) }, ["--no-trailer"])
        #expect(outcome.json?[round == 0 ? "accepted" : "known"] as? Int ?? 0 >= 2)
        #expect(try outbox("parked-event").map { $0["id"] as? String } == [story[1].id.hex])
      }
      #expect(try rows().count == 3)
    }

    @Test("decisions of the other node's operator are not taken")
    func decisions() throws {
      let lines = try export(story, decisions: [["campaign", "trust", scene.project, "--by", "bob", "--reason", "met"]])
      try begin()
      let outcome = try merge(lines)
      #expect(outcome.status == 0 && outcome.json?["decisions"] as? Int == 1 && outcome.json?["accepted"] as? Int == 3)
      #expect(try rows().allSatisfy { $0["type"] as? String == "new" })
      #expect(try sandbox.run(["campaign", "show", scene.project, "--json"]).json?["trusted"] as? Bool == false)
    }

    @Test("a merged version that a live one replaced here is archived for the others, as from any sync")
    func archives() throws {
      try begin([scene.campaign(at: Scene.began + 100)])
      #expect(try merge([scene.campaign().raw]).json?["accepted"] as? Int == 1)
      // The worker makes it, also where nothing takes it yet.
      _ = try sandbox.run(["deliver", "--once"])
      #expect(try outbox("archive").map { $0["kind"] as? Int } == [16])
    }

    @Test("a line that cannot be read is told with its place, and the others are taken")
    func unreadable() throws {
      try begin()
      let outcome = try sandbox.run(["state", "merge", "-"], input: story[0].raw + utf8("\n{\"event\":{\"id\"\n") + story[1].raw)
      #expect(outcome.status == 1)
      #expect(outcome.output.contains("accepted 2") && outcome.output.contains("stdin:2: invalid: line is not JSON"))
    }

    @Test("there has to be a state, and a file")
    func missing() throws {
      #expect(try merge([story[0].raw]).status == 74)
      #expect(!FileManager.default.fileExists(atPath: sandbox.statePath))
      try begin()
      #expect(try sandbox.run(["state", "merge", "\(sandbox.folder)/nothing"]).status == 1)
      #expect(try sandbox.run(["state", "merge", sandbox.folder]).errors.contains("it is a folder"))
    }
  }
}
