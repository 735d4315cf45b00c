// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import LMDB
import Nostr
import Policy
import TestSupport
import Testing

@testable import StateStore

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
      var random = SplitMix64(seed: 2026)
      var relay = try Relay(sandbox)
      #expect(try relay.judge(scene.campaign()).action == "accept")
      let contributions = (1...6).map { scene.contribution(by: TestKey($0), amount: $0) }
      for contribution in contributions {
        #expect(try relay.judge(contribution).action == "accept")
        usleep(UInt32.random(in: 0...300_000, using: &random))
        relay.child.kill(SIGKILL)
        _ = relay.child.end()
        relay = try Relay(sandbox)
        #expect(try relay.judge(contribution).action == "accept")
      }
      #expect(waited { Set(receipts().map(\.id)).count == 6 })
      #expect(Set(receipts().compactMap { $0.tags.all(named: "e").last?[1]?.string }) == Set(contributions.map(\.id.hex)))
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

    @Test("A sink that hangs holds up neither answers, nor a reload, nor any end of the plugin, and ends with it", arguments: Stop.allCases)
    func hangingSink(stop: Stop) throws {
      let command = "sink: \"import\", command: [\"sh\", \"-c\", \"sleep 600 & echo $! $$ > '\(sandbox.folder)/sleepers'; wait\"]"
      try configure(command)
      let relay = try Relay(sandbox)
      #expect(try relay.judge(scene.campaign()).action == "accept")
      #expect(try relay.judge(scene.contribution(by: TestKey("a"))).action == "accept")
      #expect(waited { sleepers().count == 2 })
      #expect(try relay.judge(scene.contribution(by: TestKey("b"))).action == "accept")
      try configure(command, more: "unclaimed: \"reject\"")
      #expect(waited { (try? relay.judge(Scene.note()).message?.hasPrefix("blocked: ")) == true })
      #expect(try relay.judge(scene.contribution(by: TestKey("c"))).action == "accept")
      switch stop {
      case .endOfInput: relay.closeInput()
      case .term: relay.child.kill(SIGTERM)
      case .kill: relay.child.kill(SIGKILL)
      }
      #expect(relay.child.end() == (stop == .endOfInput ? .exited(0) : .killed(stop == .term ? SIGTERM : SIGKILL)))
      for process in sleepers() { #expect(waited { isOver(process) }, "process \(process)") }
    }

    enum Stop: CaseIterable { case endOfInput, term, kill }

    /// The sink and its own child.
    private func sleepers() -> [pid_t] {
      let words = (try? String(contentsOfFile: sandbox.folder + "/sleepers", encoding: .utf8)) ?? ""
      return words.hasSuffix("\n") ? words.split(whereSeparator: \.isWhitespace).compactMap { pid_t($0) } : []
    }

    @Test("Neither while a sink works nor afterwards does the node's key stand in memory that a core dump would hold")
    func keyIsNotDumped() throws {
      let script = "touch '\(sandbox.folder)/begun'; while [ ! -e '\(sandbox.folder)/go' ]; do sleep 0.05; done; cat >> '\(published)'"
      try configure("sink: \"import\", command: [\"sh\", \"-c\", \"\(script)\"]")
      let relay = try Relay(sandbox)
      #expect(try relay.judge(scene.campaign()).action == "accept")
      #expect(try relay.judge(scene.contribution(by: TestKey("a"))).action == "accept")
      #expect(waited { FileManager.default.fileExists(atPath: sandbox.folder + "/begun") })
      let hex = utf8(node.secret.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())
      let forms: [(String, [UInt8])] = [("bytes", node.secret), ("words", node.secret.reversed()), ("digits", hex), ("nibbles", hex.map(nibble))]
      func look(_ when: String) throws {
        let memory = try #require(ProcessMemory(of: relay.child.processID))
        defer { memory.close() }
        // The search sees what is there.
        #expect(memory.count(of: Array(scene.project.utf8)) > 0)
        // Halves: what is freed has another thing's pointers in its first bytes soon.
        for (form, bytes) in forms {
          for half in [bytes.prefix(bytes.count / 2), bytes.suffix(bytes.count / 2)] {
            #expect(memory.count(of: Array(half)) == 0, "half of the \(form) \(when)")
          }
        }
      }
      try look("while the sink works")
      try sandbox.write([], to: "go")
      #expect(waited { receipts().count == 1 })
      try look("afterwards")
    }

    private func nibble(_ digit: UInt8) -> UInt8 { digit >= 0x61 ? digit - 0x61 + 10 : digit - 0x30 }

    @Test("A sink that exits with 0 and reads nothing delivers nothing")
    func readsNothing() throws {
      try configure("sink: \"import\", command: [\"true\"], inProcess: false")
      let relay = try Relay(sandbox)
      #expect(try relay.judge(scene.campaign()).action == "accept")
      #expect(try relay.judge(scene.contribution(by: TestKey("a"))).action == "accept")
      let outcome = try sandbox.run(["deliver", "--once", "--json"])
      #expect(outcome.status == 1)
      #expect(outcome.json?["delivered"] as? Int == 0)
      // The next run finds them put off: it says so too.
      let next = try sandbox.run(["deliver", "--once"])
      #expect(next.status == 1)
      #expect(next.errors.contains("put off, the next try in "))
    }

    @Test("A contribution that came from another relay before its campaign is counted once the campaign is there")
    func parkedContribution() throws {
      try configure("sink: \"file\", file: \"\(published)\"")
      let relay = try Relay(sandbox)
      let early = scene.contribution(by: TestKey("a"), amount: 9)
      #expect(try relay.judge(early, source: "Stream").message == "error: missing campaign \(scene.project), parked")
      #expect(try relay.judge(scene.campaign(), source: "Stream").action == "accept")
      func shown() throws -> String { try sandbox.run(["campaign", "show", scene.project]).output }
      #expect(waited { (try? shown().contains("9 of 1000")) ?? false })
      // The node that took it live makes its receipt.
      #expect(receipts().isEmpty)
      #expect(try relay.judge(early, source: "Stream").action == "accept")
      #expect(waited { publishedEvents().contains { $0.id == early.id } }, "delivered to the relay, which was told to refuse it")
    }

    @Test("A node key that does not fit holds the follow-ups, and changes no answer")
    func wrongKey() throws {
      try configure("sink: \"file\", file: \"\(published)\"")
      try sandbox.write(utf8(String(repeating: "0", count: 63) + "1"), to: "node.key")
      let relay = try Relay(sandbox)
      #expect(try relay.judge(scene.campaign()).action == "accept")
      #expect(try relay.judge(scene.contribution(by: TestKey("a"))).action == "accept")
      #expect(waited { (try? sandbox.run(["outbox", "list", "--state-filter", "held"]).lines.isEmpty) == false })
      #expect(receipts().isEmpty)
      // The right key: they go on by themselves.
      try sandbox.write(hexKey, to: "node.key")
      #expect(try relay.judge(scene.contribution(by: TestKey("b"))).action == "accept")
      #expect(waited { receipts().count == 2 })
    }

    private var hexKey: [UInt8] { utf8(node.secret.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()) }

    /// A state with one contribution whose receipt nobody can sign.
    private func held() throws {
      try configure("sink: \"file\", file: \"\(published)\", inProcess: false")
      try sandbox.write(utf8(String(repeating: "0", count: 63) + "1"), to: "node.key")
      let relay = try Relay(sandbox)
      #expect(try relay.judge(scene.campaign()).action == "accept")
      #expect(try relay.judge(scene.contribution(by: TestKey("a"))).action == "accept")
      relay.closeInput()
      #expect(relay.child.end() == .exited(0))
    }

    @Test("deliver --once says what is held and exits with 1, the second time too; the advice of the log works as it is written")
    func heldIsSaid() throws {
      try held()
      let first = try sandbox.run(["deliver", "--once"])
      #expect(first.status == 1)
      #expect(first.errors.contains("`commonsguard outbox retry --all`"))
      let count = try sandbox.run(["outbox", "list", "--state-filter", "held", "--json"]).lines.count
      #expect(count >= 1)
      for _ in 0..<2 {
        let again = try sandbox.run(["deliver", "--once"])
        #expect(again.status == 1)
        #expect(again.errors.contains("0 delivered, 0 to be tried again, 0 failed, 0 held"))
        #expect(again.errors.contains("\(count) held, 0 failed"))
      }
      let json = try sandbox.run(["deliver", "--once", "--json"])
      #expect((json.json?["outbox"] as? [String: Any])?["held"] as? Int == count)
      let retried = try sandbox.run(["outbox", "retry", "--all"])
      #expect(retried.status == 0)
      #expect(retried.errors == "outbox: \(count) follow-ups are due again\n")
      #expect(try sandbox.run(["outbox", "retry", "--all"]).errors == "outbox: nothing is held, failed or put off\n")
      try sandbox.write(hexKey, to: "node.key")
      let last = try sandbox.run(["deliver", "--once"])
      #expect(last.status == 0)
      #expect(receipts().count == 1)
    }

    @Test("A row is named by its id, by the first 8 digits of it, or by its number; anything else is refused")
    func references() throws {
      try held()
      _ = try sandbox.run(["deliver", "--once"])
      let row = try #require(try sandbox.run(["outbox", "list", "--json"]).lines.first)
      let members = try #require(try JSONSerialization.jsonObject(with: Data(row.utf8)) as? [String: Any])
      let (id, number) = (try #require(members["id"] as? String), try #require(members["number"] as? Int))
      for reference in [id, String(id.prefix(8)), String(id.prefix(20)).uppercased(), "\(number)"] {
        let shown = try sandbox.run(["outbox", "show", reference, "--json"])
        #expect(shown.json?["id"] as? String == id, "\(reference)")
        #expect((shown.json?["event"] as? [String: Any])?["id"] as? String == id)
      }
      for reference in ["00000000", "999", "ffffffffffff"] {
        for command in ["show", "retry", "drop"] {
          let refused = try sandbox.run(["outbox", command, reference])
          #expect(refused.status == 1)
          #expect(refused.errors.contains("there is no follow-up \(reference)"))
        }
      }
      for arguments in [["show", "abc"], ["retry"], ["drop", "xyz"], ["drop"], ["retry", "--all", id], ["show", id + "0"], ["drop", "--all"]] {
        #expect(try sandbox.run(["outbox"] + arguments).status == 2, "\(arguments)")
      }
      #expect(try sandbox.run(["outbox", "retry", String(id.prefix(8))]).status == 0)
      #expect(try sandbox.run(["outbox", "show", id, "--json"]).json?["state"] as? String == "due")
      #expect(try sandbox.run(["outbox", "drop", "\(number)"]).status == 0)
      #expect(try sandbox.run(["outbox", "show", id]).status == 1)
    }

    @Test("A delivered row keeps no event, and says so; a row that cannot be read is listed, dropped by its number, and stops nothing")
    func shownRows() throws {
      try configure("sink: \"file\", file: \"\(published)\", inProcess: false")
      let relay = try Relay(sandbox)
      #expect(try relay.judge(scene.campaign()).action == "accept")
      #expect(try relay.judge(scene.contribution(by: TestKey("a"))).action == "accept")
      #expect(try sandbox.run(["deliver", "--once"]).status == 0)
      let delivered = try #require(try sandbox.run(["outbox", "list", "--state-filter", "delivered", "--json"]).lines.first)
      let id = try #require((try JSONSerialization.jsonObject(with: Data(delivered.utf8)) as? [String: Any])?["id"] as? String)
      #expect(try sandbox.run(["outbox", "show", id, "--json"]).json?["event"] is NSNull)
      #expect(try sandbox.run(["outbox", "show", id]).output.contains("the event is delivered; the outbox keeps no copy"))

      #expect(try relay.judge(scene.contribution(by: TestKey("b"))).action == "accept")
      relay.closeInput()
      #expect(relay.child.end() == .exited(0))
      let number = try spoilFirstDueRow()
      #expect(try relayAgain(scene.contribution(by: TestKey("c"))) == "accept")
      let once = try sandbox.run(["deliver", "--once"])
      #expect(once.status == 1)
      #expect(once.errors.contains("1 that cannot be read"))
      #expect(receipts().count >= 2)
      let listed = try #require(try sandbox.run(["outbox", "list"]).lines.first { $0.hasPrefix("row ") })
      #expect(listed.hasPrefix("row \(number)  unreadable  "))
      #expect(listed.contains("row version 9"))
      #expect(listed.hasSuffix("`commonsguard outbox drop \(number)` forgets it"))
      #expect(try sandbox.run(["outbox", "retry", "\(number)"]).errors.contains("`commonsguard outbox drop \(number)`"))
      #expect(try sandbox.run(["outbox", "drop", "\(number)"]).errors == "outbox: row \(number) is dropped\n")
      #expect(try sandbox.run(["deliver", "--once"]).status == 0)
    }

    private func relayAgain(_ event: Event) throws -> String {
      let relay = try Relay(sandbox)
      defer { relay.closeInput() }
      return try relay.judge(event).action
    }

    /// As a program of another layout would have left it. Returns its number.
    private func spoilFirstDueRow() throws -> UInt64 {
      let store = try StateStore(StoreOptions(directory: sandbox.statePath, tables: []))
      return try store.write { writer throws in
        let row = try #require(try writer.dueFollowUps(now: .max, limit: 1).first)
        var bytes = row.encoded()
        bytes[0] = 9
        try writer.put(writer.tables.outbox, row.sequence, bytes)
        return row.sequence
      }
    }

    @Test("deliver as a service says at its start what it works on, and at once who has the lease")
    func serviceSpeaks() throws {
      try held()
      _ = try sandbox.run(["deliver", "--once"])
      let first = try Service(sandbox)
      #expect(waited { first.log.contains("delivers: 0 due, ") })
      let line = try #require(first.log.split(separator: "\n").first { $0.contains(" delivers: ") })
      for words in [sandbox.statePath, published, "nobody", " held, ", "`commonsguard outbox retry --all`"] {
        #expect(line.contains(words), "\(words)")
      }
      let second = try Service(sandbox)
      #expect(waited { second.log.contains("process \(first.child.processID) (`commonsguard deliver`) has the delivery lease") })
      first.child.kill(SIGTERM)
      #expect(first.child.end() != nil)
      second.child.kill(SIGINT)
      #expect(second.child.end() != nil)
    }

    /// `commonsguard deliver`, with its log.
    private struct Service {
      let child: Child
      private let file: String

      var log: String { String(decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self) }

      init(_ sandbox: Sandbox) throws {
        file = "\(sandbox.folder)/\(UUID().uuidString).log"
        let errors = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { [errors, null].forEach { close($0) } }
        child = try Child([Binary.path, "deliver"], environment: sandbox.environment, .init(standard: (null, null, errors)))
      }
    }
  }
}
