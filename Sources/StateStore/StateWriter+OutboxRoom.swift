// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Policy

extension StateWriter {
  /// So many due rows are looked through for some that may go before others.
  private static let maxLookedThrough = 1000

  /// Removes what is kept no longer, at most `limit` rows a call: rows delivered more than 30 days ago; where `keepingDue` is given (sink
  /// `none`), the oldest due rows beyond that number; and what is beyond the outbox's quarter of the map. Returns how many went.
  ///
  /// - Parameter now: Unix seconds.
  @discardableResult
  public func pruneOutbox(now: UInt64, keepingDue: Int? = nil, limit: Int = Outbox.rowsPerStep) throws -> Int {
    var old: [UInt64] = []
    let oldest = now > Outbox.deliveredSeconds ? now - Outbox.deliveredSeconds : 0
    try walk(tables.outboxDelivered) { key, _ in
      var reader = RowReader(key, of: "outbox.delivered")
      guard old.count < limit, try reader.uint64() < oldest else { return false }
      old.append(try Self.number(key: key))
      return true
    }
    if let keepingDue {
      let surplus = min(try entryCount(tables.outbox) - max(keepingDue, 0), limit - old.count)
      if surplus > 0 {
        let wanted = old.count + surplus
        try walk(tables.outbox) { key, _ in
          old.append(try Self.number(key: key))
          return old.count < wanted
        }
      }
    }
    var unreadable: Set<UInt64> = []
    for sequence in old {
      if let row = try outboxEntry(sequence)?.readable { try remove(row) } else { unreadable.insert(sequence) }
    }
    if !unreadable.isEmpty { try removeUnreadable(unreadable) }
    return old.count + (try makeOutboxRoom(limit: limit - old.count))
  }

  /// Where all rows together take more than a quarter of the map, the oldest go, a sixteenth of that at once and at most `limit` of them:
  /// delivered ones first, then snapshots that wait (the next change makes a newer one), then those that were given up, then those that
  /// are due, then those that are held. Rows that were not delivered are counted, for the log. Returns how many went.
  @discardableResult
  func makeOutboxRoom(limit: Int = Outbox.rowsPerStep) throws -> Int {
    let most = tables.outboxLimitBytes
    let isCountedAnew = try keptTotals()?.counted == nil
    let current = try currentTotals()
    if isCountedAnew { try keep(current) }
    let totals = current.totals
    guard totals.bytes > most, limit > 0 else { return 0 }
    var going = Going(bytes: totals.bytes - (most - most / 16), limit: limit)
    try walk(tables.outboxDelivered) { key, _ in
      let sequence = try Self.number(key: key)
      return going.add(sequence, try row(tables.outboxDone, sequence)?.count ?? 0, isDelivered: true)
    }
    var looked = 0
    try walk(tables.outbox) { key, value in
      looked += 1
      guard !going.isEnough, looked <= Self.maxLookedThrough else { return false }
      guard (try? OutboxRow.name(of: value)) == .campaignSnapshot else { return true }
      return going.add(try Self.number(key: key), value.count)
    }
    try addStuck(.failed, to: &going)
    if !going.isEnough { try walk(tables.outbox) { key, value in going.add(try Self.number(key: key), value.count) } }
    try addStuck(.held, to: &going)

    var unreadable: Set<UInt64> = []
    for sequence in going.sequences {
      if let row = try outboxEntry(sequence)?.readable { try remove(row) } else { unreadable.insert(sequence) }
    }
    if !unreadable.isEmpty { try removeUnreadable(unreadable) }
    if going.undelivered > 0 {
      var left = try currentTotals()
      left.totals.dropped &+= UInt64(going.undelivered)
      try keep(left)
    }
    return going.sequences.count
  }

  private func addStuck(_ state: OutboxState, to going: inout Going) throws {
    if going.isEnough { return }
    var looked = 0
    try walk(tables.outboxStuck) { key, value in
      looked += 1
      guard looked <= Self.maxLookedThrough else { return false }
      guard (try? OutboxRow.state(of: value)) == state else { return true }
      return going.add(try Self.number(key: key), value.count)
    }
  }

  /// The log has told of so many rows that were dropped for want of room.
  public func noteDroppedTold(_ dropped: UInt64) throws {
    var current = try currentTotals()
    current.totals.told = dropped
    try keep(current)
  }

  /// The rows that go, chosen one after the other until there is room.
  private struct Going {
    let bytes: UInt64
    let limit: Int
    private(set) var sequences: [UInt64] = []
    private(set) var undelivered = 0
    private var chosen: Set<UInt64> = []
    private var freed: UInt64 = 0

    init(bytes: UInt64, limit: Int) {
      self.bytes = bytes
      self.limit = limit
    }

    var isEnough: Bool { freed >= bytes || sequences.count >= limit }

    /// False when no more have to go.
    mutating func add(_ sequence: UInt64, _ count: Int, isDelivered: Bool = false) -> Bool {
      if isEnough { return false }
      guard chosen.insert(sequence).inserted else { return true }
      sequences.append(sequence)
      if !isDelivered { undelivered += 1 }
      freed += OutboxTotals.stored(count)
      return !isEnough
    }
  }
}
