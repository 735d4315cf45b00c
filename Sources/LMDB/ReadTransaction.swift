// SPDX-License-Identifier: AGPL-3.0-or-later
/// A snapshot of the environment, lent to the closure of `Environment.read`. Cannot be copied or kept.
public struct ReadTransaction: ~Copyable, Readable {
  private let handle: OpaquePointer
  private let maxKeyBytes: Int
  private let bounds: MapBounds

  @inline(__always)
  init(_ handle: OpaquePointer, maxKeyBytes: Int, bounds: MapBounds) {
    self.handle = handle
    self.maxKeyBytes = maxKeyBytes
    self.bounds = bounds
  }

  public func get(_ table: TableHandle, _ key: UnsafeRawBufferPointer) throws -> UnsafeRawBufferPointer? {
    try checkKey(key, maxKeyBytes: maxKeyBytes)
    return try LMDBCalls.get(handle, table.index, key, in: bounds)
  }

  public func withCursor<R>(_ table: TableHandle, _ body: (borrowing Cursor) throws -> R) throws -> R {
    let cursor = try Cursor(LMDBCalls.openCursor(handle, table.index), maxKeyBytes: maxKeyBytes, bounds: bounds, failures: nil)
    return try body(cursor)
  }

  public func entryCount(_ table: TableHandle) throws -> Int { try LMDBCalls.entryCount(handle, table.index) }

  /// The number of the newest commit that this snapshot sees.
  public var newestCommit: Int { LMDBCalls.id(handle) }

  /// The pages on LMDB's free list. Those freed after the oldest reader began cannot be used yet.
  public func freePageCount() throws -> Int { try LMDBCalls.freePageCount(handle, in: bounds) }

  /// The same transaction once more, for a type of a higher floor that wraps it and is itself lent to a closure inside this one's.
  ///
  /// Unsafe: nothing keeps the alias from outliving the transaction but its wrapper, which must not be copyable and never be given away.
  @inline(__always)
  package func unsafeAlias() -> ReadTransaction { ReadTransaction(handle, maxKeyBytes: maxKeyBytes, bounds: bounds) }
}
