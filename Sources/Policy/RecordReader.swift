// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography

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

  /// Lends the next bytes where they lie, or throws.
  @inline(__always)
  private mutating func next<Value>(_ count: Int, _ read: (UnsafeRawBufferPointer) -> Value) throws -> Value {
    guard count <= bytes.count - position else { throw Fault.corrupt(table, "\(bytes.count) bytes are too few") }
    defer { position += count }
    return bytes.withUnsafeBytes { read(UnsafeRawBufferPointer(rebasing: $0[position..<position + count])) }
  }

  public mutating func uint8() throws -> UInt8 { try next(1) { $0[0] } }
  public mutating func uint16() throws -> UInt16 { UInt16(bigEndian: try next(2) { $0.loadUnaligned(as: UInt16.self) }) }
  public mutating func uint32() throws -> UInt32 { UInt32(bigEndian: try next(4) { $0.loadUnaligned(as: UInt32.self) }) }
  public mutating func uint64() throws -> UInt64 { UInt64(bigEndian: try next(8) { $0.loadUnaligned(as: UInt64.self) }) }
  /// 32 bytes: an id, a key, a digest.
  public mutating func bytes32() throws -> Bytes32 {
    try next(32) { $0.baseAddress.map { Bytes32(unsafe: $0) } ?? .zero }  // 32 bytes have a base
  }
  public mutating func bool() throws -> Bool { try uint8() != 0 }

  /// Bytes behind their length.
  public mutating func counted() throws -> [UInt8] { try next(Int(try uint32())) { Array($0) } }
  public mutating func string() throws -> String { try next(Int(try uint32())) { String(decoding: $0, as: UTF8.self) } }

  @inlinable
  public mutating func optional<Value>(_ read: (inout RecordReader) throws -> Value) throws -> Value? {
    try bool() ? try read(&self) : nil
  }

  /// Refuses a record of a version that this program does not know.
  public mutating func version(_ expected: UInt8) throws {
    let found = try uint8()
    guard found == expected else { throw Fault.corrupt(table, "record version \(found), expected \(expected)") }
  }
}
