// SPDX-License-Identifier: AGPL-3.0-or-later
import Judgement
import Nostr
import Policy
import TestSupport
import Testing

@Suite("What no domain has to ask: the future, and what no relay can store")
struct LimitsOfTimeAndFormTests {
  private static let received: UInt64 = 1_700_000_000
  private static let sources: [SourceType] = [.ip4, .ip6, .stream, .sync, .stored, .import]

  private func deletion(at createdAt: UInt64 = received, tags: [[String]] = []) -> Event {
    TestKey("a").event(kind: 5, createdAt: createdAt, tags: tags)
  }

  @Test("an event is dated 900 seconds ahead of its receipt at most, whatever its source", arguments: sources)
  func future(_ source: SourceType) throws {
    let bench = try Bench([FakeValidator(domain: .groups, refusal: nil)])
    #expect(bench.send(deletion(at: Self.received + 900), at: Self.received, source: source) == "accept")
    #expect(bench.send(deletion(at: Self.received + 901), at: Self.received, source: source) == "invalid: created_at is in the future")
    #expect(bench.send(deletion(at: .max), at: Self.received, source: source) == "invalid: created_at is in the future")
    #expect(bench.send(deletion(at: .max), at: .max - 100, source: source) == "accept")
    #expect(try bench.journalCount() == 2)
  }

  @Test("the future is not asked of what a journal holds, nor of what is known, nor of what nobody claims")
  func notAsked() throws {
    let ahead = deletion(at: Self.received + 5000)
    let bench = try Bench([FakeValidator(domain: .groups, refusal: nil)])
    let journalled = Circumstances(receivedAt: Self.received, source: .sync, isRejudged: true)
    let bare = Circumstances(receivedAt: Self.received, source: .import, isRejudged: true, isBare: true)
    #expect(Bench.text(bench.judge.judge(raw: ahead.raw, in: bare).decision) == "invalid: created_at is in the future")
    #expect(bench.judge.judge(raw: ahead.raw, in: journalled).decision == .accept)
    #expect(bench.send(ahead, at: Self.received) == "accept")
    #expect(try Bench([FakeValidator(domain: .groups, refusal: nil, isDependent: true, owns: false)]).send(ahead, at: Self.received) == "accept")
  }

  @Test(
    "claimed events that strfry cannot pack are refused, whatever their source",
    arguments: [
      #"[[]]"#, #"[["e"]]"#, #"[["e",""]]"#, #"[["p",""]]"#, #"[["t","x"],["e","\#(String(repeating: "a", count: 63))"]]"#,
      #"[["p","\#(String(repeating: "g", count: 64))"]]"#,
    ])
  func unstorable(_ tags: String) throws {
    let bench = try Bench([FakeValidator(domain: .groups, refusal: nil)])
    let raw = TestKey("a").signedRaw(kind: 5, tags: tags, content: "\"\"")
    for source in Self.sources { #expect(bench.send(raw: raw, source: source) == "invalid: no relay can store this event") }
    #expect(try bench.journalCount() == 0)
    let maybe = FakeValidator(domain: .economy, refusal: nil, isDependent: true)
    #expect(try Bench([maybe]).send(raw: raw) == "invalid: no relay can store this event")
    #expect(try Bench([FakeValidator(domain: .economy, refusal: nil, isDependent: true, owns: false)]).send(raw: raw) == "accept")
    #expect(bench.judge.judge(raw: raw, in: Circumstances(receivedAt: Self.received, source: .sync, isRejudged: true)).decision == .accept)
    #expect(bench.send(raw: raw) == "accept")
  }

  @Test(
    "odd tags that strfry does store are no reason to refuse",
    arguments: [
      #"[]"#, #"[["t"]]"#, #"[["e","\#(String(repeating: "A", count: 64))"]]"#, #"[["E",""]]"#, #"[["q","e"],["",""]]"#, #"[["x","y",null,[1]]]"#,
    ])
  func storable(_ tags: String) throws {
    let bench = try Bench([FakeValidator(domain: .groups, refusal: nil)])
    #expect(bench.send(raw: TestKey("a").signedRaw(kind: 5, tags: tags, content: "\"\"")) == "accept")
  }

  @Test("an event may be as long as relays store, and not a byte longer")
  func longest() throws {
    let overhead = TestKey("a").json(kind: 5).count
    for (limit, source) in [(65_536, SourceType.stream), (2000, .sync)] {
      let bench = try Bench([FakeValidator(domain: .groups, refusal: nil)], options: JudgeOptions(maxEventBytes: limit))
      #expect(bench.send(TestKey("a").event(kind: 5, content: String(repeating: "x", count: limit - overhead)), source: source) == "accept")
      let longer = TestKey("a").event(kind: 5, content: String(repeating: "x", count: limit - overhead + 1))
      #expect(bench.send(longer, source: source) == "invalid: no relay can store this event")
    }
    #expect(JudgeOptions().maxEventBytes == 65_536)
  }
}
