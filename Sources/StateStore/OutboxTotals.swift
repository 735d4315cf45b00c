// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Policy

/// The sums of the outbox, kept in `meta` by whatever changes a row.
///
/// `bytes 8 · dropped 8 · told 8`
public struct OutboxTotals: Sendable, Equatable {
  /// What all rows take in the map, their indexes included: whole pages where a row is too large for a leaf.
  public internal(set) var bytes: UInt64 = 0
  /// How many undelivered rows were dropped for want of room, ever.
  public internal(set) var dropped: UInt64 = 0
  /// How many of them the log has told of.
  public internal(set) var told: UInt64 = 0

  /// LMDB's pages on every machine that this runs on, and the longest value that shares one with others.
  private static let (pageBytes, sharedBytes) = (4096, 2000)
  private static let pageHeaderBytes = 16
  /// Of the row, its id, its time of delivery, and LMDB's own for each of them.
  private static let indexBytes = 112

  init() {}

  var encoded: [UInt8] {
    var writer = RecordWriter(capacity: 24)
    writer.put(bytes)
    writer.put(dropped)
    writer.put(told)
    return writer.bytes
  }

  init(decoding value: UnsafeRawBufferPointer) throws {
    var reader = RowReader(value, of: "meta")
    bytes = try reader.uint64()
    dropped = try reader.uint64()
    told = try reader.uint64()
  }

  /// What a row of so many bytes takes.
  static func stored(_ count: Int) -> UInt64 {
    guard count > sharedBytes else { return UInt64(count + indexBytes) }
    return UInt64((count + pageHeaderBytes + pageBytes - 1) / pageBytes * pageBytes + indexBytes)
  }

  mutating func replace(_ old: Int?, by new: Int?) {
    bytes &+= new.map(Self.stored) ?? 0
    let gone = old.map(Self.stored) ?? 0
    bytes = bytes > gone ? bytes - gone : 0
  }
}

extension StoreReader where Self: ~Copyable {
  /// Counted row by row where no program has kept the sums yet: only the rows' lengths are looked at.
  public func outboxTotals() throws -> OutboxTotals {
    if let value = try MetaName.outboxTotals.withUnsafeBytes({ try get(tables.meta, $0) }) {
      return try OutboxTotals(decoding: value)
    }
    return try countedOutboxTotals()
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
