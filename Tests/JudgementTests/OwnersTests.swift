// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Judgement
import Nostr
import Policy
import TestSupport
import Testing

@Suite("An event of several domains")
struct OwnersTests {
  private let event = TestKey("a").event(kind: 5, tags: [["e", String(repeating: "0", count: 64)]])

  private func seen(_ bench: Bench, _ domain: Domain) throws -> Bool {
    try bench.store.read { try $0.contains(FakeValidator.table(domain), event.id.bytes) }
  }

  @Test("all changes apply together, in one journal row")
  func together() throws {
    let bench = try Bench([FakeValidator(domain: .groups, refusal: nil), FakeValidator(domain: .economy, refusal: nil, isDependent: true)])
    #expect(bench.send(event) == "accept")
    #expect(try seen(bench, .groups) && seen(bench, .economy))
    #expect(try bench.journalCount() == 1)
    let known = try bench.store.read { try $0.known(event.id) }
    #expect(known?.domain == .groups)
    #expect(known?.note == [Domain.groups.rawValue])
  }

  @Test("the first refusal wins, and nothing of the others happens")
  func refusal() throws {
    let bench = try Bench([
      FakeValidator(domain: .groups, refusal: nil), FakeValidator(domain: .economy, refusal: .blocked("mine")),
      FakeValidator(domain: .collectives, refusal: .invalid("later")),
    ])
    #expect(bench.send(event) == "blocked: mine")
    #expect(try seen(bench, .groups) == false)
    #expect(try bench.journalCount() == 0)
  }

  @Test("a domain whose claim depends on the state has no say when the state says no")
  func notOwned() throws {
    let bench = try Bench([
      FakeValidator(domain: .groups, refusal: nil), FakeValidator(domain: .economy, refusal: .blocked("mine"), isDependent: true, owns: false),
    ])
    #expect(bench.send(event) == "accept")
    #expect(try seen(bench, .groups))
    let nobody = try Bench([FakeValidator(domain: .economy, refusal: .blocked("mine"), isDependent: true, owns: false)])
    #expect(nobody.send(event) == "accept")
    #expect(try nobody.journalCount() == 0)
  }

  /// Effects that are told apart by a number.
  private func effects(_ number: UInt8, yieldsWhenFull: Bool = false) -> @Sendable (EventID) -> Effects {
    { id in
      let body = FollowUpEvent.Body.signed(raw: [number], id: EventID(SHA256.digest(of: [number])), kind: 1985)
      var effects = Effects(
        followUps: [.event(FollowUpEvent(name: .decisionLabel, subject: [number], trigger: id, body: body))], yieldsWhenFull: yieldsWhenFull)
      effects.diagnostics = [Diagnostic(.info, "test", "\(number)")]
      return effects
    }
  }

  @Test("the follow-ups of both are queued, and both have their say to the operator")
  func allEffects() throws {
    let bench = try Bench([
      FakeValidator(domain: .groups, refusal: nil, effects: effects(1)), FakeValidator(domain: .economy, refusal: nil, effects: effects(2)),
    ])
    let judgement = bench.judge.judge(raw: event.raw, in: Circumstances(receivedAt: 1_700_000_500, source: .ip4))
    #expect(judgement.decision == .accept)
    #expect(judgement.diagnostics.map(\.message) == ["1", "2"])
    #expect(try bench.store.read { try $0.dueFollowUps(now: 1_700_000_500, limit: 9) }.map(\.subject) == [[1], [2]])
  }

  @Test("in the last tenth of the map, one that opens something new is refused, whichever owner opens it")
  func nearlyFull() throws {
    for opener in [Domain.groups, .economy] {
      let bench = try Bench(
        [.groups, .economy].map { FakeValidator(domain: $0, refusal: nil, effects: effects(1, yieldsWhenFull: $0 == opener)) }, mapSizeMiB: 17)
      try bench.fill(percent: 92)
      #expect(bench.send(event) == "error: the state is nearly full: only what exists already is taken")
    }
    let bench = try Bench([.groups, .economy].map { FakeValidator(domain: $0, refusal: nil) }, mapSizeMiB: 17)
    try bench.fill(percent: 92)
    #expect(bench.send(event) == "accept")
  }

  @Test("for a known event the domain answers that accepted it, and no other owner")
  func known() throws {
    let bench = try Bench([
      FakeValidator(domain: .groups, refusal: nil), FakeValidator(domain: .economy, refusal: nil, answerToKnown: .duplicate("not mine to say")),
    ])
    #expect(bench.send(event) == "accept")
    #expect(bench.send(event) == "accept")
    let own = try Bench([FakeValidator(domain: .groups, refusal: nil, answerToKnown: .duplicate("superseded"))])
    #expect(own.send(event) == "accept")
    #expect(own.send(event) == "duplicate: superseded")
  }
}
