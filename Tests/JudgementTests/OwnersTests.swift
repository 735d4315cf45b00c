// SPDX-License-Identifier: AGPL-3.0-or-later
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
}
