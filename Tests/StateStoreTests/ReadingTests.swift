// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import TestSupport
import Testing

@testable import StateStore

@Suite struct ReadingTests {
  // First, to be closed before its directory goes: another test's directory may get the same inode.
  let store: StateStore
  let state: TemporaryState

  init() throws {
    state = try TemporaryState()
    store = try state.open()
  }

  @Test("A write reads its own changes; a snapshot sees them after the commit; a closure that throws leaves nothing")
  func transactions() throws {
    try store.write { writer throws in
      try writer.apply([.put(rows, key: bytes("a"), value: bytes("1")), .put(others, key: bytes("a"), value: bytes("2"))])
      #expect(try writer.value(rows, bytes("a")) == bytes("1"))
    }
    #expect(throws: Stop.self) {
      try store.write { writer throws in
        try writer.apply([.delete(rows, key: bytes("a"))])
        throw Stop()
      }
    }
    try store.read { view throws in
      #expect(try view.value(rows, bytes("a")) == bytes("1"))
      #expect(try view.value(others, bytes("a")) == bytes("2"))
      #expect(try view.contains(rows, bytes("a")))
      #expect(try !view.contains(rows, bytes("b")))
    }
  }

  @Test("A table that was not declared is a fault")
  func undeclared() throws {
    let table = Table(.economy, 3, "unknown")
    #expect(throws: Fault.self) { try store.read { try $0.value(table, bytes("a")) } }
    #expect(throws: Fault.self) { try store.write { try $0.apply([.put(table, key: bytes("a"), value: [])]) } }
  }

  @Test("A key that LMDB does not take is a fault, and leaves the transaction usable")
  func longKey() throws {
    let error = #expect(throws: Fault.self) { try store.read { try $0.value(rows, [UInt8](repeating: 1, count: 512)) } }
    #expect(error?.answer == "state unavailable")
    try store.write { try $0.apply([.put(rows, key: [UInt8](repeating: 1, count: 511), value: [])]) }
  }

  @Test("A transaction inside a transaction is a fault, not a deadlock")
  func nested() throws {
    #expect(throws: Fault.self) { try store.write { _ in try store.write { _ in } } }
    #expect(throws: Fault.self) { try store.read { _ in try store.write { _ in } } }
  }

  @Test("An accepted event is known with its owner, note and journal row; another is not")
  func known() throws {
    try store.write { try $0.index(id(7), domain: .groups, note: bytes("vote"), sequence: 12) }
    let known = try #require(try store.read { try $0.known(id(7)) })
    #expect(known.domain == .groups)
    #expect(known.note == bytes("vote"))
    #expect(known.sequence == 12)
    #expect(try store.read { try $0.known(id(8)) } == nil)
  }

  @Test("A row that cannot be read is a fault, not a trap")
  func damaged() throws {
    try store.write { writer throws in
      try writer.put(writer.tables.events, id(1).bytes, [2, 0])
      try writer.put(writer.tables.events, id(2).bytes, [99] + UInt64(1).keyBytes)
      try writer.put(writer.tables.journal, 1, [1, 1, 0, 0])
      try writer.put(writer.tables.outbox, 1, [1, 9])
      try writer.put(writer.tables.parked, 1, [1])
    }
    for number in [1, 2] { #expect(throws: Fault.self) { try store.read { try $0.known(id(number)) } } }
    #expect(throws: Fault.self) { try store.read { try $0.journalRow(1) } }
    #expect(throws: Fault.self) { try store.read { try $0.outboxRow(1) } }
    #expect(throws: Fault.self) { try store.read { try $0.parkedRow(1) } }
  }

  @Test("Scans and last find what a sorted array finds", arguments: [1, 2, 3] as [UInt64])
  func againstReference(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    func randomKey(_ lengths: ClosedRange<Int>, _ random: inout SplitMix64) -> [UInt8] {
      (0..<Int.random(in: lengths, using: &random)).map { _ in [0, 1, 0xfe, 0xff].randomElement(using: &random)! }
    }
    let keys = Set((0..<60).map { _ in randomKey(1...4, &random) })
    let sorted = keys.sorted { $0.lexicographicallyPrecedes($1) }
    try store.write { writer in try writer.apply(keys.map { .put(rows, key: $0, value: $0) }) }
    for _ in 0..<300 {
      let prefix = randomKey(0...3, &random)
      let key = randomKey(0...4, &random)
      let matching = sorted.filter { $0.starts(with: prefix) }
      var scanned: [[UInt8]] = []
      var scannedFrom: [[UInt8]] = []
      let (last, isPresent) = try store.read { view throws in
        try view.scan(rows, prefix: prefix) { key, _ in
          scanned.append(key)
          return true
        }
        try view.scan(rows, prefix: prefix, from: key) { key, _ in
          scannedFrom.append(key)
          return scannedFrom.count < 2
        }
        return (try view.last(rows, prefix: prefix, upTo: key), try view.hasEntry(rows, prefix: prefix))
      }
      #expect(scanned == matching, "seed \(seed)")
      #expect(scannedFrom == Array(matching.filter { !$0.lexicographicallyPrecedes(key) }.prefix(2)), "seed \(seed)")
      #expect(last?.key == matching.last { !key.lexicographicallyPrecedes($0) }, "seed \(seed)")
      #expect(last?.key == last?.value)
      #expect(isPresent == !matching.isEmpty, "seed \(seed)")
    }
  }
}
