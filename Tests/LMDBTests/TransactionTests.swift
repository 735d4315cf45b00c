// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Testing

@Suite struct TransactionTests {
  let directory: TemporaryDirectory
  let environment: Environment
  let table: TableHandle

  init() throws {
    directory = try TemporaryDirectory()
    environment = try directory.open(durability: .full)
    table = try environment.table("rows", create: true)
  }

  @Test("What was put is read, by the same transaction and by later ones; a key without a value reads as nil")
  func putAndGet() throws {
    try environment.write { transaction in
      try transaction.put(table, bytes("a"), bytes("1"))
      #expect(try transaction.get(table, bytes("a")) == bytes("1"))
    }
    #expect(try environment.read { try $0.get(table, bytes("a")) } == bytes("1"))
    #expect(try environment.read { try $0.get(table, bytes("b")) } == nil)
    #expect(try environment.read { try $0.entryCount(table) } == 1)
  }

  @Test("A snapshot and a write transaction see the same newest commit where nothing was committed between them, and only there")
  func newestCommit() throws {
    try environment.write { _ = try $0.put(table, bytes("a"), bytes("1")) }
    let seen = try environment.read { $0.newestCommit }
    struct Undone: Error {}
    #expect(throws: Undone.self) {
      try environment.write { transaction in
        try transaction.put(table, bytes("a"), bytes("2"))
        throw Undone()
      }
    }
    let undisturbed = try environment.write { transaction in
      try transaction.put(table, bytes("a"), bytes("3"))
      return transaction.newestCommit
    }
    #expect(undisturbed == seen)
    #expect(try environment.write { $0.newestCommit } != seen)
    #expect(try environment.read { $0.newestCommit } != seen)
  }

  @Test("An empty value is a value")
  func emptyValue() throws {
    try environment.write { _ = try $0.put(table, bytes("a"), []) }
    #expect(try environment.read { try $0.get(table, bytes("a")) } == [])
    #expect(try environment.read { try $0.contains(table, bytes("a")) })
  }

  @Test("Delete answers whether there was a value, and clear leaves an empty table")
  func deletes() throws {
    try environment.write { transaction in
      try transaction.put(table, bytes("a"), bytes("1"))
      #expect(try transaction.delete(table, bytes("a")))
      #expect(try !transaction.delete(table, bytes("a")))
      for number in 0..<10 { try transaction.put(table, key(number), []) }
      try transaction.clear(table)
    }
    #expect(try environment.read { try $0.entryCount(table) } == 0)
  }

  @Test("noOverwrite stores a new key and leaves an existing one, and the transaction goes on")
  func noOverwrite() throws {
    try environment.write { transaction in
      let stored = try [bytes("1"), bytes("2")].map { try transaction.put(table, bytes("a"), $0, mode: .noOverwrite) }
      #expect(stored == [true, false])
    }
    #expect(try environment.read { try $0.get(table, bytes("a")) } == bytes("1"))
  }

  @Test("append takes keys in order and refuses one out of order, which rolls the transaction back even when the error is caught")
  func append() throws {
    try environment.write { transaction in
      try transaction.put(table, key(1), [], mode: .append)
      try transaction.put(table, key(2), [], mode: .append)
    }
    #expect(throws: LMDBError(function: "mdb_put", code: LMDBError.keyExists)) {
      try environment.write { transaction in
        try transaction.put(table, key(3), [])
        _ = try? transaction.put(table, key(1), [], mode: .append)
      }
    }
    #expect(try environment.read { try $0.entryCount(table) } == 2)
  }

  @Test("A write that throws leaves nothing, and the next one works")
  func rollback() throws {
    #expect(throws: Stop.self) {
      try environment.write { transaction in
        try transaction.put(table, bytes("a"), bytes("1"))
        throw Stop()
      }
    }
    #expect(try environment.read { try $0.get(table, bytes("a")) } == nil)
    try environment.write { _ = try $0.put(table, bytes("a"), bytes("2")) }
    #expect(try environment.read { try $0.get(table, bytes("a")) } == bytes("2"))
  }

  @Test("A key of 511 bytes is accepted; one of 512, or an empty one, is refused in words, and the transaction stays usable")
  func keyLengths() throws {
    #expect(environment.maxKeyBytes == 511)
    try environment.write { transaction in
      try transaction.put(table, [UInt8](repeating: 7, count: 511), bytes("1"))
      #expect(throws: EnvironmentError.keyTooLong(bytes: 512, limitBytes: 511)) {
        _ = try transaction.put(table, [UInt8](repeating: 7, count: 512), [])
      }
      #expect(throws: EnvironmentError.keyEmpty) { _ = try transaction.put(table, [], []) }
      #expect(throws: EnvironmentError.keyEmpty) { _ = try transaction.delete(table, [UInt8]()) }
    }
    try environment.read { transaction in
      let value = try transaction.get(table, [UInt8](repeating: 7, count: 511))
      #expect(value == bytes("1"))
      #expect(throws: EnvironmentError.keyTooLong(bytes: 600, limitBytes: 511)) {
        _ = try transaction.get(table, [UInt8](repeating: 7, count: 600))
      }
    }
  }

  @Test("A transaction inside another of the same thread is refused, whichever they are, and the outer one goes on")
  func nesting() throws {
    try environment.read { transaction in
      let count = try transaction.entryCount(table)
      #expect(count == 0)
      #expect(throws: EnvironmentError.nestedTransaction) { try environment.read { _ in } }
      #expect(throws: EnvironmentError.nestedTransaction) { try environment.write { _ in } }
      #expect(throws: EnvironmentError.nestedTransaction) { _ = try environment.table("other", create: true) }
    }
    try environment.write { transaction in
      #expect(throws: EnvironmentError.nestedTransaction) { try environment.read { _ in } }
      #expect(throws: EnvironmentError.nestedTransaction) { try environment.write { _ in } }
      try transaction.put(table, bytes("a"), bytes("1"))
    }
    #expect(try environment.read { try $0.get(table, bytes("a")) } == bytes("1"))
  }

  @Test("A typed table gives back what was put, in the order of its keys, and refuses bytes that are not of its type")
  func typedTable() throws {
    let typed = try TypedTable<UInt64, UInt64>("typed", in: environment, create: true)
    try environment.write { transaction in
      for number: UInt64 in [300, 2, 70_000] { try typed.put(number, number + 1, in: transaction) }
      #expect(try typed.delete(2, in: transaction))
    }
    try environment.read { transaction in
      var seen: [UInt64] = []
      try typed.scan(from: 3, in: transaction) { key, _ in
        seen.append(key)
        return true
      }
      #expect(seen == [300, 70_000])
      #expect(try typed.get(300, in: transaction) == 301)
      #expect(try typed.count(in: transaction) == 2)
    }
    try environment.write { _ = try $0.put(typed.handle, key(9), bytes("odd")) }
    #expect(throws: EnvironmentError.undecodable(table: "typed")) { try environment.read { try typed.get(9, in: $0) } }
  }
}
