// SPDX-License-Identifier: AGPL-3.0-or-later

/// Writes the fields of a record or of a composite key. Integers are big-endian, so that keys sort as their numbers do.
public struct RecordWriter: Sendable {
  public private(set) var bytes: [UInt8] = []

  public init(capacity: Int = 64) { bytes.reserveCapacity(capacity) }

  public mutating func put(_ value: UInt8) { bytes.append(value) }

  public mutating func put(_ value: UInt16) { append(value.bigEndian) }
  public mutating func put(_ value: UInt32) { append(value.bigEndian) }
  public mutating func put(_ value: UInt64) { append(value.bigEndian) }

  private mutating func append(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) } }

  public mutating func put(_ value: Bool) { bytes.append(value ? 1 : 0) }

  /// Bytes of a length that the reader knows. Overloads, since being generic across modules costs more than the copying (decisions/0007).
  public mutating func put(fixed value: [UInt8]) { bytes.append(contentsOf: value) }
  public mutating func put(fixed value: ArraySlice<UInt8>) { bytes.append(contentsOf: value) }
  public mutating func put(fixed value: UnsafeRawBufferPointer) { bytes.append(contentsOf: value) }

  /// Bytes behind their length (4 bytes).
  public mutating func put(counted value: [UInt8]) {
    put(UInt32(truncatingIfNeeded: value.count))
    bytes.append(contentsOf: value)
  }

  public mutating func put(counted value: ArraySlice<UInt8>) {
    put(UInt32(truncatingIfNeeded: value.count))
    bytes.append(contentsOf: value)
  }

  public mutating func put(counted value: String) {
    put(UInt32(truncatingIfNeeded: value.utf8.count))
    put(text: value)
  }

  /// The UTF-8 of a text of which the reader knows where it ends.
  public mutating func put(text value: String) { bytes.append(contentsOf: value.utf8) }

  /// A presence byte, then the value.
  @inlinable
  public mutating func put<Value>(optional value: Value?, _ write: (inout RecordWriter, Value) -> Void) {
    put(value != nil)
    if let value { write(&self, value) }
  }
}
