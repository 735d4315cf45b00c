// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Testing

@Suite struct CursorTests {
  let directory: TemporaryDirectory
  let environment: Environment
  let table: TableHandle

  /// Rows 10, 20 … 50.
  init() throws {
    directory = try TemporaryDirectory()
    environment = try directory.open()
    table = try environment.table("rows", create: true)
    try environment.write { transaction in for number in [30, 10, 50, 20, 40] { try transaction.put(table, key(number), key(number * 2)) } }
  }

  private func found(_ move: (borrowing Cursor) throws -> Cursor.Entry?) throws -> [UInt8]? {
    try environment.read { try $0.withCursor(table) { try move($0).map { [UInt8]($0.key) } } }
  }

  @Test("A cursor walks the keys in the order of their bytes, forwards and backwards")
  func order() throws {
    try environment.read { transaction in
      try transaction.withCursor(table) { cursor in
        var forwards: [[UInt8]] = []
        while let entry = try cursor.next() { forwards.append([UInt8](entry.key)) }
        #expect(forwards == [10, 20, 30, 40, 50].map(key))
        var backwards: [[UInt8]] = []
        var entry = try cursor.last()
        while let row = entry {
          backwards.append([UInt8](row.value))
          entry = try cursor.previous()
        }
        #expect(backwards == [100, 80, 60, 40, 20].map(key))
      }
    }
  }

  @Test(
    "Seeking finds the key, the next greater or the next smaller, as asked",
    arguments: [(30, 30, 30, 30), (31, nil, 40, 30), (5, nil, 10, nil), (55, nil, nil, 50)] as [(Int, Int?, Int?, Int?)])
  func seeking(wanted: Int, exactly: Int?, atOrAfter: Int?, atOrBefore: Int?) throws {
    #expect(try found { try $0.seek(exactly: key(wanted)) } == exactly.map(key))
    #expect(try found { try $0.seek(atOrAfter: key(wanted)) } == atOrAfter.map(key))
    #expect(try found { try $0.seek(atOrBefore: key(wanted)) } == atOrBefore.map(key))
  }

  @Test("An empty table has no first, no last and nothing at or before a key")
  func emptyTable() throws {
    let empty = try environment.table("empty", create: true)
    try environment.read { transaction in
      try transaction.withCursor(empty) { cursor in
        let found = [try cursor.first(), try cursor.last(), try cursor.seek(atOrBefore: key(1))]
        #expect(found.allSatisfy { $0 == nil })
      }
    }
  }

  @Test("A scan visits the keys with the prefix only, in a write transaction too, and ends when it is told")
  func scanning() throws {
    try environment.write { transaction in
      for name in ["a", "b1", "b2", "b3", "c"] { try transaction.put(table, bytes(name), []) }
      var seen: [[UInt8]] = []
      try transaction.scan(table, prefix: bytes("b")) { key, _ in
        seen.append([UInt8](key))
        return seen.count < 2
      }
      #expect(seen == [bytes("b1"), bytes("b2")])
      var count = 0
      try transaction.scan(table, prefix: bytes("b")) { _, _ in
        count += 1
        return true
      }
      #expect(count == 3)
    }
  }
}
