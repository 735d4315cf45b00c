// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Policy

/// What a snapshot and the write transaction have in common: the domains' `StateReader`, and the store's own tables.
///
/// Conformed to by `StateView` and `StateWriter` alone. Every method throws a `Fault` when the state cannot be read.
public protocol StoreReader: StateReader, Readable, ~Copyable {
  var tables: StoreTables { get }
  /// The number of the newest commit that is seen: where a snapshot and a write transaction have the same, nothing happened between them.
  var newestCommit: Int { get }
}

extension StoreReader where Self: ~Copyable {
  /// The value under an 8-byte number, lent from the map.
  func row(_ table: TableHandle, _ number: UInt64) throws -> UnsafeRawBufferPointer? {
    try number.withKeyBytes { try get(table, $0) }
  }

  /// The number in the value under an id; nil when there is none.
  func number(_ table: TableHandle, _ key: [UInt8], of name: StaticString) throws -> UInt64? {
    guard let value = try key.withUnsafeBytes({ try get(table, $0) }) else { return nil }
    var reader = RowReader(value, of: name)
    return try reader.uint64()
  }

  /// The greatest 8-byte number that is a key; nil when the table is empty.
  func lastNumber(_ table: TableHandle) throws -> UInt64? {
    try withCursor(table) { cursor in try cursor.last().map { try Self.number(key: $0.key) } }
  }

  /// Visits the entries from the first key ≥ `start` on (nil: from the first), ascending, until `visit` returns false.
  /// In a write transaction `visit` must not change the table.
  func walk(
    _ table: TableHandle, from start: [UInt8]? = nil, _ visit: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Bool
  ) throws {
    try withCursor(table) { cursor in
      var entry = if let start { try cursor.seek(atOrAfter: start) } else { try cursor.first() }
      while let (key, value) = entry, try visit(key, value) { entry = try cursor.next() }
    }
  }

  /// The number that a key is, or ends with.
  static func number(key: UnsafeRawBufferPointer) throws -> UInt64 {
    guard key.count >= 8 else { throw Fault.unreadable("store", "a key of \(key.count) bytes") }
    return UInt64(bigEndian: key.loadUnaligned(fromByteOffset: key.count - 8, as: UInt64.self))
  }
}

extension UInt64 {
  /// Eight bytes, big-endian: keys sort as their numbers do.
  var keyBytes: [UInt8] { Swift.withUnsafeBytes(of: bigEndian) { Array($0) } }
}
