// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

/// The inspection commands, for people and with the contract's fields for programs.
extension EndToEnd {
  @Suite struct InspectionTests {
    let sandbox: Sandbox
    private let scene = Scene()
    private let voted = Scene("CF-20260202-CD34")

    /// A state with a campaign that collects, one that is voted on, and some refusals, made by the plugin.
    init() throws {
      sandbox = try Sandbox(configuration: "{ state: { durability: \"relaxed\" }, node: { publicKey: \"\(TestKey("node").hex)\" } }")
      let relay = try Relay(sandbox)
      for event in [
        scene.campaign(), voted.campaign(status: "vote_pending", target: 50), scene.contribution(by: TestKey("a"), amount: 20),
        scene.contribution(by: TestKey("b"), amount: 22), voted.vote(by: TestKey("a"), weight: 3), voted.vote(by: TestKey("b")), Scene.note(),
      ] { #expect(try relay.judge(event).action == "accept") }
      #expect(try relay.judge(voted.vote(by: TestKey("a"), weight: 4)).message == "blocked: already voted on this project")
      #expect(try relay.judge(scene.contribution(by: TestKey("c"), amount: 1001)).action == "reject")
      relay.closeInput()
      #expect(relay.child.end() == .exited(0))
    }

    /// Each line as a JSON object.
    private func rows(_ arguments: [String]) throws -> [[String: Any]] {
      let outcome = try sandbox.run(arguments + ["--json"])
      #expect(outcome.status == 0)
      return try outcome.lines.map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
    }

    @Test("status counts what was found in the relay, and says what keeps other relays from agreeing")
    func statusOfConstellation() throws {
      let alone = try #require(try rows(["status"]).first)
      #expect((alone["warnings"] as? [String])?.isEmpty == true)
      #expect(alone["stored"] as? [String: Int] == ["confirmed": 0, "redelivered": 0])
      #expect(!(try sandbox.run(["status"]).output.contains("will not agree")))
      try sandbox.configure(
        "{ state: { durability: \"relaxed\" }, node: { publicKey: \"\(TestKey("node").hex)\" }, crowdfunding: { nodes: [\"\(TestKey("b").hex)\"] } }")
      let said = "delivery.sink: no archive: other relays will not agree: it is \"none\", so nothing is published"
      #expect(try rows(["status"]).first?["warnings"] as? [String] == [said])
      #expect(try sandbox.run(["status"]).lines.contains("warning  \(said)"))
    }

    @Test("campaign list has a line for each campaign")
    func list() throws {
      let outcome = try sandbox.run(["campaign", "list"])
      #expect(outcome.status == 0)
      #expect(outcome.lines.count == 2)
      #expect(outcome.lines.contains { $0.hasPrefix(scene.project) && $0.contains("42") && $0.contains("1000") })
      #expect(try rows(["campaign", "list", "--active"]).map { $0["projectId"] as? String }.count == 2)
      #expect(try rows(["campaign", "list", "--completed"]).isEmpty)
      #expect(try sandbox.run(["campaign", "list", "--active", "--completed"]).status == 2)
    }

    @Test("campaign show has the contract's fields")
    func show() throws {
      let text = try sandbox.run(["campaign", "show", scene.project])
      #expect(text.status == 0)
      #expect(text.output.contains("42 of 1000"))
      #expect(text.lines.contains("vote          none"))
      let campaign = try #require(try rows(["campaign", "show", scene.project]).first)
      #expect(campaign["projectId"] as? String == scene.project)
      #expect(campaign["status"] as? String == "crowdfunding")
      #expect(campaign["claimedStatus"] is NSNull)
      #expect(campaign["author"] as? String == Scene.captain.hex)
      #expect(campaign["bien"] as? String == scene.bien.hex)
      let goal = try #require((campaign["goals"] as? [[String: Any]])?.first)
      #expect(goal["type"] as? String == "ZEN_CONVERTIBLE")
      #expect(goal["target"] as? Int == 1000 && goal["collected"] as? Int == 42 && goal["reserved"] as? Int == 0)
      #expect(campaign["contributors"] as? Int == 2)
      let vote = try #require(campaign["vote"] as? [String: Any])
      #expect(vote["status"] is String && vote["total"] as? Int == 0 && vote["voters"] as? Int == 0)
      #expect(vote["threshold"] as? Int == 100 && vote["quorum"] as? Int == 10)
      let contributions = try #require(campaign["contributions"] as? [[String: Any]])
      #expect(Set(contributions.map { $0["amount"] as? Int }) == [20, 22])
      #expect(Set(contributions.map { $0["eventId"] as? String }).contains(scene.contribution(by: TestKey("a"), amount: 20).id.hex))
      #expect(
        contributions.allSatisfy { $0["pubkey"] is String && $0["target"] as? String == "ZEN_CONVERTIBLE" && $0["state"] as? String == "posted" })
    }

    @Test("a campaign that a vote funded below its goal says so in the list")
    func fundedByVote() throws {
      try sandbox.configure("{ state: { durability: \"relaxed\" }, crowdfunding: { assetsVoteThreshold: 4, assetsVoteQuorum: 2 } }")
      let again = try sandbox.run(["state", "export"]).output
      let state = "\(sandbox.folder)/again"
      #expect(try sandbox.run(["rebuild", "--state", state], input: utf8(again)).status == 0)
      let lines = try sandbox.run(["campaign", "list", "--state", state]).lines
      #expect(lines.contains { $0.hasPrefix("\(voted.project)  funded by vote  ZEN_CONVERTIBLE 0/50") })
      #expect(lines.contains { $0.hasPrefix("\(scene.project)  crowdfunding  ZEN_CONVERTIBLE 42/1000") })
    }

    @Test("campaign vote-status says how a vote stands")
    func voteStatus() throws {
      #expect(try sandbox.run(["campaign", "vote-status", voted.project]).output.contains("4 of 100"))
      let vote = try #require(try rows(["campaign", "vote-status", voted.project]).first)
      #expect(vote["status"] as? String == "pending" && vote["total"] as? Int == 4 && vote["voters"] as? Int == 2)
    }

    @Test("A campaign that is not known ends with 1", arguments: ["show", "vote-status"])
    func unknownCampaign(command: String) throws {
      let outcome = try sandbox.run(["campaign", command, "CF-UNKNOWN"])
      #expect(outcome.status == 1 && outcome.output.isEmpty)
      #expect(outcome.errors.contains("CF-UNKNOWN"))
    }

    @Test("campaign trust takes effect; of a campaign that is not known it ends with 1")
    func trust() throws {
      #expect(try rows(["campaign", "show", scene.project]).first?["trusted"] as? Bool == false)
      let outcome = try sandbox.run(["campaign", "trust", scene.project, "--by", "alice", "--reason", "met the owner"])
      #expect(outcome.status == 0 && outcome.output.isEmpty)
      #expect(try rows(["campaign", "show", scene.project]).first?["trusted"] as? Bool == true)
      #expect(try sandbox.run(["campaign", "trust", "CF-UNKNOWN", "--by", "alice", "--reason", "none"]).status == 1)
    }

    @Test("a campaign that another node announced otherwise is disputed, in list, show and status, until it is resolved; that is announced")
    func resolve() throws {
      let other = TestKey("other node")
      let keys = "node: { publicKey: \"\(TestKey("node").hex)\" }, crowdfunding: { nodes: [\"\(other.hex)\"] }"
      try sandbox.configure("{ state: { durability: \"relaxed\" }, \(keys) }")
      let command = ["campaign", "resolve", voted.project, "--reason", "by phone", "--as"]
      #expect(try sandbox.run(command + ["approved"]).errors.contains("nothing is disputed"))
      let relay = try Relay(sandbox)
      let tags = [["L", "commonsguard"], ["l", "vote-approved", "commonsguard"], ["project-id", voted.project]]
      #expect(try relay.judge(other.event(kind: 1985, tags: tags)).action == "accept")
      relay.closeInput()
      #expect(relay.child.end() == .exited(0))
      func shown() throws -> [String: Any] { try #require(try rows(["campaign", "show", voted.project]).first) }
      func count() throws -> Int? { (try rows(["status"]).first?["settlement"] as? [String: Any])?["disputed"] as? Int }
      #expect(try shown()["disputed"] as? Bool == true)
      #expect(((try shown()["agreed"] as? [String: Any])?["vote"] as? [String: Any])?["status"] as? String == "pending")
      #expect(try rows(["campaign", "vote-status", voted.project]).first?["disputed"] as? Bool == true)
      #expect(try sandbox.run(["campaign", "list"]).output.contains("vote_pending, disputed"))
      #expect(try sandbox.run(["campaign", "show", voted.project]).output.contains("disputed      all events give"))
      #expect(try count() == 1)
      for wrong in [["campaign", "resolve", voted.project, "--as", "open"], ["campaign", "resolve", voted.project, "--reason", "x"]] {
        #expect(try sandbox.run(wrong).status == 2)
      }
      #expect(try sandbox.run(command + ["maybe"]).status == 2)
      // The other node said otherwise, and its operator did not resolve.
      #expect(try sandbox.run(command + ["open"]).errors.contains("stays disputed"))
      #expect(try shown()["disputed"] as? Bool == true)
      #expect(try sandbox.run(command + ["approved"]).status == 0)
      #expect(try shown()["disputed"] as? Bool == false)
      #expect((try shown()["vote"] as? [String: Any])?["status"] as? String == "approved")
      #expect(try count() == 0)
      #expect(try sandbox.run(["outbox", "list"]).output.contains("decision-label"))
      let again = try sandbox.run(["state", "export"]).output
      let state = "\(sandbox.folder)/again"
      #expect(try sandbox.run(["rebuild", "--state", state], input: utf8(again)).status == 0)
      let digests = try [[], ["--state", state]].map { try rows(["state", "digest"] + $0).first?["outcomes"] as? [String: String] }
      #expect(digests[0] != nil && digests[0] == digests[1])
    }

    @Test("outbox list, show, retry and drop work on rows by their final ids")
    func outbox() throws {
      let list = try rows(["outbox", "list"])
      #expect(list.count >= 4)
      for row in list {
        #expect((row["id"] as? String)?.count == 64 && (row["trigger"] as? String)?.count == 64)
        #expect(row["kind"] is Int && row["followUp"] is String && row["state"] as? String == "due" && row["attempts"] as? Int == 0)
        #expect(row["lastError"] is NSNull)
      }
      let receipts = list.filter { $0["kind"] as? Int == 9742 }
      #expect(
        Set(receipts.map { $0["trigger"] as? String }) == Set([("a", 20), ("b", 22)].map { scene.contribution(by: TestKey($0), amount: $1).id.hex }))
      let id = try #require(list.first?["id"] as? String)
      let shown = try #require(try rows(["outbox", "show", id]).first)
      #expect((shown["event"] as? [String: Any])?["id"] as? String == id)
      #expect(try sandbox.run(["outbox", "show", id]).output.contains(id))
      #expect(try sandbox.run(["outbox", "retry", id]).status == 0)
      #expect(try sandbox.run(["outbox", "drop", id]).status == 0)
      #expect(try sandbox.run(["outbox", "drop", id]).status == 1)
      #expect(try sandbox.run(["outbox", "show", id]).status == 1)
      #expect(try sandbox.run(["outbox", "retry", id]).status == 1)
      #expect(try rows(["outbox", "list"]).count == list.count - 1)
      #expect(try rows(["outbox", "list", "--state-filter", "failed"]).isEmpty)
    }

    @Test("status counts what the plugin answered, with the contract's fields")
    func status() throws {
      #expect(try sandbox.run(["status"]).output.contains("7 accepted, 2 rejected"))
      let status = try #require(try rows(["status"]).first)
      let events = try #require(status["events"] as? [String: Any])
      #expect(events["accepted"] as? Int == 7 && events["rejected"] as? Int == 2)
      #expect(events["byPrefix"] as? [String: Int] == ["blocked": 1, "invalid": 1])
      let latency = try #require(status["latencyMicroseconds"] as? [String: Int])
      #expect(Set(latency.keys).isSuperset(of: ["p50", "p99", "max"]))
      #expect((status["outbox"] as? [String: Any])?["due"] as? Int == (try rows(["outbox", "list"]).count))
      #expect(status["settlement"] is [String: Any])
      let state = try #require(status["state"] as? [String: Any])
      #expect((state["bytes"] as? Int).map { $0 > 0 } == true && state["entries"] is [String: Any])
    }

    @Test("state digest names every domain, as text and as JSON")
    func digest() throws {
      let json = try #require(try rows(["state", "digest"]).first)
      let names = ["crowdfunding", "collectives", "groups", "economy", "all"]
      #expect(Set(json.keys) == Set(names + ["outcomes", "settings"]))
      let outcomes = try #require(json["outcomes"] as? [String: String])
      #expect(Set(outcomes.keys) == Set(names))
      let digests = json.compactMapValues { $0 as? String }
      #expect(digests["crowdfunding"] != outcomes["crowdfunding"])
      func lines(_ found: [String: String], _ suffix: String) -> [String] {
        names.map { name in
          let isUnused = name != "crowdfunding" && name != "all"
          return (isUnused ? "none" + String(repeating: " ", count: 60) : found[name] ?? "") + "  " + name + suffix
        }
      }
      let text = try sandbox.run(["state", "digest"]).lines
      #expect(text == lines(digests, "") + lines(outcomes, " outcomes") + ["\(digests["settings"] ?? "")  settings"])
    }

    @Test("the settings that a digest depends on are told beside it; others change nothing")
    func settings() throws {
      func settings(_ more: String) throws -> String? {
        try sandbox.configure("{ state: { durability: \"relaxed\" }, \(more) }")
        return try rows(["state", "digest"]).first?["settings"] as? String
      }
      let usual = try #require(try settings(""))
      #expect(try settings("log: { level: \"debug\" }, followUps: { labels: false }") == usual)
      let others = [
        "crowdfunding: { assetsVoteThreshold: 20 }", "crowdfunding: { assetsVoteQuorum: 3 }", "crowdfunding: { captains: [\"\(TestKey("c").hex)\"] }",
        "collectives: { veto: \"1/10\" }", "collectives: { genesisMerit: false }", "collectives: { voteKinds: [1410] }",
        "groups: { kinds: { init: 4930 } }", "groups: { modificationCountsAsVote: false }", "groups: { enabled: false }",
      ]
      let hashes = try others.map(settings)
      #expect(Set(hashes + [usual]).count == others.count + 1)
    }

    @Test("a change of a setting that the digest depends on is said in the log, once, and by state digest")
    func changedSettings() throws {
      func log() throws -> String {
        let relay = try Relay(sandbox)
        _ = try relay.judge(Scene.note())
        relay.closeInput()
        #expect(relay.child.end() == .exited(0))
        return relay.log
      }
      #expect(!(try log().contains("settings.changed")))
      try sandbox.configure("{ state: { durability: \"relaxed\" }, crowdfunding: { assetsVoteThreshold: 20 } }")
      #expect(try sandbox.run(["state", "digest"]).errors.contains("last run with other settings"))
      #expect(try log().contains("settings.changed"))
      #expect(!(try log().contains("settings.changed")))
      #expect(try sandbox.run(["state", "digest"]).errors.isEmpty)
    }

    @Test(
      "Nothing that goes to a file or a pipe has colours",
      arguments: ["status", "campaign list", "campaign show CF-20260101-AB12", "outbox list", "state digest", "nonsense", "--help"])
    func colours(command: String) throws {
      let outcome = try sandbox.run(command.split(separator: " ").map(String.init))
      #expect(!(outcome.output + outcome.errors).contains("\u{1b}"))
    }

    @Test("A state that is being written to can be looked at meanwhile")
    func besideThePlugin() throws {
      let relay = try Relay(sandbox)
      #expect(try relay.judge(scene.contribution(by: TestKey("d"), amount: 8)).action == "accept")
      #expect(try sandbox.run(["campaign", "show", scene.project]).output.contains("50 of 1000"))
      #expect(try relay.judge(scene.contribution(by: TestKey("e"), amount: 8)).action == "accept")
    }
  }
}
