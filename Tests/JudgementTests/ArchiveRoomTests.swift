// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Nostr
import Policy
import TestSupport
import Testing

@testable import Judgement

@Suite("What can be archived")
struct ArchiveRoomTests {
  private static let node = TestKey("node")
  private static let cannotHold = "invalid: this event could not be archived"

  /// The least `maxEventBytes` under which an event can be archived.
  private func least(_ event: Event) -> Int {
    var (low, high) = (0, 1 << 20)
    while high - low > 1 {
      let middle = (low + high) / 2
      if Archive.canHold(event, maxBytes: middle) { high = middle } else { low = middle }
    }
    return high
  }

  /// The archive as a relay gets it, with the greatest time.
  private func archive(of event: Event) throws -> [UInt8] {
    try Archive.event(of: event, by: Self.node.pubkey, at: UInt64(Int64.max)).signed(by: Self.node.key)
  }

  private static let contents: [String] = [
    "", "plain", String(repeating: "x", count: 5000), String(repeating: "\"", count: 300), String(repeating: "\\", count: 300),
    String(repeating: "\n\t\r", count: 100), String(repeating: "é€𝄞", count: 200), String(repeating: "</", count: 100),
  ]

  @Test(
    "an archive is never longer than what its event was measured for, and not refused for much that it does not need", arguments: contents.indices)
  func bound(number: Int) throws {
    let content = Self.contents[number]
    for event in [
      Bench.contribution(content), TestKey("captain").event(kind: 30904, tags: [["d", content]], content: content),
      TestKey("captain").event(kind: 30023, createdAt: UInt64(Int64.max), tags: [["d", "CF-\"\\\n"]], content: content),
    ] {
      let (least, bytes) = (least(event), try archive(of: event))
      #expect(bytes.count <= least)
      // An identifier is measured as if each of its bytes were escaped, and its control characters are left out.
      #expect(least - bytes.count <= 256 + 2 * (event.tags.first(named: "d")?[1]?.count ?? 0))
      #expect(Archive.canHold(event, maxBytes: least) && !Archive.canHold(event, maxBytes: least - 1))
    }
  }

  @Test("an event is taken live whose archive just fits, and refused where one byte is missing; from sync it is taken either way")
  func oneByte() throws {
    let campaign = Bench.campaign()
    let tags = [["t", "crowdfunding"], ["project-id", "CF-BENCH"], ["n", String(repeating: "\"", count: 1000)]]
    let gift = TestKey("giver").event(kind: 7, createdAt: 1_700_000_100, tags: tags, content: "+5")
    let least = least(gift)
    for (limit, isTaken) in [(least, true), (least - 1, false)] {
      let bench = try Bench(options: JudgeOptions(maxEventBytes: limit))
      #expect(bench.send(campaign) == "accept")
      #expect(bench.send(gift) == (isTaken ? "accept" : Self.cannotHold))
      #expect(bench.send(gift, source: .sync) == "accept")
    }
  }

  @Test(
    "U+007F as it is cannot be archived; escaped, and its neighbours, can",
    arguments: [("\u{7f}", false), ("\\u007f", true), ("~", true), ("\u{80}", true)])
  func delete(text: String, isTaken: Bool) throws {
    let raw = TestKey("giver").signedRaw(
      kind: 7, createdAt: 1_700_000_100, tags: "[[\"t\",\"crowdfunding\"],[\"project-id\",\"CF-BENCH\"],[\"n\",\"\(text)\"]]", content: "\"+5\"",
      hashedTags: "[[\"t\",\"crowdfunding\"],[\"project-id\",\"CF-BENCH\"],[\"n\",\"\(text == "\\u007f" ? "\u{7f}" : text)\"]]")
    #expect(Archive.canHold(try Event(parsing: raw), maxBytes: 65_536) == isTaken)
    let bench = try Bench()
    #expect(bench.send(Bench.campaign()) == "accept")
    #expect(bench.send(raw: raw) == (isTaken ? "accept" : Self.cannotHold))
    #expect(bench.send(raw: raw, source: .sync) == "accept")
  }

  @Test("a protected event cannot be archived, whatever its tag says; a dash elsewhere protects nothing")
  func protected() {
    func holds(_ tags: [[String]]) -> Bool { Archive.canHold(TestKey("giver").event(kind: 7, tags: tags), maxBytes: 65_536) }
    #expect(!holds([["-"]]) && !holds([["t", "crowdfunding"], ["-", "x"]]))
    #expect(holds([["t", "-"], ["--"], ["", "-"]]))
  }
}
