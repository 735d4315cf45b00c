// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Nostr
import Testing
import TestSupport

/// The states F0–F6 of the scenarios, each built on the one before, live.
final class Fixture {
  let relay: Relay
  private(set) var ignition: Event
  /// The creator's updates; `updates[0]` is the ignition.
  private(set) var updates: [Event]
  /// M's first event, from F5 on.
  private(set) var b1: Event?
  private(set) var rows: [Row] = []
  private(set) var requests: [Event] = []
  var lud16: TestKey? = Acme.z
  var payments: String?

  init(_ level: Int = 0, lud16: TestKey? = Acme.z, payments: String? = nil, _ change: (inout CollectivesOptions) -> Void = { _ in }) throws {
    relay = try Relay(change)
    self.lud16 = lud16
    self.payments = payments
    var draft = Draft()
    draft.bitcoin = Acme.block(848_500)
    draft.lud16 = lud16
    draft.payments = payments
    ignition = draft.event
    updates = [ignition]
    try expectAccept(relay.live(ignition))
    if level >= 1 { try addMerit(Acme.m, 100) }
    if level >= 2 { try addMerit(Acme.c, 300) }
    if level >= 3 { try addMerit(Acme.m2, 100) }
  }

  /// F4: M's merit is locked once.
  static func f4(_ change: (inout CollectivesOptions) -> Void = { _ in }) throws -> Fixture {
    let fixture = try Fixture(3, change)
    try fixture.raiseFirst()
    return fixture
  }

  /// F5: M has an event of its own.
  static func f5(_ change: (inout CollectivesOptions) -> Void = { _ in }) throws -> Fixture {
    let fixture = try f4(change)
    let first = fixture.member().event
    try expectAccept(fixture.relay.live(first))
    fixture.b1 = first
    return fixture
  }

  /// F6: one receipt of 1000 sats came in.
  static func f6(_ change: (inout CollectivesOptions) -> Void = { _ in }) throws -> Fixture {
    let fixture = try Fixture(3, change)
    var draft = fixture.next()
    draft.proofs = [Acme.receipt(1000)]
    draft.rows = fixture.rows(sats: [(200, 0), (600, 0), (200, 0)])
    try fixture.publish(draft)
    return fixture
  }

  var head: Event { updates[updates.count - 1] }
  func u(_ number: Int) -> Event { updates[number] }
  /// R1, R2, R3…
  func r(_ number: Int) -> EventID { requests[number - 1].id }

  /// The creator's next update, all as it is.
  func next() -> Draft {
    var draft = Draft()
    draft.ignition = ignition.id.hex
    draft.previous = head.id.hex
    draft.rows = rows
    draft.lud16 = lud16
    draft.payments = payments
    draft.at = head.createdAt + 100
    return draft
  }

  /// M's first event on the creator's head.
  func member(_ key: TestKey = Acme.m) -> Draft {
    var draft = next()
    draft.author = key
    draft.previous = nil
    draft.boostpoint = head.id.hex
    draft.lud16 = nil
    return draft
  }

  /// M's next event.
  func memberNext() -> Draft {
    var draft = member()
    draft.boostpoint = nil
    draft.previous = b1?.id.hex
    draft.at = max(draft.at, (b1?.createdAt ?? 0) + 100)
    return draft
  }

  /// The rows with other sats, in the order in which they were made.
  func rows(sats: [(UInt64, UInt64)]) -> [Row] {
    zip(rows, sats).map { row, sats in
      var row = row
      (row.outstanding, row.paid) = sats
      return row
    }
  }

  /// Publishes as the creator, and goes on from there.
  func publish(_ draft: Draft) throws {
    let event = draft.event
    try expectAccept(relay.live(event))
    updates.append(event)
    rows = draft.rows
  }

  /// What a merit gets of a payment, all others standing as they are.
  func share(of number: Int, in sats: UInt64) -> UInt64 {
    let ordered = rows.sorted { $0.request < $1.request }
    let shares = LargestRemainder.split(sats, by: ordered.map { ($0.request, $0.amount) })
    return zip(ordered, shares).first { $0.0.request == r(number) }?.1 ?? 0
  }

  func addMerit(_ owner: TestKey, _ amount: UInt64, voters: [TestKey] = [Acme.c]) throws {
    let request = Acme.request(owner, amount, salt: String(requests.count))
    var draft = next()
    draft.rows.append(Row(request.id, owner, amount))
    draft.proofs = [request] + voters.map { Acme.vote($0, request) }
    try publish(draft)
    requests.append(request)
  }

  private func raiseFirst() throws {
    var draft = next()
    draft.bitcoin = Acme.block(848_600)
    draft.rows[0].leadtime = 1
    draft.rows[0].height = 848_600
    draft.proofs = [Acme.leadtime(Acme.m, r(1), 1)]
    try publish(draft)
  }
}

func expectAccept(_ answer: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
  try #require(answer == Relay.accept, sourceLocation: sourceLocation)
}

func expect(_ answer: String, refusedWith words: String, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(answer.hasPrefix(words), "\(answer)", sourceLocation: sourceLocation)
}
