// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import LMDB
import Policy

/// The one write transaction, lent to the closure of `StateStore.write`. Reads its own writes. Cannot be copied or kept.
public struct StateWriter: ~Copyable, StoreReader {
  private let transaction: WriteTransaction
  public let tables: StoreTables

  init(_ transaction: borrowing WriteTransaction, _ tables: StoreTables) {
    // Sound as in `StateView`.
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

  /// Carries out the changes of one event, in order.
  public func apply(_ changes: [StateChange]) throws {
    for change in changes {
      switch change {
      case .put(let table, let key, let value): try put(try tables.handle(of: table), key, value)
      case .insert(let table, let key, let value):
        guard try put(try tables.handle(of: table), key, value, mode: .noOverwrite) else { throw Fault.invariant("\(table.name) has that row already") }
      case .delete(let table, let key): try delete(try tables.handle(of: table), key)
      }
    }
  }

  /// False, and nothing changed, when `mode` is `.noOverwrite` and the key has a value.
  @discardableResult
  func put(_ table: TableHandle, _ key: [UInt8], _ value: [UInt8], mode: PutMode = .overwrite) throws -> Bool {
    try faulting { try transaction.put(table, key, value, mode: mode) }
  }

  @discardableResult
  func put(_ table: TableHandle, _ key: Bytes32, _ value: [UInt8], mode: PutMode = .overwrite) throws -> Bool {
    try faulting { try key.withUnsafeBytes { key in try value.withUnsafeBytes { try transaction.put(table, key, $0, mode: mode) } } }
  }

  func put(_ table: TableHandle, _ number: UInt64, _ value: [UInt8], mode: PutMode = .overwrite) throws {
    _ = try faulting {
      try number.withKeyBytes { key in try value.withUnsafeBytes { try transaction.put(table, key, $0, mode: mode) } }
    }
  }

  @discardableResult
  func delete(_ table: TableHandle, _ key: [UInt8]) throws -> Bool { try faulting { try transaction.delete(table, key) } }

  @discardableResult
  func delete(_ table: TableHandle, _ number: UInt64) throws -> Bool {
    try faulting { try number.withKeyBytes { try transaction.delete(table, $0) } }
  }
}

/// The value of a row of which only the key counts.
let mark: [UInt8] = [1]
