// SPDX-License-Identifier: AGPL-3.0-or-later
/// A position in a table, lent to the closure of `withCursor`; closed before its transaction ends. Keys are ordered by their bytes.
///
/// Each move returns the entry it arrives at, or nil when there is none. Bytes are valid as those of `Readable.get` are.
public struct Cursor: ~Copyable {
  public typealias Entry = (key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)

  private let handle: OpaquePointer
  private let maxKeyBytes: Int
  private let bounds: MapBounds
  private let failures: TransactionFailures?

  init(_ handle: OpaquePointer, maxKeyBytes: Int, bounds: MapBounds, failures: TransactionFailures?) {
    self.handle = handle
    self.maxKeyBytes = maxKeyBytes
    self.bounds = bounds
    self.failures = failures
  }

  deinit { LMDBCalls.closeCursor(handle) }

  public func first() throws -> Entry? { try move(.first) }
  public func last() throws -> Entry? { try move(.last) }
  /// The entry after the present one; the first when the cursor has no position yet.
  public func next() throws -> Entry? { try move(.next) }
  /// The entry before the present one; the last when the cursor has no position yet.
  public func previous() throws -> Entry? { try move(.previous) }

  /// The entry with exactly this key.
  public func seek(exactly key: UnsafeRawBufferPointer) throws -> Entry? {
    try checkKey(key, maxKeyBytes: maxKeyBytes)
    return try move(.exactly, key)
  }

  /// The entry with this key or, when there is none, with the next greater.
  public func seek(atOrAfter key: UnsafeRawBufferPointer) throws -> Entry? {
    try checkKey(key, maxKeyBytes: maxKeyBytes)
    return try move(.atOrAfter, key)
  }

  /// The entry with this key or, when there is none, with the next smaller.
  public func seek(atOrBefore key: UnsafeRawBufferPointer) throws -> Entry? {
    guard let after = try seek(atOrAfter: key) else { return try last() }
    return after.key.elementsEqual(key) ? after : try previous()
  }

  public func seek(exactly key: [UInt8]) throws -> Entry? { try key.withUnsafeBytes { try seek(exactly: $0) } }
  public func seek(atOrAfter key: [UInt8]) throws -> Entry? { try key.withUnsafeBytes { try seek(atOrAfter: $0) } }
  public func seek(atOrBefore key: [UInt8]) throws -> Entry? { try key.withUnsafeBytes { try seek(atOrBefore: $0) } }

  private func move(_ move: LMDBCalls.Move, _ key: UnsafeRawBufferPointer? = nil) throws -> Entry? {
    if let failures { return try failures.watching { try LMDBCalls.move(handle, move, key: key, in: bounds) } }
    return try LMDBCalls.move(handle, move, key: key, in: bounds)
  }
}
