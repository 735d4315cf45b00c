// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc
import Nostr
import TestSupport
import Testing

/// What is kept, by several processes and through their deaths.
extension EndToEnd {
  @Suite struct StateTests {
    let sandbox: Sandbox
    private let scene = Scene()

    init() throws {
      sandbox = try Sandbox(configuration: "{ state: { durability: \"relaxed\" }, node: { publicKey: \"\(TestKey("node").hex)\" } }")
    }

    private func voters() throws -> Int? { try sandbox.run(["campaign", "vote-status", scene.project, "--json"]).json?["voters"] as? Int }
    private func digest() throws -> String? { try sandbox.run(["state", "digest", "--json"]).json?["all"] as? String }

    @Test("Of two votes of one voter, sent to two processes at once, exactly one is accepted")
    func competingVotes() throws {
      let relays = [try Relay(sandbox), try Relay(sandbox)]
      let campaign = scene.campaign(status: "vote_pending")
      #expect(try relays[0].judge(campaign) == .accept(campaign.id.hex))
      for number in 0..<20 {
        let voter = TestKey(number)
        let votes = [scene.vote(by: voter), scene.vote(by: voter, weight: 2)]
        for (relay, vote) in zip(relays, votes) { try relay.send(requestLine(vote)) }
        let answers = try relays.map { try $0.answer() }
        #expect(answers.map(\.id) == votes.map(\.id.hex))
        #expect(answers.filter { $0.action == "accept" }.count == 1)
        #expect(answers.compactMap(\.message) == ["blocked: already voted on this project"])
      }
      #expect(try voters() == 20)
    }

    @Test("A process killed after its answer has kept what it accepted: the same event again is accepted, and counted once")
    func killedAfterAnswer() throws {
      let campaign = scene.campaign(status: "vote_pending")
      let vote = scene.vote(by: TestKey("voter"), weight: 7)
      var outboxes: [String] = []
      for _ in 0..<3 {
        let relay = try Relay(sandbox)
        #expect(try relay.judge(campaign) == .accept(campaign.id.hex))
        #expect(try relay.judge(vote) == .accept(vote.id.hex))
        relay.child.kill(SIGKILL)
        #expect(relay.child.end() == .killed(SIGKILL))
        outboxes.append(
          try sandbox.run(["outbox", "list", "--json"]).lines.compactMap { $0.components(separatedBy: "\"id\":\"").last?.prefix(64) }.joined())
      }
      #expect(try voters() == 1)
      #expect(outboxes[0].count >= 64)
      #expect(Set(outboxes).count == 1)
    }

    @Test("A refused event changes nothing, however often it comes; an accepted one stays accepted")
    func resending() throws {
      let relay = try Relay(sandbox)
      let campaign = scene.campaign()
      let (known, unknown) = (scene.contribution(by: TestKey("a"), amount: 5), Scene("CF-OTHER").contribution(by: TestKey("a")))
      #expect(try relay.judge(campaign).action == "accept")
      for _ in 0..<3 {
        #expect(try relay.judge(known) == .accept(known.id.hex))
        #expect(try relay.judge(unknown) == .reject(unknown.id.hex, "error: project not found"))
        #expect(try relay.judge(campaign) == .accept(campaign.id.hex))
      }
      let goals = try sandbox.run(["campaign", "show", scene.project, "--json"]).json?["goals"] as? [[String: Any]]
      #expect(goals?.first?["collected"] as? Int == 5)
    }

    @Test("A campaign that a vote approves is funded, and takes no more votes")
    func approval() throws {
      try sandbox.configure("{ state: { durability: \"relaxed\" }, crowdfunding: { assetsVoteThreshold: 3, assetsVoteQuorum: 2 } }")
      let relay = try Relay(sandbox)
      #expect(try relay.judge(scene.campaign(status: "vote_pending")).action == "accept")
      #expect(try relay.judge(scene.vote(by: TestKey(1), weight: 5)).action == "accept")
      #expect(try sandbox.run(["campaign", "show", scene.project, "--json"]).json?["status"] as? String == "vote_pending")
      #expect(try relay.judge(scene.vote(by: TestKey(2))).action == "accept")
      #expect(try sandbox.run(["campaign", "show", scene.project, "--json"]).json?["status"] as? String == "funded")
      #expect(try relay.judge(scene.vote(by: TestKey(3))).message == "blocked: no vote is open on this project")
    }

    @Test("Processes killed at random, and everything sent again: the state of an undisturbed run")
    func randomKills() throws {
      var random = SplitMix64(seed: .random(in: 0...UInt64.max))
      let seed = random.seed
      let funded = Scene("CF-FUNDED")
      let openings = [scene.campaign(status: "vote_pending"), funded.campaign(target: 1_000_000)]
      // Answers that do not depend on the order between processes: one vote for each voter, and a goal out of reach.
      let events = (0..<60).map { number in
        let (author, time) = (TestKey(number), Scene.began + 10 + UInt64(number))
        return number % 2 == 0 ? scene.vote(by: author, at: time) : funded.contribution(by: author, amount: number + 1, at: time)
      }
      let undisturbed = try Sandbox()
      let calm = try Relay(undisturbed)
      for event in openings + events { #expect(try calm.judge(event).action == "accept") }

      var relays = [try Relay(sandbox), try Relay(sandbox)]
      for event in openings { #expect(try relays[0].judge(event).action == "accept") }
      for event in events {
        let place = Int.random(in: 0..<2, using: &random)
        try relays[place].send(requestLine(event))
        guard Int.random(in: 0..<6, using: &random) == 0 else {
          #expect(try relays[place].answer() == .accept(event.id.hex), "seed \(seed)")
          continue
        }
        usleep(UInt32.random(in: 0...3000, using: &random))
        relays[place].child.kill(SIGKILL)
        #expect(relays[place].child.end() == .killed(SIGKILL))
        relays[place] = try Relay(sandbox)
      }
      for event in events { #expect(try relays[0].judge(event) == .accept(event.id.hex), "seed \(seed)") }
      #expect(try digest() == undisturbed.run(["state", "digest", "--json"]).json?["all"] as? String, "seed \(seed)")
      #expect(try voters() == 30, "seed \(seed)")
      let rows = try sandbox.run(["outbox", "list"]).lines.map { $0.prefix(64) }
      #expect(Set(rows).count == rows.count, "seed \(seed)")
    }
  }
}
