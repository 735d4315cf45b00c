// SPDX-License-Identifier: AGPL-3.0-or-later
/// A table whose keys and values have types. Rows are decoded into copies, so they outlive the transaction.
public struct TypedTable<Key: TableKey, Value: TableValue>: Sendable {
  public let name: String
  public let handle: TableHandle

  /// Opens the table; see `Environment.table`.
  public init(_ name: String, in environment: Environment, create: Bool) throws {
    self.name = name
    handle = try environment.table(name, create: create)
  }

  /// The value of the key, or nil. Throws `EnvironmentError.undecodable` when the row is not of the type `Value`.
  public func get<T: Readable & ~Copyable>(_ key: Key, in transaction: borrowing T) throws -> Value? {
    guard let bytes = try key.withKeyBytes({ try transaction.get(handle, $0) }) else { return nil }
    guard let value = Value(valueBytes: bytes) else { throw EnvironmentError.undecodable(table: name) }
    return value
  }

  /// Stores the value; see `WriteTransaction.put`.
  @discardableResult
  public func put(_ key: Key, _ value: Value, mode: PutMode = .overwrite, in transaction: borrowing WriteTransaction) throws -> Bool {
    try key.withKeyBytes { key in try value.withValueBytes { try transaction.put(handle, key, $0, mode: mode) } }
  }

  /// Removes the key. Returns false when it had no value.
  @discardableResult
  public func delete(_ key: Key, in transaction: borrowing WriteTransaction) throws -> Bool {
    try key.withKeyBytes { try transaction.delete(handle, $0) }
  }

  /// Visits the rows in the order of their keys, from `start` on (or from the first), until `body` returns false.
  public func scan<T: Readable & ~Copyable>(
    from start: Key? = nil, in transaction: borrowing T, _ body: (Key, Value) throws -> Bool
  ) throws {
    try transaction.withCursor(handle) { cursor in
      var entry = try start.map { key in try key.withKeyBytes { try cursor.seek(atOrAfter: $0) } } ?? cursor.first()
      while let row = entry {
        guard let key = Key(keyBytes: row.key), let value = Value(valueBytes: row.value) else {
          throw EnvironmentError.undecodable(table: name)
        }
        guard try body(key, value) else { return }
        entry = try cursor.next()
      }
    }
  }

  /// The number of rows.
  public func count<T: Readable & ~Copyable>(in transaction: borrowing T) throws -> Int { try transaction.entryCount(handle) }
}
