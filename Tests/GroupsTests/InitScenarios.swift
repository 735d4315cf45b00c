// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

@testable import Groups

@Suite("GT-I: init_group") struct InitScenarios {
  @Test("GT-I01 an init is accepted and is its own tip")
  func ok() throws {
    let world = try World()
    let sent = world.initGroup(["A", "B"])
    #expect(sent.isAccepted)
    #expect(try world.view(sent.id).tip == sent.id)
    #expect(world.send(sent.json, received: T + 5).isAccepted, "a resend is accepted again")
  }

  @Test(
    "GT-I02, I03, I05, I06, I12, I13, I14 a malformed init is refused",
    arguments: [
      ("\"members\":[\"%A\"]", [[String]](), "invalid: content is not a JSON object"),
      ("[]", [], "invalid: content is not a JSON object"),
      ("{\"members\":[],\"members\":[\"%A\"]}", [], "invalid: content is not a JSON object"),
      ("{\"members\":[],\"admin\":null}", [], "invalid: group has no administrators"),
      ("{\"members\":[\"%a\"]}", [], "invalid: malformed members entry 0"),
      ("{\"members\":[\"%A\",\"npub1xyz\"]}", [], "invalid: malformed members entry 1"),
      ("{\"members\":[\"npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg\"]}", [], "invalid: malformed members entry 0"),
      ("{\"members\":[[\"%A\",\"other\"]]}", [], "invalid: malformed members entry 0"),
      ("{\"members\":[\"%A\"],\"broadcast-attesters\":[]}", [], "invalid: malformed broadcast-attesters"),
      ("{\"members\":[\"%A\"],\"broadcast-attesters\":[\"%A\",\"%A\"]}", [], "invalid: malformed broadcast-attesters"),
      ("{\"members\":[\"%A\"],\"meta\":{\"a\":1}}", [], "invalid: malformed meta"),
      ("{\"members\":[\"%A\"],\"admin\":\"x\"}", [], "invalid: malformed admin"),
      ("{\"members\":[\"%A\"]}", [["group", String(repeating: "0", count: 64)]], "invalid: init_group must not carry a group tag"),
      ("{\"members\":[\"%A\"]}", [["expiration", "1800000000"]], "invalid: group events must not expire"),
    ])
  func malformed(_ content: String, _ tags: [[String]], _ words: String) throws {
    let world = try World()
    let hex = World.hex("A")
    let text = content.replacing("%A", with: hex).replacing("%a", with: hex.dropLast())
    let sent = world.send(world.options.kinds.initGroup, by: "A", at: T, tags: tags, content: text)
    #expect(sent.message.hasPrefix(words))
  }

  @Test("GT-I04 an empty group is accepted when another one administers it")
  func adminOnly() throws {
    let world = try World()
    let admin = world.initGroup(["A"]).id
    #expect(world.initGroup([], admin: admin, at: T + 1).isAccepted)
  }

  @Test("GT-I07 a nested group that is unknown is refused live")
  func nestedUnknown() throws {
    let world = try World()
    let other = try World().initGroup(["N1"])
    #expect(world.initGroup(["A", "[\"\(other.id.hex)\"]"]).message.hasPrefix("error: nested group \(other.id.short) unknown"))
    #expect(world.initGroup(["A"], admin: other.id).message.hasPrefix("error: admin group \(other.id.short) unknown"))
  }

  @Test("GT-I08 from sync it waits, and is accepted once the nested group has come")
  func nestedUnknownSync() throws {
    let world = try World()
    let other = try World().initGroup(["N1"])
    let sent = world.initGroup(["A", "[\"\(other.id.hex)\"]"], at: T + 1, source: "Sync")
    #expect(sent.message == "error: missing group \(other.id.short), parked")
    #expect(world.send(other.json, received: T + 2).isAccepted)
    try world.judge.judgeAllReleased()
    #expect(try world.view(sent.id).tip == sent.id)
  }

  @Test("GT-I10 a pubkey that stands twice weighs twice; with the option off it is refused")
  func duplicate() throws {
    let world = try World()
    let group = world.initGroup(["A", "A", "B"])
    #expect(group.isAccepted)
    let proposal = world.propose(World.remove(2), by: "A", in: group.id, at: t(20))
    #expect(world.modify(by: "A", in: group.id, at: t(20) + hour, [(proposal.id, [])]).isAccepted, "2 of 3")
    let strict = try World { $0.allowDuplicateInit = false }
    #expect(strict.initGroup(["A", "A", "B"]).message == "invalid: duplicate member")
    let nested = "[\"\(group.id.hex)\"]"
    #expect(world.initGroup(["A", nested, nested], at: t(21)).message == "invalid: duplicate nested group")
  }

  @Test("GT-I15 groups nest eight deep, not nine")
  func depth() throws {
    let world = try World()
    var last = world.initGroup(["A"]).id
    for level in 2...8 {
      let sent = world.initGroup(["A", "[\"\(last.hex)\"]"], at: T + UInt64(level))
      #expect(sent.isAccepted, "depth \(level)")
      last = sent.id
    }
    #expect(world.initGroup(["A", "[\"\(last.hex)\"]"], at: T + 9).message == "invalid: group nesting too deep")
    #expect(world.initGroup(["A"], admin: last, at: T + 9).message == "invalid: group nesting too deep")
  }

  @Test("GT-I16 a forged init from a stream is refused")
  func forged() throws {
    let world = try World()
    var json = String(decoding: World.key("A").json(kind: 4830, content: World.initContent(["A"])), as: UTF8.self)
    let range = try #require(json.range(of: "\"sig\":\""))
    let digit = json[range.upperBound]
    json.replaceSubrange(range.upperBound...range.upperBound, with: digit == "0" ? "1" : "0")
    #expect(world.send(Array(json.utf8), received: T, source: "Stream").message == "invalid: bad signature")
  }

  @Test("an electorate beyond the limit is refused, one at the limit accepted")
  func size() throws {
    let world = try World { $0.maxElectorate = 3 }
    #expect(world.initGroup(["A", "B", "C"]).isAccepted)
    #expect(world.initGroup(["A", "B", "C", "D"]).message == "invalid: group too large")
  }
}

extension String {
  func replacing(_ part: String, with other: some StringProtocol) -> String { components(separatedBy: part).joined(separator: String(other)) }
}
