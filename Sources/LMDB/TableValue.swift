// SPDX-License-Identifier: AGPL-3.0-or-later
/// A value of a typed table.
public protocol TableValue {
  /// Nil when the bytes are not a value of this type.
  init?(valueBytes: UnsafeRawBufferPointer)
  /// Lends the bytes of the value.
  func withValueBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) throws -> R
}

/// Eight bytes, big-endian, as in a key.
extension UInt64: TableValue {
  public init?(valueBytes: UnsafeRawBufferPointer) { self.init(keyBytes: valueBytes) }

  public func withValueBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) throws -> R { try withKeyBytes(body) }
}

extension [UInt8]: TableValue {
  public init?(valueBytes: UnsafeRawBufferPointer) { self.init(valueBytes) }

  public func withValueBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) throws -> R { try withUnsafeBytes(body) }
}
