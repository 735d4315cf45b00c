// SPDX-License-Identifier: AGPL-3.0-or-later

/// Reads what `RecordWriter` wrote. A record that is too short is a fault of the state, never a trap.
public struct RecordReader {
  private let table: Table
  private let bytes: [UInt8]
  private var position = 0

  public init(_ bytes: [UInt8], of table: Table) {
    self.bytes = bytes
    self.table = table
  }

  public var isAtEnd: Bool { position >= bytes.count }

  public mutating func fixed(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count >= 0, count <= bytes.count - position else { throw Fault.corrupt(table, "\(bytes.count) bytes are too few") }
    defer { position += count }
    return bytes[position..<(position + count)]
  }

  private mutating func integer(_ width: Int) throws -> UInt64 {
    var value: UInt64 = 0
    for byte in try fixed(width) { value = value << 8 | UInt64(byte) }
    return value
  }

  public mutating func uint8() throws -> UInt8 { UInt8(truncatingIfNeeded: try integer(1)) }
  public mutating func uint16() throws -> UInt16 { UInt16(truncatingIfNeeded: try integer(2)) }
  public mutating func uint32() throws -> UInt32 { UInt32(truncatingIfNeeded: try integer(4)) }
  public mutating func uint64() throws -> UInt64 { try integer(8) }
  public mutating func bool() throws -> Bool { try uint8() != 0 }

  /// Bytes behind their length.
  public mutating func counted() throws -> [UInt8] { Array(try fixed(Int(try uint32()))) }
  public mutating func string() throws -> String { String(decoding: try counted(), as: UTF8.self) }

  public mutating func optional<Value>(_ read: (inout RecordReader) throws -> Value) throws -> Value? {
    try bool() ? try read(&self) : nil
  }

  /// Refuses a record of a version that this program does not know.
  public mutating func version(_ expected: UInt8) throws {
    let found = try uint8()
    guard found == expected else { throw Fault.corrupt(table, "record version \(found), expected \(expected)") }
  }
}
