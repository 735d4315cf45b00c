// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Policy

/// The sums as `meta` keeps them. Rows that were queued since are added by whoever asks: to keep them with each row would be one more page in
/// every commit. Whatever moves, changes or removes a row adds them first, and so does the one that queues the 64th of them.
///
/// `bytes 8 · dropped 8 · told 8 · counted 8`; without the last, an earlier program wrote it, and the bytes are counted anew.
struct KeptTotals {
  var totals = OutboxTotals()
  /// Rows of `outbox` with greater numbers are not in `bytes`. No new row gets this number or a lower one: who removes a row counts up to it.
  var counted: UInt64?

  private static let maxUncounted: UInt64 = 64

  init() {}

  /// The least number that a new row may have; nil where only the floor in `meta` says it.
  var floor: UInt64? { counted.map { $0 &+ 1 } }

  init(decoding value: UnsafeRawBufferPointer) throws {
    var reader = RowReader(value, of: "meta")
    totals.bytes = try reader.uint64()
    totals.dropped = try reader.uint64()
    totals.told = try reader.uint64()
    if !reader.isAtEnd { counted = try reader.uint64() }
  }

  var encoded: [UInt8] {
    var writer = RecordWriter(capacity: 32)
    writer.put(totals.bytes)
    writer.put(totals.dropped)
    writer.put(totals.told)
    if let counted { writer.put(counted) }
    return writer.bytes
  }

  /// Whether one more row may be left uncounted: they are few and small, and all of them together stay within the limit.
  func canWait(for sequence: UInt64, _ count: Int, limitBytes: UInt64) -> Bool {
    guard let counted, sequence > counted, sequence - counted < Self.maxUncounted, !OutboxTotals.isLarge(count) else { return false }
    return totals.bytes <= limitBytes && limitBytes - totals.bytes >= Self.maxUncounted * OutboxTotals.mostSharedBytes
  }

  mutating func count(upTo sequence: UInt64) { counted = max(counted ?? 0, sequence) }
}

extension StoreReader where Self: ~Copyable {
  /// The sums as they are now. Where an earlier program kept them, or none has, all rows are counted: only their lengths are looked at.
  public func outboxTotals() throws -> OutboxTotals { try currentTotals().totals }

  /// The least number that a new row may have, where the sums do not say it.
  func outboxFloor() throws -> UInt64 { max(1, try number(tables.meta, MetaName.outboxFloor, of: "meta") ?? 1) }

  /// As `meta` has them; nil where no program has kept them yet.
  func keptTotals() throws -> KeptTotals? {
    try MetaName.outboxTotals.withUnsafeBytes { try get(tables.meta, $0) }.map { try KeptTotals(decoding: $0) }
  }

  /// With every row counted.
  func currentTotals() throws -> KeptTotals {
    var current = try keptTotals() ?? KeptTotals()
    guard let counted = current.counted else {
      current.totals.bytes = try countedOutboxTotals().bytes
      current.counted = try max(lastNumber(tables.outbox) ?? 0, outboxFloor() &- 1)
      return current
    }
    var isNew = false
    try walk(tables.outbox, from: (counted &+ 1).keyBytes) { _, value in
      current.totals.replace(nil, by: value.count)
      isNew = true
      return true
    }
    if isNew, let last = try lastNumber(tables.outbox) { current.count(upTo: last) }
    return current
  }

  /// What the rows take that are there, whatever the sums say.
  func countedOutboxTotals() throws -> OutboxTotals {
    var totals = OutboxTotals()
    for table in [tables.outbox, tables.outboxStuck, tables.outboxDone] {
      try walk(table) { _, value in
        totals.replace(nil, by: value.count)
        return true
      }
    }
    return totals
  }
}
