// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Judgement
import Nostr
import Policy
import TestSupport
import Testing

@Suite("The judge")
struct JudgeTests {
  /// An event whose signature is another's.
  private func forged(_ event: Event, with other: Event) -> [UInt8] {
    let text = String(decoding: event.raw, as: UTF8.self)
    func signature(_ event: Event) -> String {
      let text = String(decoding: event.raw, as: UTF8.self)
      return text.components(separatedBy: "\"sig\":\"").dropFirst().first.map { String($0.prefix(128)) } ?? ""
    }
    return Array(text.replacing(signature(event), with: signature(other)).utf8)
  }

  @Test("id and signature come before every other check, and a forged one is refused whoever owns it")
  func verification() throws {
    let bench = try Bench()
    let note = TestKey("a").event(kind: 1, content: "hello")
    #expect(bench.send(raw: forged(note, with: TestKey("a").event(kind: 1, content: "other"))) == "invalid: bad signature")
    let malformed = TestKey("a").event(kind: 7, tags: [["t", "crowdfunding"]], content: "+0")
    #expect(bench.send(raw: forged(malformed, with: note)) == "invalid: bad signature")
    #expect(bench.send(malformed) == "invalid: invalid amount: a whole number from 1 to 1000")
    let changed = String(decoding: note.raw, as: UTF8.self).replacing("hello", with: "hullo")
    #expect(bench.send(raw: Array(changed.utf8)) == "invalid: bad event id")
  }

  @Test("with verify = claimed, only what a domain claims is verified")
  func verifyClaimed() throws {
    let bench = try Bench(options: JudgeOptions(verifiesAll: false))
    let note = TestKey("a").event(kind: 1, content: "hello")
    #expect(bench.send(raw: forged(note, with: TestKey("a").event(kind: 1, content: "other"))) == "accept")
    #expect(bench.send(raw: forged(Bench.contribution(), with: note)) == "invalid: bad signature")
  }

  @Test("what nobody claims is accepted, or refused where the operator says so")
  func unclaimed() throws {
    let note = TestKey("a").event(kind: 1)
    #expect(try Bench().send(note) == "accept")
    #expect(try Bench(options: JudgeOptions(rejectsUnclaimed: true)).send(note).hasPrefix("blocked: "))
    #expect(try Bench(options: JudgeOptions(rejectsUnclaimed: true)).send(Bench.campaign()) == "accept")
    // Claimed only if the state says so, which it does not.
    let maybe = FakeValidator(domain: .economy, refusal: nil, isDependent: true, owns: false)
    let deletion = TestKey("a").event(kind: 5, tags: [["e", String(repeating: "0", count: 64)]])
    #expect(try Bench([maybe]).send(deletion) == "accept")
    #expect(try Bench([maybe], options: JudgeOptions(rejectsUnclaimed: true)).send(deletion).hasPrefix("blocked: "))
  }

  @Test("refusals, unclaimed events and resends write nothing")
  func nothingWritten() throws {
    let bench = try Bench()
    bench.send(Bench.campaign())
    bench.send(Bench.contribution())
    let before = try bench.contents()
    for event in [
      Bench.contribution("+0"), Bench.contribution(project: "CF-NONE"), Bench.vote(), Bench.campaign(at: 1_600_000_000), TestKey("a").event(kind: 1),
      Bench.contribution(), Bench.campaign(), Bench.contribution("👍"),
    ] {
      bench.send(event)
    }
    #expect(try bench.contents() == before)
    #expect(try bench.journalCount() == 2)
  }

  @Test("an accepted event stands in the journal as it came, and is known")
  func journal() throws {
    let bench = try Bench()
    let event = Bench.campaign()
    bench.send(event, at: 1_700_000_777, source: .sync)
    let row = try #require(try bench.store.read { try $0.journalRow(1) })
    guard case .event(let raw, let id, let source, _) = row.content else { return #expect(Bool(false), "no event") }
    #expect(raw == event.raw)
    #expect(id == event.id)
    #expect(source == .sync)
    #expect(row.receivedAt == 1_700_000_777)
    #expect(try bench.store.read { try $0.known(event.id)?.domain } == .crowdfunding)
  }

  @Test("a state without domains has a digest, and each domain its own")
  func digest() throws {
    let empty = try Bench([])
    let bench = try Bench()
    let nothing = try StateDigest.read(empty.store, empty.judge.registry)
    #expect(nothing.domains.map(\.domain) == [.crowdfunding, .collectives, .groups, .economy])
    #expect(try StateDigest.read(bench.store, bench.judge.registry) == nothing)
    bench.send(Bench.campaign())
    let digest = try StateDigest.read(bench.store, bench.judge.registry)
    #expect(digest != nothing)
    #expect(digest.domains[0].digest != nothing.domains[0].digest)
    #expect(digest.domains[1].digest == nothing.domains[1].digest)
  }
}
