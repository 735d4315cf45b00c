// SPDX-License-Identifier: AGPL-3.0-or-later
/// The one write transaction, lent to the closure of `Environment.write`. Cannot be copied or kept.
///
/// It reads its own writes. Keys and values given to it must not point into the map (as those from `get` do): a put may move the page
/// under them.
public struct WriteTransaction: ~Copyable, Readable {
  private let handle: OpaquePointer
  private let maxKeyBytes: Int
  private let bounds: MapBounds
  private let failures: TransactionFailures
  private let faultInjection: (@Sendable (FaultPoint) -> Int32)?

  init(
    _ handle: OpaquePointer, maxKeyBytes: Int, bounds: MapBounds, failures: TransactionFailures,
    faultInjection: (@Sendable (FaultPoint) -> Int32)?
  ) {
    self.handle = handle
    self.maxKeyBytes = maxKeyBytes
    self.bounds = bounds
    self.failures = failures
    self.faultInjection = faultInjection
  }

  public func get(_ table: TableHandle, _ key: UnsafeRawBufferPointer) throws -> UnsafeRawBufferPointer? {
    try checkKey(key, maxKeyBytes: maxKeyBytes)
    return try failures.watching { try LMDBCalls.get(handle, table.index, key, in: bounds) }
  }

  public func withCursor<R>(_ table: TableHandle, _ body: (borrowing Cursor) throws -> R) throws -> R {
    let opened = try failures.watching { try LMDBCalls.openCursor(handle, table.index) }
    let cursor = Cursor(opened, maxKeyBytes: maxKeyBytes, bounds: bounds, failures: failures)
    return try body(cursor)
  }

  public func entryCount(_ table: TableHandle) throws -> Int {
    try failures.watching { try LMDBCalls.entryCount(handle, table.index) }
  }

  /// The number of the newest commit, on which this transaction builds. A snapshot with the same number saw the same state, but for what this
  /// transaction wrote itself.
  public var newestCommit: Int { LMDBCalls.id(handle) - 1 }

  /// Stores the value. Returns false, and changes nothing, when `mode` is `.noOverwrite` and the key exists.
  ///
  /// Throws `EnvironmentError.keyEmpty` or `.keyTooLong`, which leave the transaction usable, otherwise `LMDBError`, after which it can
  /// only be aborted.
  @discardableResult
  public func put(
    _ table: TableHandle, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, mode: PutMode = .overwrite
  ) throws -> Bool {
    try checkKey(key, maxKeyBytes: maxKeyBytes)
    return try failures.watching {
      try inject(.put(table), "mdb_put")
      return try LMDBCalls.put(handle, table.index, key, value, mode)
    }
  }

  @discardableResult
  public func put(_ table: TableHandle, _ key: [UInt8], _ value: [UInt8], mode: PutMode = .overwrite) throws -> Bool {
    try key.withUnsafeBytes { key in try value.withUnsafeBytes { try put(table, key, $0, mode: mode) } }
  }

  /// Removes the key. Returns false when it had no value. Throws as `put`.
  @discardableResult
  public func delete(_ table: TableHandle, _ key: UnsafeRawBufferPointer) throws -> Bool {
    try checkKey(key, maxKeyBytes: maxKeyBytes)
    return try failures.watching {
      try inject(.delete(table), "mdb_del")
      return try LMDBCalls.delete(handle, table.index, key)
    }
  }

  @discardableResult
  public func delete(_ table: TableHandle, _ key: [UInt8]) throws -> Bool { try key.withUnsafeBytes { try delete(table, $0) } }

  /// Removes every entry of the table and keeps the table.
  public func clear(_ table: TableHandle) throws {
    try failures.watching {
      try inject(.delete(table), "mdb_drop")
      try LMDBCalls.clear(handle, table.index)
    }
  }

  /// The same transaction once more; unsafe as `ReadTransaction.unsafeAlias` is.
  package func unsafeAlias() -> WriteTransaction {
    WriteTransaction(handle, maxKeyBytes: maxKeyBytes, bounds: bounds, failures: failures, faultInjection: faultInjection)
  }

  /// Opens the table, and makes it when it is missing; good once the transaction is committed.
  func createTable(_ name: String) throws -> TableHandle {
    try failures.watching { TableHandle(index: try LMDBCalls.openTable(handle, name, create: true)) }
  }

  @inline(__always)
  private func inject(_ point: @autoclosure () -> FaultPoint, _ function: StaticString) throws {
    if faultInjection != nil { try fail(at: point(), function) }
  }

  /// Apart, so that a put of every day does not take a reference to a closure that only tests set.
  @inline(never)
  private func fail(at point: FaultPoint, _ function: StaticString) throws {
    if let faultInjection { try LMDBCalls.check(faultInjection(point), function) }
  }
}
