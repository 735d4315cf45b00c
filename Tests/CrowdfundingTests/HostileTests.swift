// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Nostr
import Policy
import TestSupport
import Testing

@Suite("Hostile events of crowdfunding")
struct HostileTests {
  @Test("hundreds of tags are looked at without harm")
  func manyTags() throws {
    let relay = try Relay()
    let many = (0..<800).map { ["e", String(repeating: "0", count: 60) + String(10_000 + $0).suffix(4)] }
    #expect(try relay.live(Sample.campaign { $0 += many }) == Relay.accept)
    #expect(try relay.live(Sample.contribution { $0 += many }) == "blocked: campaign not active (draft)")
    let deletion = Sample.captain.event(kind: 5, createdAt: Sample.start, tags: many + [["k", "7"]])
    #expect(try relay.live(deletion) == Relay.accept)
  }

  @Test("a thousand owners are taken, one more is refused")
  func manyOwners() throws {
    let relay = try Relay()
    func withOwners(_ count: Int) -> Event {
      let owners = [String](repeating: #"{"email":"","mode":"cash","amount_eur":9999.99}"#, count: count).joined(separator: ",")
      return Sample.campaign("CF-OWNERS", content: "{\"owners\":[\(owners)]}") { tags in
        tags = tags.filter { $0.last != "bien" && $0.first != "i" && $0.first != "owner" }
      }
    }
    #expect(try relay.live(withOwners(1001)) == "invalid: malformed owner tag")
    #expect(try relay.sync(withOwners(1000)) == Relay.accept)
  }

  @Test("contents as long as a relay stores, and JSON nested beyond reason, are answered")
  func contents() throws {
    let relay = try Relay()
    #expect(try relay.live(Sample.campaign(content: String(repeating: "é", count: 30_000))) == Relay.accept)
    let deep = String(repeating: "{\"a\":", count: 5000) + "1" + String(repeating: "}", count: 5000)
    #expect(try relay.live(Sample.campaign(at: 1, content: deep)) == Relay.accept)
    for content in ["{", "{}", "{\"totals\":[]}", "{\"totals\":{\"g1_target\":{}}}", "{\"owners\":5}", "{\"location\":[1,2]}", "{\"a\":1,\"a\":2}"] {
      _ = try relay.live(Sample.campaign(at: 2, content: content))
    }
    #expect(
      try relay.live(Sample.contribution("+" + String(repeating: "1", count: 60_000))) == "invalid: invalid amount: a whole number from 1 to 1000")
  }

  @Test("tags whose elements are no strings say nothing")
  func oddTags() throws {
    let relay = try Relay()
    let whole = Sample.tags(status: "crowdfunding").map { "[" + $0.map { "\"\($0)\"" }.joined(separator: ",") + "]" }
    let odd = [
      #"["goal","G1",5]"#, #"["owner","\#(Sample.stranger.hex)",{"a":[1]}]"#, #"["wallet","ASSETS",null]"#,
      #"["p","\#(Sample.cell.hex)",7,["bien"]]"#,
      "[]", #"["closed_at"]"#, #"["status"]"#,
    ]
    let answers = try odd.map { tag in
      let raw = Sample.captain.signedRaw(kind: 30904, createdAt: Sample.start, tags: "[\(tag),\(whole.joined(separator: ","))]", content: "\"x\"")
      return try relay.send(line: requestLine(json: raw, receivedAt: Sample.start))
    }
    #expect(answers[0] == "invalid: malformed goal tag")
    #expect(answers[1] == "invalid: malformed owner tag")
    #expect(answers[2] == "invalid: malformed wallet tag")
    #expect(answers[3] == Relay.accept)
    #expect(answers[5] == "invalid: malformed closed_at")
  }

  @Test("a NUL and other control characters neither cut anything short nor reach a follow-up")
  func controlCharacters() throws {
    let relay = try Relay()
    let whole = Sample.tags(status: "crowdfunding").filter { $0[0] != "title" && $0[0] != "d" }
      .map { "[" + $0.map { "\"\($0)\"" }.joined(separator: ",") + "]" }.joined(separator: ",")
    let tags = #"[["title","a\u0000b"],["d","crowdfund-48.85-2.35-a\u0000\u0007"],"# + whole + "]"
    let raw = Sample.captain.signedRaw(kind: 30904, createdAt: Sample.start, tags: tags, content: #""x\u0000""#)
    #expect(try relay.send(line: requestLine(json: raw, receivedAt: Sample.start)) == Relay.accept)
    #expect(try relay.live(Sample.contribution()) == Relay.accept)
    #expect(try relay.followUps(.contributionReceipt).count == 1)
  }

  @Test("the greatest times and the same id again are no trap")
  func extremes() throws {
    let relay = try Relay()
    #expect(try relay.live(Sample.campaign(status: "crowdfunding")) == Relay.accept)
    let late = Sample.captain.event(kind: 7, createdAt: .max, tags: [["t", "crowdfunding"], ["project-id", "CF-TEST-1"]], content: "+")
    #expect(try relay.live(late, at: .max) == Relay.accept)
    #expect(
      try relay.sync(Sample.captain.event(kind: 7, createdAt: 0, tags: [["t", "crowdfunding"], ["project-id", "CF-TEST-1"]], content: "+"), at: 0)
        == Relay.accept)
    #expect(try relay.collected() == 200)
  }
}
