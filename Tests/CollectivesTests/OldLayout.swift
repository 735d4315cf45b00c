// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy
import StateStore
import TestSupport
import Testing

@testable import Collectives

extension Relay {
  /// Writes updates, chains and slots as versions 1 and 2 of the records did: chains of one line, names of one collective, proofs by chain.
  func forgetLayout(version: UInt8 = 1) throws {
    try store.write { state in
      var changes: [StateChange] = []
      for table in [CollectivesState.chains, CollectivesState.usedNodes, CollectivesState.slots] {
        try state.scan(table, prefix: []) { key, value in
          changes.append(.delete(table, key: key))
          if table == CollectivesState.slots { changes.append(.put(table, key: Array(key.prefix(64)), value: value)) }
          return true
        }
      }
      try state.scan(CollectivesState.updates, prefix: []) { key, value in
        var reader = RecordReader(key, of: CollectivesState.updates)
        let record = try UpdateRecord(id: try reader.eventID(), decoding: value)
        changes.append(.put(CollectivesState.updates, key: key, value: version == 1 ? record.canonical : record.second))
        changes.append(
          .put(CollectivesState.chains, key: CollectivesState.numberedKey(record.collective, record.pubkey, record.number), value: key))
        return true
      }
      try state.apply(changes)
    }
  }
}

extension UpdateRecord {
  fileprivate var second: [UInt8] {
    var writer = RecordWriter(capacity: 250)
    writer.put(UInt8(2))
    writer.put(fixed: Array(canonical.dropFirst()))
    writer.put(optional: blockTime) { $0.put($1) }
    writer.put(optional: jump) {
      $0.put($1.id)
      $0.put($1.number)
    }
    return writer.bytes
  }
}

@Suite("Collectives: a state from before branches were kept")
struct OldLayoutScenarios {
  private static let receipt = Acme.receipt(1000)

  /// F3, a receipt that is booked, and three updates more.
  private func old(_ version: UInt8) throws -> Fixture {
    let fixture = try Fixture(3)
    var draft = fixture.next()
    draft.proofs = [Self.receipt]
    draft.rows = fixture.rows(sats: [(200, 0), (600, 0), (200, 0)])
    try fixture.publish(draft)
    for _ in 0..<3 { try fixture.publish(fixture.next()) }
    try fixture.relay.forgetLayout(version: version)
    try fixture.relay.store.write { state in
      var writer = RecordWriter(capacity: 40)
      writer.put(UInt64(4))
      writer.put(fixture.u(4).id)
      let key = CollectivesState.usedKey(fixture.ignition.id, Acme.c.pubkey, Self.receipt.id.value)
      try state.apply([.put(CollectivesState.used, key: key, value: writer.bytes)])
    }
    return fixture
  }

  @Test("it goes on, what was used stays used, and its history is shown", arguments: [1, 2] as [UInt8])
  func goesOn(_ version: UInt8) throws {
    let fixture = try old(version)
    var draft = fixture.next()
    draft.proofs = [Self.receipt]
    draft.rows = fixture.rows(sats: [(400, 0), (1200, 0), (400, 0)])
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: sats row")
    draft.rows = fixture.rows
    try fixture.publish(draft)
    try fixture.publish(fixture.next())
    var history: [EventID] = []
    try fixture.relay.store.read { state in
      try CollectiveView.history(of: fixture.ignition.id, Acme.c.pubkey, reading: state) { record, _ in
        history.append(record.id)
        return true
      }
      let head = try #require(try UpdateRecord.head(fixture.ignition.id, Acme.c.pubkey, state))
      for number in 0..<history.count { #expect(try UpdateRecord.ancestor(of: head, UInt64(number), state) == fixture.u(number).id) }
    }
    #expect(history == fixture.updates.map(\.id))
    expect(try fixture.relay.live(try #require(second(fixture))), refusedWith: "invalid: replacement needs the ignition id")
  }

  private func second(_ fixture: Fixture) -> Event? {
    var draft = Draft()
    draft.extra = [["mission", "again"]]
    return draft.event
  }

  @Test("branches from sync are taken beside it, and it ends as on a relay that saw everything anew", arguments: [1, 2] as [UInt8])
  func branches(_ version: UInt8) throws {
    let fixture = try old(version)
    // On U3, where the receipt was not booked yet: the later child, and one that loses; and one on U5.
    var winner = fixture.next()
    winner.previous = fixture.u(3).id.hex
    winner.proofs = [Self.receipt]
    winner.at = fixture.u(4).createdAt + 1
    var loser = winner
    loser.at -= 2
    var side = fixture.next()
    side.previous = fixture.u(5).id.hex
    side.at = fixture.u(6).createdAt + 1
    var next = winner
    next.previous = winner.event.id.hex
    next.at += 10
    next.proofs = []
    let branches = try [side.event, loser.event, winner.event, next.event, #require(second(fixture))]
    for event in branches { try expectAccept(fixture.relay.sync(event)) }
    #expect(try fixture.relay.view(fixture.ignition)?.head.id == next.event.id)
    next.previous = next.event.id.hex
    next.at += 10
    next.proofs = [Self.receipt]
    try expectAccept(fixture.relay.live(next.event))
    let other = try Relay()
    for event in fixture.updates + branches + [next.event] { try expectAccept(other.sync(event)) }
    #expect(try other.digest() == fixture.relay.digest())
  }
}
