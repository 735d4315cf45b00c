// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import LMDB
import Policy
import Testing

@testable import StateStore

@Suite struct OpeningTests {
  let state: TemporaryState
  private let current = Schema.current.version

  init() throws { state = try TemporaryState() }

  @Test("A new state makes its directory, and its parents, for its owner alone")
  func newDirectory() throws {
    let path = state.root + "/a/b/state"
    _ = try openState(path)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o700)
  }

  @Test("A new state costs one commit, its tables and its schema's version together")
  func oneCommit() throws {
    let store = try state.open()
    #expect(try store.environment.info().lastTransactionID == 1)
    #expect(try store.information().schemaVersion == Schema.current.version)
  }

  @Test("A new state begins with the notes it is given, an existing one keeps its own")
  func firstNotes() throws {
    func note(_ value: String) throws -> [UInt8]? {
      var options = StoreOptions(directory: state.path, tables: [rows, others], durability: .relaxed)
      options.firstNotes = [("kinds", bytes(value))]
      let store = try StateStore(options)
      #expect(try store.environment.info().lastTransactionID == 1)
      return try store.read { try $0.note("kinds") }
    }
    #expect(try note("4830") == bytes("4830"))
    #expect(try note("5830") == bytes("4830"))
  }

  @Test("A new state has this program's schema version, and opening it again changes nothing")
  func newState() throws {
    #expect(try state.open().information().schemaVersion == Schema.current.version)
    let commits = try state.open().environment.info().lastTransactionID
    let store = try state.open()
    #expect(try store.information().schemaVersion == Schema.current.version)
    #expect(try store.environment.info().lastTransactionID == commits)
  }

  @Test("A state of a newer schema is refused with both versions, and left as it is")
  func newerSchema() throws {
    let newer = Schema(version: current + 2, migrations: [])
    _ = try state.open(schema: newer)
    let error = #expect(throws: StoreError.self) { try state.open() }
    #expect("\(try #require(error))".hasPrefix("the state has schema \(current + 2), this program knows schema \(current)"))
    #expect(try state.open(schema: newer).information().schemaVersion == current + 2)
  }

  @Test("A state of an older schema goes through each step in order, in one transaction")
  func migration() throws {
    try state.open().write { try $0.apply([.put(rows, key: bytes("a"), value: bytes("1"))]) }
    let steps = [
      Migration(toVersion: current + 2) { writer throws in
        let value = try writer.value(rows, bytes("a")) ?? []
        try writer.apply([.put(rows, key: bytes("a"), value: value + bytes("3"))])
      },
      Migration(toVersion: current + 1) { writer throws in
        let value = try writer.value(rows, bytes("a")) ?? []
        try writer.apply([.put(rows, key: bytes("a"), value: value + bytes("2"))])
      },
    ]
    let new = try state.open(schema: Schema(version: current + 2, migrations: steps))
    #expect(try new.read { try $0.value(rows, bytes("a")) } == bytes("123"))
    #expect(try new.information().schemaVersion == current + 2)
  }

  @Test("A step that fails leaves the older state as it was")
  func failedMigration() throws {
    try state.open().write { try $0.apply([.put(rows, key: bytes("a"), value: bytes("1"))]) }
    let steps = [
      Migration(toVersion: current + 1) { try $0.apply([.delete(rows, key: bytes("a"))]) },
      Migration(toVersion: current + 2) { _ in throw Stop() },
    ]
    #expect(throws: StoreError.self) { try state.open(schema: Schema(version: current + 2, migrations: steps)) }
    let store = try state.open()
    #expect(try store.read { try $0.value(rows, bytes("a")) } == bytes("1"))
  }

  @Test("Without a step from its schema a state is refused in words that say what to do")
  func missingStep() throws {
    _ = try state.open()
    let error = #expect(throws: StoreError.self) { try state.open(schema: Schema(version: current + 1, migrations: [])) }
    #expect("\(try #require(error))".contains("commonsguard rebuild"))
  }

  @Test("Rows without a schema version are refused")
  func unversioned() throws {
    try state.open().write { writer in
      try writer.apply([.put(rows, key: bytes("a"), value: bytes("1"))])
      try writer.delete(writer.tables.meta, MetaName.schema)
    }
    let error = #expect(throws: StoreError.self) { try state.open() }
    #expect("\(try #require(error))".contains("no schema version"))
  }

  @Test("Read-only, a state is opened; a missing or an older one is refused")
  func readOnly() throws {
    let missing = #expect(throws: StoreError.self) { try openState(state.path, isReadOnly: true) }
    #expect("\(try #require(missing))".hasPrefix("there is no state in"))
    #expect(!FileManager.default.fileExists(atPath: state.path))
    try state.open().write { try $0.apply([.put(rows, key: bytes("a"), value: bytes("1"))]) }
    #expect(try openState(state.path, isReadOnly: true).read { try $0.value(rows, bytes("a")) } == bytes("1"))
    let older = #expect(throws: StoreError.self) {
      try openState(state.path, isReadOnly: true, schema: Schema(version: current + 1, migrations: []))
    }
    #expect("\(try #require(older))".contains("needs \(current + 1)"))
  }

  @Test("A directory that cannot be made is an error that names it")
  func noDirectory() throws {
    try Data().write(to: URL(fileURLWithPath: state.root + "/file"))
    let error = #expect(throws: StoreError.self) { try openState(state.root + "/file/state") }
    #expect("\(try #require(error))".contains(state.root + "/file/state"))
  }

  @Test("Two tables of one number are refused")
  func sameNumber() throws {
    let options = StoreOptions(directory: state.path, tables: [rows, Table(.crowdfunding, 0, "twin")])
    #expect(throws: StoreError.self) { try StateStore(options) }
  }

  @Test("A note is kept, and does not touch the store's own rows")
  func notes() throws {
    let store = try state.open()
    try store.write { try $0.setNote("schema", bytes("mine")) }
    #expect(try store.read { try $0.note("schema") } == bytes("mine"))
    #expect(try store.read { try $0.note("other") } == nil)
    #expect(try store.information().schemaVersion == Schema.current.version)
  }
}
