// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB

/// A snapshot of the state, lent to the closure of `StateStore.read`. Cannot be copied or kept.
public struct StateView: ~Copyable, StoreReader {
  private let transaction: ReadTransaction
  public let tables: StoreTables

  @inline(__always)
  init(_ transaction: borrowing ReadTransaction, _ tables: StoreTables) {
    // Sound because this view is lent inside the transaction's closure, and a lent value that cannot be copied does not escape.
    self.transaction = transaction.unsafeAlias()
    self.tables = tables
  }

  @inline(__always)
  public func get(_ table: TableHandle, _ key: UnsafeRawBufferPointer) throws -> UnsafeRawBufferPointer? {
    try faulting { try transaction.get(table, key) }
  }

  public func withCursor<R>(_ table: TableHandle, _ body: (borrowing Cursor) throws -> R) throws -> R {
    try faulting { try transaction.withCursor(table, body) }
  }

  public var newestCommit: Int { transaction.newestCommit }

  public func entryCount(_ table: TableHandle) throws -> Int { try faulting { try transaction.entryCount(table) } }
}
