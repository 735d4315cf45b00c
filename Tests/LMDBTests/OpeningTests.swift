// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import LMDB
import Testing

@Suite struct OpeningTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test("A directory that is missing is named, and so is one that this process has open already")
  func refused() throws {
    let missing = directory.path + "/absent"
    #expect(throws: EnvironmentError.directoryMissing(missing)) { _ = try Environment(directory: missing) }
    let environment = try directory.open()
    #expect(throws: EnvironmentError.alreadyOpen(directory.path)) { _ = try directory.open() }
    #expect(try environment.info().mapBytes == 1 << 20)
  }

  @Test("A closed environment opens again with what was committed, and the files belong to their owner alone")
  func reopened() throws {
    do {
      let environment = try directory.open()
      let table = try environment.table("rows", create: true)
      try environment.write { _ = try $0.put(table, bytes("a"), bytes("1")) }
    }
    let environment = try directory.open()
    let table = try environment.table("rows", create: false)
    #expect(try environment.read { try $0.get(table, bytes("a")) } == bytes("1"))
    let attributes = try FileManager.default.attributesOfItem(atPath: directory.path + "/data.mdb")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
  }

  @Test("A table that is missing is not found unless it may be created")
  func missingTable() throws {
    let environment = try directory.open()
    #expect(throws: LMDBError(function: "mdb_dbi_open", code: LMDBError.notFound)) { _ = try environment.table("rows", create: false) }
    let created = try environment.table("rows", create: true)
    #expect(try environment.table("rows", create: false) == created)
  }

  @Test("Opened read-only, reads work and writes are refused")
  func readOnly() throws {
    do {
      let environment = try directory.open()
      let table = try environment.table("rows", create: true)
      try environment.write { _ = try $0.put(table, bytes("a"), bytes("1")) }
    }
    let environment = try Environment(directory: directory.path, options: .init(isReadOnly: true))
    let table = try environment.table("rows", create: true)
    #expect(try environment.read { try $0.get(table, bytes("a")) } == bytes("1"))
    #expect(throws: LMDBError(function: "mdb_txn_begin", code: EACCES)) { try environment.write { _ in } }
  }

  @Test("A copy holds the same rows, compacted or not", arguments: [false, true])
  func copy(compacting: Bool) throws {
    let environment = try directory.open()
    let table = try environment.table("rows", create: true)
    try environment.write { transaction in for number in 0..<100 { try transaction.put(table, key(number), key(number)) } }
    let target = try TemporaryDirectory()
    try environment.copy(to: target.path, compacting: compacting)
    let copied = try target.open()
    let copiedTable = try copied.table("rows", create: false)
    #expect(try copied.read { try $0.entryCount(copiedTable) } == 100)
    #expect(throws: LMDBError.self) { try environment.copy(to: target.path, compacting: compacting) }
  }
}
