// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// Reads the rows of the store's own tables where they lie in the map; written with `RecordWriter`. A row that is too short is a fault.
struct RowReader {
  private let table: StaticString
  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(_ bytes: UnsafeRawBufferPointer, of table: StaticString) {
    self.bytes = bytes
    self.table = table
  }

  var isAtEnd: Bool { position >= bytes.count }

  /// What is left, lent from the map.
  mutating func rest() -> UnsafeRawBufferPointer {
    defer { position = bytes.count }
    return UnsafeRawBufferPointer(rebasing: bytes[position...])
  }

  mutating func fixed(_ count: Int) throws -> UnsafeRawBufferPointer {
    guard count >= 0, count <= bytes.count - position else { throw Fault.unreadable(table, "\(bytes.count) bytes are too few") }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  mutating func uint8() throws -> UInt8 { try fixed(1)[0] }
  mutating func uint32() throws -> UInt32 { UInt32(bigEndian: try fixed(4).loadUnaligned(as: UInt32.self)) }
  mutating func uint64() throws -> UInt64 { UInt64(bigEndian: try fixed(8).loadUnaligned(as: UInt64.self)) }
  mutating func bool() throws -> Bool { try uint8() != 0 }
  mutating func counted() throws -> [UInt8] { Array(try fixed(Int(try uint32()))) }
  mutating func string() throws -> String { String(decoding: try fixed(Int(try uint32())), as: UTF8.self) }
  mutating func optionalString() throws -> String? { try bool() ? try string() : nil }

  mutating func bytes32() throws -> Bytes32 {
    guard let base = try fixed(32).baseAddress else { return .zero }  // not reached: 32 bytes have a base
    return Bytes32(unsafe: base)
  }

  mutating func eventID() throws -> EventID { EventID(try bytes32()) }
  mutating func publicKey() throws -> PublicKey { PublicKey(try bytes32()) }

  mutating func domain() throws -> Domain { try known(Domain(rawValue: try uint8()), "a domain that this program does not know") }

  mutating func version(_ expected: UInt8) throws {
    let found = try uint8()
    guard found == expected else { throw Fault.unreadable(table, "row version \(found), expected \(expected)") }
  }

  /// The value; a fault that says `what` when there is none.
  func known<Value>(_ value: Value?, _ what: String) throws -> Value {
    guard let value else { throw Fault.unreadable(table, what) }
    return value
  }
}
