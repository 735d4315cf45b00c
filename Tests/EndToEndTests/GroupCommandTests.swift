// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

/// The group commands, for people and with the contract's fields for programs.
extension EndToEnd {
  @Suite struct GroupCommandTests {
    private typealias Scene = GroupScene
    private let sandbox: Sandbox
    private let story = GroupScene()

    init() throws {
      sandbox = try Sandbox()
      try sandbox.configureGroups()
    }

    @Test("group list has a line for each group")
    func list() throws {
      try sandbox.accept(story.events)
      let text = try sandbox.run(["group", "list"])
      #expect(text.status == 0 && text.lines.count == 2)
      #expect(text.lines.contains { $0.hasPrefix(story.group.id.hex) && $0.contains("2 members") && $0.contains("Gardeners") })
      let row = try #require(try sandbox.rows(["group", "list"]).first { $0["id"] as? String == story.group.id.hex })
      #expect(row["chaintip"] as? String == story.removal.id.hex && row["name"] as? String == "Gardeners" && row["members"] as? Int == 2)
    }

    @Test("group show has the contract's fields")
    func show() throws {
      try sandbox.accept(story.events)
      let group = try #require(try sandbox.rows(["group", "show", story.group.id.hex]).first)
      #expect(group["id"] as? String == story.group.id.hex && group["chaintip"] as? String == story.removal.id.hex)
      #expect(group["members"] as? [String] == [Scene.alice.hex, Scene.bob.hex])
      #expect(group["admin"] is NSNull && group["broadcast-attesters"] is NSNull)
      #expect(group["meta"] as? [String: String] == ["name": "Gardeners"])
      #expect(group["administrators"] as? [String] == [Scene.alice.hex, Scene.bob.hex].sorted())
      #expect(group["status"] as? String == "provisional")
      let above = try #require(try sandbox.rows(["group", "show", story.above.id.hex]).first)
      #expect((above["members"] as? [Any])?.last as? [String] == [story.group.id.hex, "groupvote"])
      let text = try sandbox.run(["group", "show", story.group.id.hex])
      #expect(text.status == 0 && text.output.contains(Scene.alice.hex) && text.output.contains("Gardeners"))
    }

    @Test("numbers of one thing are said as one, the greatest time is a time, and upkeep says what it did")
    func details() throws {
      try sandbox.accept([GroupScene.opening([GroupScene.alice])])
      let id = GroupScene.opening([GroupScene.alice]).id.hex
      #expect(try sandbox.run(["group", "list"]).output.contains("  1 member  "))
      #expect(try sandbox.run(["group", "show", id]).output.contains("after 0 modifications"))
      for time in [UInt64.max, .max - 1] {
        #expect(try sandbox.run(["group", "member", id, Scene.alice.hex, "--at", "\(time)"]).output.contains("member         yes"))
      }
      #expect(try sandbox.run(["group", "upkeep", "--json"]).json?["timestamps"] as? Int == 0)
      #expect(try sandbox.run(["group", "upkeep", "--state", "\(sandbox.folder)/mistyped"]).status == 74)
      #expect(!FileManager.default.fileExists(atPath: "\(sandbox.folder)/mistyped"))
    }

    @Test("group member answers for now and for any time, with 1 when the answer is no")
    func member() throws {
      try sandbox.accept(story.events)
      let (group, day) = (story.group.id.hex, Scene.day)
      func asked(_ key: TestKey, at time: UInt64? = nil, in group: String, status: Int32 = 0) throws -> [String: Any] {
        try #require(
          try sandbox.rows(["group", "member", group, key.hex] + (time.map { ["--at", "\($0)"] } ?? []), status: status).first)
      }
      let now = try asked(Scene.alice, in: group)
      #expect(now["member"] as? Bool == true && now["administrator"] as? Bool == true && now["voter"] as? Bool == true)
      #expect(now["via"] as? [String] == [group] && now["status"] as? String == "provisional" && now["chaintip"] as? String == story.removal.id.hex)
      #expect(try asked(Scene.carol, in: group, status: 1)["member"] as? Bool == false)
      #expect(try asked(Scene.carol, at: Scene.start + day - 1, in: group, status: 1)["administrator"] as? Bool == false)
      #expect(try asked(Scene.carol, at: Scene.start + day, in: group)["administrator"] as? Bool == true)
      #expect(try asked(Scene.carol, at: Scene.start + 2 * day, in: group, status: 1)["member"] as? Bool == false)
      #expect(try asked(Scene.alice, at: Scene.start - 1, in: group, status: 1)["member"] as? Bool == false)
      #expect(try asked(Scene.bob, in: story.above.id.hex)["via"] as? [String] == [story.above.id.hex, group])
      let text = try sandbox.run(["group", "member", group, Scene.carol.hex, "--at", "\(Scene.start + day)"])
      #expect(text.status == 0 && text.output.contains("member         yes"))
      #expect(try sandbox.run(["group", "member", group, Scene.zoe.hex]).status == 1)
    }

    @Test("group member --mode: what is not confirmed does not count as such")
    func modes() throws {
      try sandbox.accept(story.events)
      let (group, time) = (story.group.id.hex, "\(Scene.start + Scene.day)")
      func asked(_ mode: String, status: Int32) throws -> [String: Any] {
        try #require(try sandbox.rows(["group", "member", group, Scene.carol.hex, "--at", time, "--mode", mode], status: status).first)
      }
      #expect(try asked("claimed", status: 0)["member"] as? Bool == true)
      let confirmed = try asked("confirmed", status: 1)
      #expect(confirmed["member"] as? Bool == false && confirmed["disputedSince"] as? UInt64 == Scene.start)
      #expect(try asked("conservative", status: 1)["member"] as? Bool == false)
      // A block of 21 days later holds the addition.
      try sandbox.writeHeaders(for: story.addition, blockTime: Scene.start + 21 * Scene.day)
      try sandbox.accept([Scene.timestamp(of: story.addition, at: Scene.start + 22 * Scene.day)])
      let proven = try asked("confirmed", status: 0)
      #expect(proven["member"] as? Bool == true && proven["status"] as? String == "confirmed")
    }

    @Test("group history has the nodes in their order, and the tip")
    func history() throws {
      try sandbox.accept(story.events)
      let steps = try sandbox.rows(["group", "history", story.group.id.hex])
      #expect(steps.map { $0["node"] as? String } == [story.group, story.addition, story.removal].map(\.id.hex))
      #expect(steps.map { $0["depth"] as? Int } == [0, 1, 2] && steps.allSatisfy { $0["canonical"] as? Bool == true })
      #expect(steps.map { $0["added"] as? Int } == [2, 1, 0] && steps.last?["removed"] as? Int == 1)
      #expect(steps.allSatisfy { $0["chaintip"] as? String == story.removal.id.hex && $0["status"] as? String == "provisional" })
      let text = try sandbox.run(["group", "history", story.group.id.hex])
      #expect(text.status == 0 && text.lines.last == "chaintip  \(story.removal.id.hex)")
    }

    @Test("a group that is not known ends with 1", arguments: ["show", "history", "member"])
    func unknownGroup(command: String) throws {
      try sandbox.accept([Scene.opening([Scene.alice])])
      let id = String(repeating: "7", count: 64)
      let outcome = try sandbox.run(["group", command, id] + (command == "member" ? [Scene.alice.hex] : []))
      #expect(outcome.status == 1 && outcome.output.isEmpty && outcome.errors.contains(id))
    }

    @Test(
      "wrong usage of the group commands ends with 2",
      arguments: [
        "group", "group nonsense", "group show", "group show abc", "group show ID ID", "group member ID", "group member ID npub1x",
        "group member ID ID --at", "group member ID ID --at -1", "group member ID ID --at tomorrow", "group member ID ID --at 99999999999999999999",
        "group member ID ID --mode maybe", "group history", "group history ID --at 1", "group list ID",
      ])
    func wrongUsage(command: String) throws {
      let id = String(repeating: "A", count: 64).lowercased()
      let outcome = try sandbox.run(command.split(separator: " ").map { $0 == "ID" ? id : String($0) })
      #expect(outcome.status == 2 && outcome.output.isEmpty && outcome.errors.hasPrefix("commonsguard: "))
    }

    @Test("without a state the commands that look end with 74 and make none", arguments: ["group list", "group show ID", "group history ID"])
    func noState(command: String) throws {
      let id = String(repeating: "7", count: 64)
      let outcome = try sandbox.run(command.split(separator: " ").map { $0 == "ID" ? id : String($0) })
      #expect(outcome.status == 74 && outcome.output.isEmpty)
      #expect(!FileManager.default.fileExists(atPath: sandbox.statePath))
    }
  }
}
