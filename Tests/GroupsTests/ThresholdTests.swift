// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import StateStore
import TestSupport
import Testing

@testable import Groups

/// Every count of yes, no and absent among 1 to 12 administrators, at the boundary seconds, against a reference written by itself.
@Suite struct ThresholdTests {
  /// What a modification at `time` must meet. The author, who is the proposer too, is among the yes.
  private static func reference(_ weight: Int, yes: Int, no: Int, proposed: UInt64, at time: UInt64) -> String {
    if time > proposed + 2_592_000 { return "invalid: proposal expired" }
    if time > proposed + 864_000, yes + yes <= weight { return "invalid: proposal rejected" }
    // Two thirds of all who might vote; or more than half, ten days, and nobody against.
    if Double(yes) / Double(weight) > 0.6666 { return "" }
    if yes > weight - yes, no == 0, time - proposed >= 864_000 { return "" }
    return "invalid: insufficient votes (\(yes)/\(weight), \(no) against)"
  }

  @Test("majorities over electorates of 1 to 12, all counts, at the boundary seconds of 10 and 30 days", arguments: 1...12)
  func table(_ weight: Int) throws {
    let world = try World()
    let names = (0..<weight).map { "V\($0)" }
    // The one to be removed is the last: not asked, unless it is the only one (who then consents).
    let group = world.initGroup(names, by: "V0").id
    let event = World.key("V0")
    let proposed = t(40)
    let offsets: [UInt64] = [1, 10 * day - 1, 10 * day, 10 * day + 1, 30 * day, 30 * day + 1]
    try world.store.read { state in
      let record = try #require(try state.group(group))
      let snapshot = try world.validator.cache.snapshot(at: group, reading: state)
      let change = ResolvedChange(removes: [snapshot.entries[weight - 1].id])
      for yes in 1...max(1, weight - 1) {
        for no in 0...(weight - yes) {
          let proposal = event.verified(kind: 4831, createdAt: proposed, tags: [], content: "\(weight) \(yes) \(no)")
          let live = Circumstances(receivedAt: proposed, source: .ip4)
          let pending = ProposalRecord(proposal, group: group, parent: group, in: live, change: change)
          // V0 proposed; the next ones are for it, those from the end against it.
          var votes: [VoteRecord] = []
          for index in 1..<max(1, yes) where yes > 1 { votes.append(vote(names[index], true, pending)) }
          for index in (weight - no)..<weight { votes.append(vote(names[index], false, pending)) }
          let overlay = try Overlay(state, votes)
          for offset in offsets {
            let roles = Roles(Branch(canonical: record), world.options, world.validator.cache)
            let tenure = Tenure(roles)
            let polling = Polling(pending, roles, tenure)
            let modification = event.verified(kind: 4833, createdAt: proposed + offset, tags: [], content: "\(offset)")
            let tenured = weight == 1 ? [World.key(names[0]).pubkey] : [World.key(names[weight - 1]).pubkey]
            let outcome = try polling.outcome(of: modification, tenured: tenured, naming: votes.map(\.id), reading: overlay)
            var expected = Self.reference(weight, yes: yes, no: no, proposed: proposed, at: proposed + offset)
            // The only administrator consents to what it proposes.
            if weight == 1, offset <= 30 * day { expected = no == 0 ? "" : expected }
            #expect(words(outcome) == expected, "\(weight) administrators, \(yes) yes, \(no) no, \(offset) s")
          }
        }
      }
    }
  }

  private func vote(_ name: String, _ value: Bool, _ proposal: ProposalRecord) -> VoteRecord {
    let event = World.key(name).verified(kind: 4832, createdAt: proposal.createdAt + 1, tags: [], content: "\(value)")
    // From sync: it counts from its own time.
    return VoteRecord(event, proposal: proposal.id, value: value, in: Circumstances(receivedAt: proposal.createdAt + 1, source: .sync))
  }

  private func words(_ outcome: Polling.Outcome) -> String {
    switch outcome {
    case .passed: ""
    case .expired: GroupsRejection.expired.message
    case .rejected: GroupsRejection.rejected.message
    case .insufficient(let tally): GroupsRejection.insufficient(tally).message
    }
  }

  @Test("tenure begins at the second of the seventh day, the vote at that of the tenth", arguments: [-1, 0, 1])
  func boundaries(_ offset: Int) throws {
    let world = try World()
    let group = world.group(3)
    try world.store.read { state in
      let roles = Roles(Branch(canonical: try #require(try state.group(group))), world.options, world.validator.cache)
      let tenure = Tenure(roles)
      let key = World.key("A").pubkey
      #expect(try tenure.isTenured(key, at: UInt64(Int(t(7)) + offset), reading: state) == (offset >= 0))
      #expect(try tenure.isVoter(key, at: UInt64(Int(t(10)) + offset), reading: state) == (offset >= 0))
    }
  }

  @Test("thirty days in all give a vote within ten days of leaving, a second less does not", arguments: [-1, 0, 1])
  func cumulative(_ offset: Int) {
    let spans = Spans([Spans.Span(start: 100, end: 100 + 15 * day), Spans.Span(start: 20 * day, end: UInt64(Int(35 * day) + offset))])
    #expect(spans.makesVoter(at: 40 * day) == (offset >= 0))
    #expect(spans.makesVoter(at: 45 * day - 2) == (offset >= 0))
    #expect(!spans.makesVoter(at: 46 * day), "who left more than ten days ago")
    #expect(spans.touches(34 * day, 40 * day))
    #expect(!spans.touches(36 * day, 40 * day))
  }
}

/// A state with votes that were never sent: a table of thousands of cases needs no thousands of signatures in a store.
struct Overlay: StateReader {
  private let rows: [(key: [UInt8], value: [UInt8])]
  private let tables: [Table: [(key: [UInt8], value: [UInt8])]]

  init(_ state: borrowing some StateReader & ~Copyable, _ votes: [VoteRecord]) throws {
    var rows: [(key: [UInt8], value: [UInt8])] = []
    for vote in votes { if case .put(_, let key, let value) = vote.change { rows.append((key, value)) } }
    self.rows = rows.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    var tables: [Table: [(key: [UInt8], value: [UInt8])]] = [:]
    for table in GroupsState.tables where table != GroupsState.votes {
      var copied: [(key: [UInt8], value: [UInt8])] = []
      try state.scan(table, prefix: []) { key, value in
        copied.append((key, value))
        return true
      }
      tables[table] = copied
    }
    self.tables = tables
  }

  private func all(_ table: Table) -> [(key: [UInt8], value: [UInt8])] { table == GroupsState.votes ? rows : tables[table] ?? [] }

  func value(_ table: Table, _ key: [UInt8]) -> [UInt8]? { all(table).first { $0.key == key }?.value }

  func scan(_ table: Table, prefix: [UInt8], from start: [UInt8]?, _ visit: ([UInt8], [UInt8]) throws -> Bool) throws {
    for row in all(table) where row.key.starts(with: prefix) {
      if let start, row.key.lexicographicallyPrecedes(start) { continue }
      if try !visit(row.key, row.value) { return }
    }
  }

  func last(_ table: Table, prefix: [UInt8], upTo key: [UInt8]) -> (key: [UInt8], value: [UInt8])? {
    all(table).last { $0.key.starts(with: prefix) && !key.lexicographicallyPrecedes($0.key) }
  }

  func known(_ id: EventID) -> KnownEvent? { nil }
  func isParked(_ id: EventID, by author: PublicKey) throws -> Bool { false }
  func isKnownAuthor(_ author: PublicKey) throws -> Bool { false }
  func raw(_ id: EventID) -> [UInt8]? { nil }
}
