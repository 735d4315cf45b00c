// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

/// `collective …`, for people and with the contract's fields for programs.
extension EndToEnd {
  @Suite struct CollectiveTests {
    private static let (creator, member, zapper) = (TestKey("collective creator"), TestKey("collective member"), TestKey("collective zapper"))
    private static let began: UInt64 = 1_718_800_000
    private static let block = "848600:00000000" + String(repeating: "7", count: 56)

    private let sandbox: Sandbox
    private let ignition: Event
    private let request: Event
    /// The creator's second update, and another one beside it.
    private let head: Event
    private let fork: Event
    private var id: String { ignition.id.hex }
    private let unknown = String(repeating: "9", count: 64)

    private static func update(_ at: UInt64, by key: TestKey = creator, _ tags: [[String]]) -> Event {
      key.event(kind: 31108, createdAt: at, tags: [["d", "acme"]] + tags)
    }

    private static func proof(_ event: Event) -> [String] { ["proof", String(decoding: event.raw, as: UTF8.self)] }

    /// A collective with one merit, locked once; a member's event; a fork; and a second collective without anything.
    init() throws {
      sandbox = try Sandbox()
      let (creator, member, began) = (Self.creator, Self.member, Self.began)
      ignition = Self.update(began, [["lud16", "pay@acme", Self.zapper.hex], ["mission", "to build"]])
      let address = ["a", "31108:\(creator.hex):acme"]
      request = member.event(kind: 1409, createdAt: began, tags: [address, ["merits", "100"]])
      let vote = creator.event(kind: 1410, createdAt: began, tags: [address, ["request", request.id.hex], ["vote", "ratify"]])
      let requested = request.id.hex
      func row(_ leadtime: Int) -> [String] { ["merit", "owner:\(member.hex)", "req:\(requested)", "lt:\(leadtime)", "amt:100"] }
      let own = ["ignition", ignition.id.hex]
      let first = Self.update(began + 10, [own, ["previous", ignition.id.hex], row(0), Self.proof(request), Self.proof(vote)])
      let leadtime = member.event(kind: 1414, createdAt: began + 15, tags: [address, ["request", request.id.hex], ["lt", "1"]])
      let previous = ["previous", first.id.hex]
      head = Self.update(
        began + 20,
        [
          own, previous, ["bitcoin", Self.block], row(1), ["mission", "to \u{9b}31mbuild"], ["repository", "https://acme.example"],
          Self.proof(leadtime),
        ])
      fork = Self.update(began + 30, [own, previous, row(0)])
      let relay = try Relay(sandbox)
      for event in [ignition, first, head] { #expect(try relay.judge(event).action == "accept") }
      #expect(try relay.judge(fork).message == "invalid: previous is stale, head is \(head.id.short)")
      #expect(try relay.judge(Self.update(began + 40, by: member, [own, ["boostpoint", head.id.hex], row(1)])).action == "accept")
      #expect(try relay.judge(creator.event(kind: 31108, createdAt: began, tags: [["d", "empty"]])).action == "accept")
      relay.closeInput()
      #expect(relay.child.end() == .exited(0))
    }

    private func rows(_ arguments: [String], status: Int32 = 0) throws -> [[String: Any]] {
      let outcome = try sandbox.run(["collective"] + arguments + ["--json"])
      #expect(outcome.status == status && outcome.errors.isEmpty, "\(outcome.errors)")
      return try outcome.lines.map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
    }

    private func text(_ arguments: [String]) throws -> String {
      let outcome = try sandbox.run(["collective"] + arguments)
      #expect(outcome.status == 0 && !outcome.output.contains("\u{1b}") && !outcome.output.contains("\u{9b}"))
      return outcome.output
    }

    @Test("list has a line for each collective")
    func list() throws {
      #expect(try text(["list"]).split(separator: "\n").count == 2)
      let acme = try #require(try rows(["list"]).first { $0["name"] as? String == "acme" })
      #expect(acme["ignition"] as? String == id && acme["creator"] as? String == Self.creator.hex && acme["head"] as? String == head.id.hex)
      #expect(acme["totalMerits"] as? Int == 100 && acme["checkpoint"] as? Bool == false)
    }

    @Test("show has the contract's fields")
    func show() throws {
      #expect(try text(["show", id]).contains("merit         \(request.id.short)  100 of \(Self.member.pubkey.short)"))
      let json = try #require(try rows(["show", id]).first)
      #expect(json["ignition"] as? String == id && json["creator"] as? String == Self.creator.hex && json["name"] as? String == "acme")
      #expect(json["head"] as? String == head.id.hex && json["votepower"] as? [String: Int] == [Self.member.hex: 100])
      let merit = try #require((json["merits"] as? [[String: Any]])?.first)
      #expect(merit["request"] as? String == request.id.hex && merit["owner"] as? String == Self.member.hex)
      #expect(merit["leadtime"] as? Int == 1 && merit["amount"] as? Int == 100)
      #expect((json["sats"] as? [Any])?.isEmpty == true && (json["stateHash"] as? String)?.count == 64)
      #expect(json["mission"] is String && json["bitcoin"] as? String == Self.block)
    }

    @Test("next-payee and split say who gets a payment")
    func payments() throws {
      let next = try #require(try rows(["next-payee", id, "1000"]).first)
      // Nobody says where the member is paid, so it is the creator's turn, for no merit.
      #expect(next["payee"] as? String == Self.creator.hex && next["request"] is NSNull)
      #expect(try text(["next-payee", id, "1000"]).contains(Self.creator.hex))
      for (mode, key) in [("manual", request.id.hex), ("cashu", Self.member.hex)] {
        let shares = try rows(["split", id, "1000", "--mode", mode])
        #expect(shares.count == 1 && shares[0]["key"] as? String == key && shares[0]["sats"] as? Int == 1000)
      }
      #expect(try text(["split", id, "7"]) == "\(request.id.hex)  7\n")
    }

    @Test("history shows the creator's chain, or a member's")
    func history() throws {
      #expect(try text(["history", id]).split(separator: "\n").count == 3)
      let rows = try rows(["history", id])
      #expect(rows.map { $0["number"] as? Int } == [0, 1, 2] && rows.last?["id"] as? String == head.id.hex)
      let members = try self.rows(["history", id, Self.member.hex])
      #expect(members.count == 1 && members[0]["boostpoint"] as? String == head.id.hex && members[0]["previous"] is NSNull)
      let stranger = try sandbox.run(["collective", "history", id, TestKey("nobody").hex])
      #expect(stranger.status == 1 && stranger.output.isEmpty && stranger.errors.contains(TestKey("nobody").hex))
    }

    @Test("agreement ends with 0 where more than half of the votepower agrees, and with 1 where not")
    func agreement() throws {
      #expect(try text(["agreement", id]).contains("100 of 100 votepower"))
      let json = try #require(try rows(["agreement", id]).first)
      #expect(json["majority"] as? Bool == true && (json["heads"] as? [Any])?.count == 2)
      let relay = try Relay(sandbox)
      let another = TestKey("another").event(
        kind: 1409, createdAt: Self.began, tags: [["a", "31108:\(Self.creator.hex):acme"], ["merits", "5"]])
      let vote = Self.member.event(
        kind: 1410, createdAt: Self.began,
        tags: [["a", "31108:\(Self.creator.hex):acme"], ["request", another.id.hex], ["vote", "ratify"]])
      let next = Self.update(
        Self.began + 60,
        [
          ["ignition", id], ["previous", head.id.hex], ["merit", "owner:\(Self.member.hex)", "req:\(request.id.hex)", "lt:1", "amt:100"],
          ["merit", "owner:\(TestKey("another").hex)", "req:\(another.id.hex)", "lt:0", "amt:5"], Self.proof(another), Self.proof(vote),
        ])
      #expect(try relay.judge(next).action == "accept")
      #expect(try rows(["agreement", id], status: 1).first?["majority"] as? Bool == false)
    }

    @Test("equivocations names both updates")
    func equivocations() throws {
      #expect(try text(["equivocations", id]).contains("refused \(fork.id.short)"))
      let row = try #require(try rows(["equivocations", id]).first)
      #expect(
        row["accepted"] as? String == head.id.hex && row["refused"] as? [String] == [fork.id.hex] && row["pubkey"] as? String == Self.creator.hex)
    }

    @Test("a draft from a receipt is unsigned, or signed as this relay would take it; one that leads nowhere ends with 1")
    func draft() throws {
      let zap = Self.creator.json(
        kind: 9734, createdAt: Self.began, tags: [["p", Self.creator.hex], ["a", "31108:\(Self.creator.hex):acme"]])
      func receipt(_ signer: TestKey) -> [UInt8] {
        signer.json(
          kind: 9735, createdAt: Self.began + 25,
          tags: [["p", Self.creator.hex], ["bolt11", "lnbc10000n1qqqsyq"], ["description", String(decoding: zap, as: UTF8.self)]])
      }
      let (good, bad) = (
        try sandbox.write(lines: [receipt(Self.zapper)], to: "good.json"), try sandbox.write(lines: [receipt(Self.member)], to: "bad.json")
      )
      let at = ["--at", "\(Self.began + 100)"]
      let unsigned = try sandbox.run(["collective", "draft", id, "--receipt", good] + at)
      #expect(unsigned.status == 0 && unsigned.json?["kind"] as? Int == 31108 && unsigned.json?["sig"] == nil)
      #expect((unsigned.json?["tags"] as? [[String]])?.contains(["sats", request.id.hex, "1000", "0"]) == true)
      let key = try sandbox.write(Array((Self.creator.secret.map { String(format: "%02x", $0) }.joined() + "\n").utf8), to: "creator.key")
      chmod(key, 0o600)
      let signed = try sandbox.run(["collective", "draft", id, "--receipt", good, "--key", key] + at)
      #expect(signed.status == 0, "\(signed.errors)")
      let event = try Event(parsing: Array((signed.lines.first ?? "").utf8))
      #expect(try Relay(sandbox).judge(event).action == "accept")
      for arguments in [["--receipt", bad], ["--receipt", "/nonexistent"], ["--author", TestKey("nobody").hex], ["--member"]] {
        let refused = try sandbox.run(["collective", "draft", id] + arguments + at)
        #expect(refused.status == 1 && refused.output.isEmpty && !refused.errors.isEmpty, "\(arguments)")
      }
      chmod(key, 0o644)
      #expect(try sandbox.run(["collective", "draft", id, "--key", key] + at).status == 78)
    }

    @Test(
      "of a collective that is not known every command ends with 1",
      arguments: ["show", "next-payee", "split", "history", "agreement", "equivocations", "draft"])
    func unknownCollective(_ command: String) throws {
      let sats = command == "next-payee" || command == "split" ? ["5"] : []
      for json in [[], ["--json"]] {
        let outcome = try sandbox.run(["collective", command, unknown] + sats + json)
        #expect(outcome.status == 1 && outcome.output.isEmpty && outcome.errors.contains(unknown.prefix(8)), "\(outcome.errors)")
      }
    }

    @Test(
      "what cannot be meant ends with 2",
      arguments: [
        "show", "show x", "show ID ID", "next-payee ID", "next-payee ID 0", "next-payee ID -1", "next-payee ID 1e3", "split ID 2100000000000001",
        "split ID 5 --mode gold", "history ID x", "history ID ID ID", "agreement", "equivocations x", "draft", "draft ID --bitcoin 5",
        "draft ID --at soon",
        "draft ID --author x", "list x", "nonsense", "",
      ])
    func usage(_ line: String) throws {
      let arguments = line.split(separator: " ").map { $0 == "ID" ? id : String($0) }
      let outcome = try sandbox.run(["collective"] + arguments)
      #expect(outcome.status == 2 && outcome.output.isEmpty && !outcome.errors.isEmpty, "\(outcome)")
    }
  }
}
