// SPDX-License-Identifier: AGPL-3.0-or-later
/// What read and write transactions have in common, so that code which reads is written once.
///
/// Bytes handed out point into the map. They are valid until the transaction's closure returns and, in a write transaction, until its next
/// put, delete or clear: copy what lives longer.
public protocol Readable: ~Copyable {
  /// The value of the key, or nil. Throws `EnvironmentError.keyEmpty` or `.keyTooLong` before LMDB is asked, otherwise `LMDBError`.
  func get(_ table: TableHandle, _ key: UnsafeRawBufferPointer) throws -> UnsafeRawBufferPointer?

  /// Opens a cursor for the time of `body`; it is closed before the transaction ends.
  func withCursor<R>(_ table: TableHandle, _ body: (borrowing Cursor) throws -> R) throws -> R

  /// The number of entries of the table.
  func entryCount(_ table: TableHandle) throws -> Int
}

extension Readable where Self: ~Copyable {
  /// The value of the key, copied, or nil.
  public func get(_ table: TableHandle, _ key: [UInt8]) throws -> [UInt8]? {
    try key.withUnsafeBytes { try get(table, $0).map { [UInt8]($0) } }
  }

  /// Whether the key has a value.
  public func contains(_ table: TableHandle, _ key: [UInt8]) throws -> Bool {
    try key.withUnsafeBytes { try get(table, $0) != nil }
  }

  /// Visits the entries whose keys begin with `prefix` (all, when it is empty) in the order of their keys, until `body` returns false.
  ///
  /// In a write transaction `body` must not change the table.
  public func scan(
    _ table: TableHandle, prefix: [UInt8] = [], _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Bool
  ) throws {
    try withCursor(table) { cursor in
      var entry = prefix.isEmpty ? try cursor.first() : try cursor.seek(atOrAfter: prefix)
      while let (key, value) = entry, key.starts(with: prefix), try body(key, value) { entry = try cursor.next() }
    }
  }
}

/// LMDB would answer `MDB_BAD_VALSIZE` for both; these say which.
@inline(__always)
func checkKey(_ key: UnsafeRawBufferPointer, maxKeyBytes: Int) throws {
  if key.isEmpty { throw EnvironmentError.keyEmpty }
  if key.count > maxKeyBytes { throw EnvironmentError.keyTooLong(bytes: key.count, limitBytes: maxKeyBytes) }
}
