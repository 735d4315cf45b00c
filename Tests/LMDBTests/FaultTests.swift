// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import LMDB
import Synchronization
import Testing

/// What one test lets LMDB answer; 0 is success.
private final class Fault: Sendable {
  private let codes = Mutex<[FaultPoint: Int32]>([:])
  func set(_ point: FaultPoint, _ code: Int32) { codes.withLock { $0[point] = code } }
  func take(_ point: FaultPoint) -> Int32 { codes.withLock { $0.removeValue(forKey: point) ?? 0 } }
}

@Suite struct FaultTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test("A failed commit leaves the old state, names mdb_txn_commit, and the next write works", arguments: [ENOSPC, EIO])
  func failedCommit(code: Int32) throws {
    let fault = Fault()
    let environment = try directory.open { fault.take($0) }
    let table = try environment.table("rows", create: true)
    try environment.write { _ = try $0.put(table, bytes("a"), bytes("old")) }
    fault.set(.commit, code)
    let error = #expect(throws: LMDBError.self) { try environment.write { _ = try $0.put(table, bytes("a"), bytes("new")) } }
    #expect(error == LMDBError(function: "mdb_txn_commit", code: code))
    #expect(try environment.read { try $0.get(table, bytes("a")) } == bytes("old"))
    try environment.write { _ = try $0.put(table, bytes("a"), bytes("new")) }
    #expect(try environment.read { try $0.get(table, bytes("a")) } == bytes("new"))
  }

  @Test("A map that is full only at the commit grows too")
  func fullAtCommit() throws {
    let fault = Fault()
    let environment = try directory.open { fault.take($0) }
    let table = try environment.table("rows", create: true)
    fault.set(.commit, LMDBError.mapFull)
    var runs = 0
    try environment.write { transaction in
      runs += 1
      try transaction.put(table, bytes("a"), bytes("1"))
    }
    #expect(runs == 2)
    #expect(try environment.info().mapBytes == 2 << 20)
  }

  @Test("A put that failed is never committed, even when the closure goes on")
  func caughtFailure() throws {
    let fault = Fault()
    let environment = try directory.open { fault.take($0) }
    let table = try environment.table("rows", create: true)
    fault.set(.put(table), EIO)
    #expect(throws: LMDBError(function: "mdb_put", code: EIO)) {
      try environment.write { transaction in
        _ = try? transaction.put(table, bytes("a"), bytes("1"))
        try transaction.put(table, bytes("b"), bytes("2"))
      }
    }
    #expect(try environment.read { try $0.entryCount(table) } == 0)
  }

  @Test("A map that cannot be mapped again is an error, and later transactions are refused instead of crashing")
  func lostMap() throws {
    let fault = Fault()
    let environment = try directory.open { fault.take($0) }
    let table = try environment.table("rows", create: true)
    fault.set(.commit, LMDBError.mapFull)
    fault.set(.resize(2 << 20), ENOMEM)
    let error = #expect(throws: LMDBError.self) { try environment.write { _ = try $0.put(table, bytes("a"), bytes("1")) } }
    #expect(error == LMDBError(function: "mdb_env_set_mapsize", code: ENOMEM))
    #expect(throws: EnvironmentError.mapLost) { try environment.read { try $0.entryCount(table) } }
    #expect(throws: EnvironmentError.mapLost) { try environment.write { try $0.clear(table) } }
    #expect(throws: EnvironmentError.mapLost) { try environment.confirm() }
    // Given up and opened anew it has one again.
    #expect(environment.close(waitMilliseconds: 100))
    let again = try directory.open()
    let rows = try again.table("rows", create: false)
    #expect(try again.read { try $0.entryCount(rows) } == 0)
  }

  @Test("A failed sync is reported; one that succeeds is not")
  func sync() throws {
    let fault = Fault()
    let environment = try directory.open { fault.take($0) }
    fault.set(.sync, EIO)
    #expect(throws: LMDBError(function: "mdb_env_sync", code: EIO)) { try environment.sync() }
    try environment.sync()
  }

  @Test("Errors name the C function and say LMDB's words")
  func words() {
    #expect("\(LMDBError(function: "mdb_put", code: LMDBError.mapFull))" == "mdb_put: MDB_MAP_FULL: Environment mapsize limit reached")
    #expect("\(LMDBError(function: "mdb_txn_commit", code: ENOSPC))" == "mdb_txn_commit: No space left on device")
  }
}
