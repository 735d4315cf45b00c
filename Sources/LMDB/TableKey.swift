// SPDX-License-Identifier: AGPL-3.0-or-later
/// A key of a typed table. Keys sort by their bytes, so integers are written big-endian; at most 511 bytes.
public protocol TableKey {
  /// Nil when the bytes are not a key of this type.
  init?(keyBytes: UnsafeRawBufferPointer)
  /// Lends the bytes of the key.
  func withKeyBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) throws -> R
}

extension UInt64: TableKey {
  public init?(keyBytes: UnsafeRawBufferPointer) {
    guard keyBytes.count == 8 else { return nil }
    self.init(bigEndian: keyBytes.loadUnaligned(as: UInt64.self))
  }

  @inlinable
  public func withKeyBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) throws -> R { try Swift.withUnsafeBytes(of: bigEndian, body) }
}

extension [UInt8]: TableKey {
  public init?(keyBytes: UnsafeRawBufferPointer) { self.init(keyBytes) }

  @inlinable
  public func withKeyBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) throws -> R { try withUnsafeBytes(body) }
}
