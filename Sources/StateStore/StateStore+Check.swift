// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension StateStore {
  /// Reads every row of the store's own tables and compares what has to agree (`state check`). One line for each kind of difference, empty
  /// when there is none. Takes time in proportion to the state; the domains' tables are checked by their ledger and their digest.
  public func check() throws -> [String] {
    try read { view in try view.journalDifferences() + view.outboxDifferences() + view.parkedDifferences() }
  }
}

extension StoreReader where Self: ~Copyable {
  fileprivate func journalDifferences() throws -> [String] {
    var gaps = 0
    var next: UInt64 = 1
    try journal { row in
      if row.sequence != next { gaps += 1 }
      next = row.sequence &+ 1
      return true
    }
    var astray = 0
    try walk(tables.events) { key, value in
      var keyReader = RowReader(key, of: "events")
      var reader = RowReader(value, of: "events")
      let id = try keyReader.eventID()
      _ = try reader.domain()
      guard case .event(_, id, _, _)? = try journalRow(try reader.uint64())?.content else {
        astray += 1
        return true
      }
      return true
    }
    return Self.lines([(gaps, "gaps in the journal"), (astray, "known events without their journal row")])
  }

  fileprivate func outboxDifferences() throws -> [String] {
    var (unnamed, astray, unindexed) = (0, 0, 0)
    var (count, unreadable, delivered) = (0, 0, 0)
    try outboxEntries { entry in
      count += 1
      guard let row = entry.readable else {
        unreadable += 1
        return true
      }
      if try number(tables.outboxIDs, row.id.bytes, of: "outbox.ids") != row.sequence { unnamed += 1 }
      if try self.row(outboxTable(of: row.state), row.sequence) == nil { astray += 1 }
      if row.state == .delivered {
        delivered += 1
        if try !contains(tables.outboxDelivered, row.deliveredAt.keyBytes + row.sequence.keyBytes) { unindexed += 1 }
      }
      return true
    }
    let surplus = max(0, abs(try entryCount(tables.outboxDelivered) - delivered) - unreadable) + abs(try entryCount(tables.outboxIDs) - count)
    let isMiscounted = try outboxTotals().bytes != countedOutboxTotals().bytes
    return Self.lines([
      (unreadable, "outbox rows that cannot be read"), (unnamed, "outbox rows that their id does not lead to"),
      (astray, "outbox rows that are not in the table of their state"),
      (unindexed, "delivered outbox rows that are not in the order of delivery"),
      (surplus, "entries too many or too few in the outbox's indexes"), (isMiscounted ? 1 : 0, "wrong sum of the outbox's bytes"),
    ])
  }

  fileprivate func parkedDifferences() throws -> [String] {
    var count: UInt64 = 0
    var bytes: UInt64 = 0
    var astray = 0
    var standings: [PublicKey: ParkedStanding] = [:]
    try walk(tables.parked) { key, value in
      let sequence = try Self.number(key: key)
      let (event, dependencies) = try ParkedEvent.decode(sequence: sequence, value)
      count &+= 1
      bytes &+= UInt64(event.byteCount)
      standings[event.pubkey] = (standings[event.pubkey] ?? ParkedStanding(isKnown: false)).adding(bytes: UInt64(event.byteCount))
      let waiting = try dependencies.count { try contains(tables.parkedWaiting, Dependency.waitingPrefix($0) + sequence.keyBytes) }
      let isReleased = try row(tables.parkedReleased, sequence) != nil
      let named = try number(tables.parkedIDs, event.id.bytes, of: "parked.ids")
      // What was provided no longer waits for that one thing; what still waits for nothing is lost.
      let isAstray = isReleased ? waiting == dependencies.count : waiting < dependencies.count
      let placed = try number(tables.parkedNewest, event.newestKey, of: "parked.newest")
      if isAstray || named != sequence || placed != sequence { astray += 1 }
      return true
    }
    let totals = try parkedTotals()
    let wrong = try standings.count { pubkey, sums in
      guard let found = try parkedStanding(of: pubkey), found.events == sums.events, found.bytes == sums.bytes else { return true }
      return try !ParkedStanding.Measure.allCases.allSatisfy { try contains(tables.parkedRanking, found.rankKey($0, pubkey)) }
    }
    let measures = ParkedStanding.Measure.allCases.count
    let surplus =
      try abs(entryCount(tables.parkedPubkeys) - standings.count) + abs(entryCount(tables.parkedRanking) - standings.count * measures)
      + abs(entryCount(tables.parkedNewest) - Int(clamping: count))
    let isSumRight = totals.events == count && totals.bytes == bytes
    return Self.lines([
      (astray, "parked events whose indexes disagree"), (wrong, "keys whose parked events are counted wrongly"),
      (surplus, "entries too many or too few in the indexes of parked events by key"), (isSumRight ? 0 : 1, "wrong sums of parked events"),
    ])
  }

  private static func lines(_ differences: [(count: Int, what: String)]) -> [String] {
    differences.filter { $0.count > 0 }.map { "\($0.count) \($0.what)" }
  }
}
