// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc
import LMDB
import Policy
import Testing

@testable import StateStore

/// Other programs, other users and other people's hands in the state's folder.
@Suite struct BrokenWorldTests {
  let state: TemporaryState

  init() throws { state = try TemporaryState() }

  private var next: Schema { Schema(version: Schema.current.version + 1, migrations: [Migration(toVersion: Schema.current.version + 1) { _ in }]) }

  private func digest(_ store: StateStore) throws -> [Int] { try store.information().entries.map(\.count) }

  @Test("When another program has raised the schema, nothing is written any more, and the words name both numbers")
  func schemaRaised() async throws {
    let store = try state.open()
    try acceptEvent(1, in: store)
    try store.confirm()
    await #expect(processExitsWith: .success) { [path = state.path as String] in
      let newer = Schema(
        version: Schema.current.version + 1, migrations: [Migration(toVersion: Schema.current.version + 1) { _ in }])
      try acceptEvent(2, in: try openState(path, schema: newer))
    }
    let fault = #expect(throws: Fault.self) { try acceptEvent(3, in: store) }
    #expect(fault?.answer == "state unavailable")
    let (found, known) = (Schema.current.version + 1, Schema.current.version)
    #expect(fault?.detail.contains("schema \(found)") == true && fault?.detail.contains("schema \(known)") == true)
    #expect(try store.read { try $0.journalCount() } == 2)
    let error = #expect(throws: StoreError.self) { try store.confirm() }
    guard case .schemaChanged(found, known)? = error else { throw Stop() }
    store.close()
    // Opened anew: by this program in words, by one that knows it as ever.
    guard case .newerSchema(found, known)? = #expect(throws: StoreError.self, performing: { _ = try state.open() }) else { throw Stop() }
    let newer = try state.open(schema: next)
    try newer.confirm()
    try acceptEvent(3, in: newer)
  }

  @Test("Each write asks for the schema, those of the outbox and of notes too", arguments: [0, 1, 2])
  func everyWrite(kind: Int) throws {
    let store = try state.open()
    try acceptEvent(1, in: store)
    try store.environment.write { transaction in
      let writer = StateWriter(transaction, store.tables)
      try writer.put(writer.tables.meta, MetaName.schema, UInt64(99).keyBytes)
    }
    let before = try digest(store)
    #expect(throws: Fault.self) {
      switch kind {
      case 0: try store.write { try $0.setNote("a", []) }
      case 1: _ = try store.write { try $0.dropFollowUp(id(1)) }
      default: try store.write { _ in }
      }
    }
    #expect(try digest(store) == before)
  }

  @Test("A state that is given up gives faults, and is opened anew in the same process")
  func closed() throws {
    let store = try state.open()
    try acceptEvent(1, in: store)
    store.close()
    #expect(throws: Fault.self) { try store.read { try $0.journalCount() } }
    #expect(throws: Fault.self) { try acceptEvent(2, in: store) }
    #expect(throws: StoreError.self) { try store.confirm() }
    let again = try state.open()
    #expect(try again.read { try $0.journalCount() } == 1)
  }

  @Test("A commit into a folder that is gone is a fault, and the words say what to do")
  func gone() throws {
    let store = try state.open()
    try acceptEvent(1, in: store)
    #expect(rename(state.path, state.root + "/away") == 0)
    let fault = #expect(throws: Fault.self) { try acceptEvent(2, in: store) }
    #expect(fault?.answer == "state unavailable")
    let error = #expect(throws: StoreError.self) { try store.confirm() }
    #expect("\(try #require(error))".contains("put it back"))
    store.close()
    // Nobody asked for a new one.
    var options = StoreOptions(directory: state.path, tables: [rows, others], mapSizeMiB: 64, durability: .relaxed)
    options.creates = false
    guard case .missing? = #expect(throws: StoreError.self, performing: { _ = try StateStore(options) }) else { throw Stop() }
    #expect(access(state.path, F_OK) != 0)
    #expect(rename(state.root + "/away", state.path) == 0)
    // What was committed into the folder is in it, wherever it lay: the same event again is known.
    #expect(try StateStore(options).read { try $0.journalCount() } == 2)
  }

  @Test("An empty data.mdb is a new state, unless it was in use: then it was cut")
  func emptied() throws {
    try FileManager.default.createDirectory(atPath: state.path, withIntermediateDirectories: true)
    _ = FileManager.default.createFile(atPath: state.path + "/data.mdb", contents: Data())
    try acceptEvent(1, in: try state.open())
    _ = try CounterFile(directory: state.path + "/counters")
    truncate(state.path + "/data.mdb", 0)
    let error = #expect(throws: StoreError.self) { _ = try state.open() }
    #expect("\(try #require(error))".contains("was cut"))
  }

  @Test("LMDB's errors come with what to do about them", arguments: [ENOSPC, EFBIG, ENOMEM, EROFS, LMDBError.corrupted])
  func remedies(code: Int32) {
    let words = [
      ENOSPC: "make room", EFBIG: "ulimit -f", ENOMEM: "memory", EROFS: "read-only", LMDBError.corrupted: "commonsguard rebuild",
    ]
    let detail = Fault(LMDBError(function: "mdb_put", code: code), in: "/").detail
    #expect(detail.hasPrefix("mdb_put: ") && detail.contains(words[code] ?? "?"))
    #expect(Fault(LMDBError(function: "mdb_put", code: EINVAL), in: "/").detail.hasPrefix("mdb_put: "))
  }

  @Test("Pipes among the counters hang nobody", arguments: ["past", "past.new", "x.counters", "lock"])
  func pipes(name: String) throws {
    let folder = state.root + "/counters"
    try CounterFile(directory: folder).record(.accepted, microseconds: 1)
    unlink("\(folder)/\(name)")
    #expect(mkfifo("\(folder)/\(name)", 0o600) == 0)
    let counters = try? CounterFile(directory: folder)
    // Without its lock there can be none; the others are passed over.
    #expect((counters == nil) == (name == "lock"))
    counters?.record(.accepted, microseconds: 1)
    #expect(try CounterFile.sum(directory: folder).accepted >= (counters == nil ? 1 : 2))
  }

  @Test("Counters whose lock another process keeps are given up after a second, not waited for")
  func keptLock() throws {
    let folder = state.root + "/counters"
    _ = try CounterFile(directory: folder)
    let keeper = try LockedFile(folder + "/lock", exclusively: true, ofStateIn: state.root)
    let error = #expect(throws: StoreError.self) { _ = try CounterFile(directory: folder) }
    #expect("\(try #require(error))".contains("keeps its lock"))
    withExtendedLifetime(keeper) {}
  }
}
