// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

/// Follow-ups beside the plugin: signed, handed over, and never in the way of an answer.
extension EndToEnd {
  @Suite struct DeliveryTests {
    let sandbox: Sandbox
    private let scene = Scene()
    private let node = TestKey("node")
    private var published: String { sandbox.folder + "/published.jsonl" }

    init() throws { sandbox = try Sandbox() }

    /// - Parameter delivery: the members of `delivery`.
    private func configure(_ delivery: String, more: String = "") throws {
      let hex = node.secret.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
      let key = try sandbox.write(utf8(hex), to: "node.key")
      try FileManager.default.setAttributes([.posixPermissions: NSNumber(value: UInt16(0o600))], ofItemAtPath: key)
      try sandbox.configure(
        "{ state: { durability: \"relaxed\" }, node: { publicKey: \"\(node.hex)\", secretKeyFile: \"\(key)\" }, delivery: { \(delivery) }, \(more) }")
    }

    private func publishedEvents() -> [Event] {
      let bytes = FileManager.default.contents(atPath: published).map { [UInt8]($0) } ?? []
      return bytes.split(separator: 0x0a).compactMap { try? Event(parsing: Array($0)) }
    }

    private func receipts() -> [Event] { publishedEvents().filter { $0.kind == 9742 } }

    @Test("The plugin publishes a receipt for each contribution, signed by the node, once")
    func receiptsInProcess() throws {
      try configure("sink: \"file\", file: \"\(published)\"")
      let relay = try Relay(sandbox)
      #expect(try relay.judge(scene.campaign()).action == "accept")
      let contributions = (1...5).map { scene.contribution(by: TestKey($0), amount: $0) }
      for contribution in contributions { #expect(try relay.judge(contribution).action == "accept") }
      #expect(waited { receipts().count == 5 })
      for contribution in contributions { #expect(try relay.judge(contribution).action == "accept") }
      let verifier = try EventVerifier(cachedKeys: 1)
      for event in publishedEvents() {
        _ = try verifier.verify(event)
        #expect(event.pubkey == node.pubkey)
      }
      #expect(Set(receipts().compactMap { $0.tags.all(named: "e").last?[1]?.string }) == Set(contributions.map(\.id.hex)))
      #expect(relay.isSilent())
      #expect(waited { (try? sandbox.run(["outbox", "list", "--state-filter", "delivered", "--json"]).lines.count).map { $0 >= 5 } == true })
      #expect(receipts().count == 5)
    }

    @Test("deliver --once delivers what is due, says how much, and has nothing to do the second time")
    func deliverOnce() throws {
      try configure("sink: \"file\", file: \"\(published)\", inProcess: false")
      let relay = try Relay(sandbox)
      #expect(try relay.judge(scene.campaign()).action == "accept")
      #expect(try relay.judge(scene.contribution(by: TestKey("a"))).action == "accept")
      let first = try sandbox.run(["deliver", "--once", "--json"])
      #expect(first.status == 0)
      #expect((first.json?["delivered"] as? Int).map { $0 >= 1 } == true)
      #expect(receipts().count == 1)
      #expect(try sandbox.run(["deliver", "--once", "--json"]).json?["delivered"] as? Int == 0)
      #expect(receipts().count == 1)
    }

    @Test("Processes killed while they deliver: each contribution has one receipt, whatever is written twice is the same event")
    func killedWhileDelivering() throws {
      try configure("sink: \"file\", file: \"\(published)\"")
      var random = SplitMix64(seed: .random(in: 0...UInt64.max))
      let seed = random.seed
      var relay = try Relay(sandbox)
      #expect(try relay.judge(scene.campaign()).action == "accept")
      let contributions = (1...6).map { scene.contribution(by: TestKey($0), amount: $0) }
      for contribution in contributions {
        #expect(try relay.judge(contribution).action == "accept")
        usleep(UInt32.random(in: 0...300_000, using: &random))
        relay.child.kill(SIGKILL)
        _ = relay.child.end()
        relay = try Relay(sandbox)
        #expect(try relay.judge(contribution).action == "accept", "seed \(seed)")
      }
      #expect(waited { Set(receipts().map(\.id)).count == 6 }, "seed \(seed)")
      #expect(Set(receipts().compactMap { $0.tags.all(named: "e").last?[1]?.string }) == Set(contributions.map(\.id.hex)), "seed \(seed)")
    }

    @Test("What a sink's command prints never reaches strfry")
    func noisySink() throws {
      let script = "echo noise; echo more noise >&2; cat >> '\(published)'"
      try configure("sink: \"import\", command: [\"sh\", \"-c\", \"\(script)\"]")
      let relay = try Relay(sandbox)
      #expect(try relay.judge(scene.campaign()).action == "accept")
      #expect(try relay.judge(scene.contribution(by: TestKey("a"))).action == "accept")
      #expect(waited { receipts().count == 1 })
      #expect(relay.isSilent())
      let note = Scene.note()
      #expect(try relay.judge(note) == .accept(note.id.hex))
    }

    @Test("A sink that hangs holds up neither answers, nor a reload, nor SIGTERM, nor end of file", arguments: [true, false])
    func hangingSink(endsBySignal: Bool) throws {
      let command = "sink: \"import\", command: [\"sh\", \"-c\", \"touch '\(published)'; sleep 600 & echo $! > '\(sandbox.folder)/sleeper'; wait\"]"
      try configure(command)
      let relay = try Relay(sandbox)
      defer { stopSleeper() }
      #expect(try relay.judge(scene.campaign()).action == "accept")
      #expect(try relay.judge(scene.contribution(by: TestKey("a"))).action == "accept")
      #expect(waited { FileManager.default.fileExists(atPath: sandbox.folder + "/sleeper") })
      #expect(try relay.judge(scene.contribution(by: TestKey("b"))).action == "accept")
      try configure(command, more: "unclaimed: \"reject\"")
      #expect(waited { (try? relay.judge(Scene.note()).message?.hasPrefix("blocked: ")) == true })
      #expect(try relay.judge(scene.contribution(by: TestKey("c"))).action == "accept")
      if endsBySignal { relay.child.kill(SIGTERM) } else { relay.closeInput() }
      #expect(relay.child.end() == (endsBySignal ? .killed(SIGTERM) : .exited(0)))
    }

    /// The sink's own child, which outlives the plugin.
    private func stopSleeper() {
      let words = (try? String(contentsOfFile: sandbox.folder + "/sleeper", encoding: .utf8)) ?? ""
      if let process = pid_t(words.trimmingCharacters(in: .whitespacesAndNewlines)) { kill(process, SIGKILL) }
    }

    @Test("A contribution that came from another relay before its campaign is counted once the campaign is there")
    func parkedContribution() throws {
      try configure("sink: \"file\", file: \"\(published)\"")
      let relay = try Relay(sandbox)
      let early = scene.contribution(by: TestKey("a"), amount: 9)
      #expect(try relay.judge(early, source: "Stream").message == "error: missing campaign \(scene.project), parked")
      #expect(try relay.judge(scene.campaign(), source: "Stream").action == "accept")
      #expect(waited { receipts().count == 1 })
      #expect(try sandbox.run(["campaign", "show", scene.project]).output.contains("9 of 1000"))
      #expect(try relay.judge(early, source: "Stream").action == "accept")
      #expect(waited { publishedEvents().contains { $0.id == early.id } }, "delivered to the relay, which was told to refuse it")
    }

    @Test("A node key that does not fit parks the follow-ups, and changes no answer")
    func wrongKey() throws {
      try configure("sink: \"file\", file: \"\(published)\"")
      try sandbox.write(utf8(String(repeating: "0", count: 63) + "1"), to: "node.key")
      let relay = try Relay(sandbox)
      #expect(try relay.judge(scene.campaign()).action == "accept")
      #expect(try relay.judge(scene.contribution(by: TestKey("a"))).action == "accept")
      #expect(waited { (try? sandbox.run(["outbox", "list", "--state-filter", "parked"]).lines.isEmpty) == false })
      #expect(receipts().isEmpty)
    }
  }
}
