// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

/// Groups through the built program: their kinds, time stamps, and a state that is made again.
extension EndToEnd {
  @Suite struct GroupStateTests {
    typealias Scene = GroupScene
    private let sandbox: Sandbox
    private let story = GroupScene()
    private let note = EndToEndTests.Scene.note()

    init() throws {
      sandbox = try Sandbox()
      try sandbox.configureGroups()
    }

    // MARK: Kinds

    @Test(
      "GT-X03 kinds that are others', or that another domain claims, are a configuration error",
      arguments: [
        "groups: { kinds: { init: 1040 } }", "groups: { kinds: { vote: 4830 } }", "groups: { kinds: { attest: 1409 } }",
        "collectives: { voteKinds: [4832] }", "collectives: { leadtimeKinds: [1414, 4830] }",
      ])
    func kindCollision(configuration: String) throws {
      try sandbox.configure("{ state: { durability: \"relaxed\" }, \(configuration) }")
      #expect(try sandbox.run(["group", "list"]).status == 78)
      let check = try sandbox.run(["check-config"])
      #expect(check.status == 78 && check.errors.contains("groups.kinds."))
      let relay = try Relay(sandbox)
      #expect(try relay.judge(Scene.opening([Scene.alice])).message == "error: not configured")
    }

    @Test("a kind of a domain that is switched off can be had")
    func freeKind() throws {
      try sandbox.configure("{ state: { durability: \"relaxed\" }, collectives: { enabled: false, voteKinds: [4832] } }")
      #expect(try sandbox.run(["check-config"]).status == 0)
      try sandbox.accept([Scene.opening([Scene.alice])])
    }

    @Test("GT-X04 with other kinds than the state's groups were made with, run answers not configured and commands end with 78")
    func changedKinds() throws {
      let group = Scene.opening([Scene.alice])
      try sandbox.accept([group])
      try sandbox.configureGroups(", kinds: { init: 4930 }")
      let relay = try Relay(sandbox)
      let other = Scene.opening([Scene.alice], at: Scene.start + 1, kind: 4930)
      #expect(try relay.judge(other) == .reject(other.id.hex, "error: not configured"))
      relay.closeInput()
      for arguments in [
        ["group", "list"], ["group", "show", group.id.hex], ["group", "member", group.id.hex, Scene.alice.hex], ["group", "history", group.id.hex],
      ] {
        let outcome = try sandbox.run(arguments)
        #expect(outcome.status == 78 && outcome.errors.contains("init=4830"))
      }
      try sandbox.configureGroups()
      #expect(try sandbox.run(["group", "list"]).lines.count == 1)
      try sandbox.accept([Scene.opening([Scene.bob], at: Scene.start + 2)])
    }

    @Test("a state without groups takes other kinds")
    func kindsOfAnEmptyState() throws {
      try sandbox.accept([note])
      try sandbox.configureGroups(", kinds: { init: 4930 }")
      try sandbox.accept([Scene.opening([Scene.alice], kind: 4930)])
      #expect(try sandbox.run(["group", "list"]).lines.count == 1)
    }

    // MARK: Time stamps

    @Test("a NIP-03 time stamp of a modification is accepted, journalled, and confirms it")
    func goodTimestamp() throws {
      try sandbox.accept(story.events)
      let stamp = Scene.timestamp(of: story.removal, at: Scene.start + 3 * Scene.day)
      try sandbox.writeHeaders(for: story.removal, blockTime: stamp.createdAt)
      try sandbox.accept([stamp, stamp])
      #expect(try sandbox.run(["state", "export"]).lines.count { $0.contains(stamp.id.hex) } == 1)
      let statuses = try sandbox.rows(["group", "history", story.group.id.hex]).map { $0["status"] as? String }
      #expect(statuses == ["confirmed", "confirmed", "confirmed"])
    }

    @Test("a NIP-03 time stamp of a group's event is refused for what is wrong with it; of anything else it is nobody's")
    func badTimestamps() throws {
      try sandbox.accept(story.events)
      let time = Scene.start + 3 * Scene.day
      let relay = try Relay(sandbox)
      let foreign = Scene.timestamp(of: story.removal, with: story.group, at: time)
      #expect(try relay.judge(foreign, receivedAt: time).message == "invalid: OTS proof is for another event")
      let garbage = Scene.zoe.event(kind: 1040, createdAt: time, tags: [["e", story.removal.id.hex]], content: "aGk=")
      #expect(try relay.judge(garbage, receivedAt: time).message == "invalid: malformed OTS proof")
      let early = Scene.timestamp(of: story.removal, at: story.removal.createdAt - 1)
      #expect(try relay.judge(early, receivedAt: time).message == "invalid: attestation older than its target")
      // The header of block 1 holds another root.
      try sandbox.writeHeaders(for: story.group, blockTime: time)
      #expect(try relay.judge(Scene.timestamp(of: story.removal, at: time), receivedAt: time).message == "invalid: OTS does not match block 1")
      #expect(try relay.judge(Scene.timestamp(of: note, at: time), receivedAt: time).action == "accept")
      relay.closeInput()
      #expect(relay.child.end() == .exited(0))
      #expect(!(try sandbox.run(["state", "export"]).output.contains("\"kind\":1040")))
    }

    @Test("with acceptNip03 off a time stamp is nobody's")
    func ignoredTimestamp() throws {
      try sandbox.configureGroups(", acceptNip03: false")
      try sandbox.accept(story.events + [Scene.timestamp(of: story.removal, with: story.group, at: Scene.start + 3 * Scene.day)])
      #expect(!(try sandbox.run(["state", "export"]).output.contains("\"kind\":1040")))
    }

    // MARK: Rebuild

    @Test("GT-X05 an export, also in another order, gives the same digest; foreign bare events are refused as at first")
    func rebuild() throws {
      let later = Scene.start + 20 * Scene.day
      let proposal = Scene.event(4831, by: Scene.alice, in: story.group, at: later, [["parent", story.removal.id.hex]], "{\"remove\":[1]}")
      let vote = Scene.event(4832, by: Scene.bob, in: story.group, at: later + 1, [["proposal", proposal.id.hex]], "true")
      let consented = Scene.modification(
        by: Scene.alice, in: story.group, on: story.removal, at: later + 2, [["proposal", proposal.id.hex], ["vote", vote.id.hex]])
      let events = story.events + [proposal, vote, consented]
      try sandbox.accept(events)
      let digest = try #require(try sandbox.rows(["state", "digest"]).first?["groups"] as? String)
      let export = try sandbox.run(["state", "export"]).lines
      let (lines, end) = (Array(export.dropLast()), Array(export.suffix(1)))
      #expect(lines.count == events.count)
      // Only the order of a group's own events, and what nests after what it names, is kept.
      let orders = [lines, [lines[0], lines[4]] + lines[1...3] + lines[5...], [0, 1, 2, 3, 5, 6, 4, 7].map { lines[$0] }]
      for (number, order) in orders.enumerated() {
        let state = "\(sandbox.folder)/rebuilt\(number)"
        let outcome = try sandbox.run(["rebuild", "--state", state], input: utf8((order + end).joined(separator: "\n")))
        #expect(outcome.status == 0)
        #expect(try sandbox.rows(["state", "digest", "--state", state]).first?["groups"] as? String == digest)
        #expect(try sandbox.rows(["group", "show", story.group.id.hex, "--state", state]).first?["chaintip"] as? String == consented.id.hex)
      }

      let refused = [
        Scene.modification(by: Scene.zoe, in: story.group, on: consented, at: later + 10, content: Scene.add(Scene.carol)),
        Scene.event(4832, by: Scene.zoe, in: story.group, at: later + 10, [["proposal", proposal.id.hex]], "true"),
      ]
      let state = "\(sandbox.folder)/bare"
      let outcome = try sandbox.run(
        ["rebuild", "--state", state, "--json"], input: Array((events + refused).map(\.raw).joined(separator: [0x0a])))
      #expect(outcome.status == 0)
      #expect(outcome.json?["accepted"] as? Int == events.count && outcome.json?["refused"] as? Int == 2)
      #expect(
        outcome.json?["reasons"] as? [String: Int] == ["restricted: not an administrator": 1, "restricted: no voting rights": 1])
      #expect(try sandbox.rows(["state", "digest", "--state", state]).first?["groups"] as? String == digest)
    }
  }
}
