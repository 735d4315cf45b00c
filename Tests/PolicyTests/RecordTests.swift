// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import TestSupport
import Testing

@Suite("Records")
struct RecordTests {
  static let table = Table(.ledger, 0, "records")

  private func sample() -> [UInt8] {
    var writer = RecordWriter()
    writer.put(UInt8(7))
    writer.put(UInt16(0x0102))
    writer.put(UInt32(0x0304_0506))
    writer.put(UInt64.max - 1)
    writer.put(true)
    writer.put(counted: "né")
    writer.put(optional: UInt64?.none) { $0.put($1) }
    writer.put(optional: UInt64(5)) { $0.put($1) }
    writer.put(TestKey("a").pubkey)
    writer.put(Amount(hundredths: 9))
    return writer.bytes
  }

  private func read(_ bytes: [UInt8]) throws -> Bool {
    var reader = RecordReader(bytes, of: Self.table)
    try reader.version(7)
    let isSame =
      try reader.uint16() == 0x0102 && reader.uint32() == 0x0304_0506 && reader.uint64() == .max - 1 && reader.bool() && reader.string() == "né"
      && reader.optional { try $0.uint64() } == nil && reader.optional { try $0.uint64() } == 5 && reader.publicKey() == TestKey("a").pubkey
      && reader.amount().hundredths == 9
    return isSame && reader.isAtEnd
  }

  @Test("what is written is read again")
  func roundTrip() throws { #expect(try read(sample())) }

  @Test("a record that is cut anywhere is a fault, not a trap")
  func short() {
    let bytes = sample()
    for length in 0..<bytes.count { #expect(throws: Fault.self) { try read(Array(bytes.prefix(length))) } }
  }

  @Test("a length beyond the record, and another version, are faults")
  func wrong() {
    #expect(throws: Fault.self) {
      var reader = RecordReader([0xff, 0xff, 0xff, 0xff, 1], of: Self.table)
      _ = try reader.counted()
    }
    #expect(throws: Fault.self) {
      var reader = RecordReader([2], of: Self.table)
      try reader.version(1)
    }
  }

  @Test("bytes are written alike, whatever collection they come in")
  func collections() {
    let bytes: [UInt8] = [1, 2, 3, 0xff]
    func written(_ write: (inout RecordWriter) -> Void) -> [UInt8] {
      var writer = RecordWriter(capacity: 1)
      write(&writer)
      return writer.bytes
    }
    for fixed in [
      written { $0.put(fixed: bytes) }, written { $0.put(fixed: ([9] + bytes)[1...]) },
      written { writer in bytes.withUnsafeBytes { writer.put(fixed: $0) } },
    ] { #expect(fixed == bytes) }
    for counted in [written { $0.put(counted: bytes) }, written { $0.put(counted: ([9] + bytes)[1...]) }] {
      #expect(counted == [0, 0, 0, 4] + bytes)
    }
    #expect(written { $0.put(text: "né") } == Array("né".utf8))
  }

  @Test("a dependency's name ends at its limit, and keeps what is shorter whole")
  func dependencyNames() {
    let long = [UInt8](repeating: 7, count: 500)
    #expect(Dependency(.groups, long).key == [Domain.groups.rawValue] + long.prefix(Dependency.maxKeyBytes - 1))
    #expect(Dependency(.groups, [1, 2]).key == [Domain.groups.rawValue, 1, 2])
    #expect(Dependency(.groups, Array(long.prefix(199))).key.count == 200)
  }

  @Test("numbers in keys sort as they do themselves")
  func order() {
    func key(_ number: UInt64) -> [UInt8] {
      var writer = RecordWriter()
      writer.put(number)
      return writer.bytes
    }
    #expect(key(255).lexicographicallyPrecedes(key(256)))
    #expect(key(1).lexicographicallyPrecedes(key(.max)))
  }
}
