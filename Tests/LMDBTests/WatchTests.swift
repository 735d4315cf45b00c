// SPDX-License-Identifier: AGPL-3.0-or-later
import Dispatch
import Foundation
import Glibc
import Synchronization
import Testing

@testable import LMDB

/// An environment in use, and what becomes of its files meanwhile.
@Suite struct WatchTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func file(_ name: String) -> String { "\(directory.path)/\(name)" }

  private func isGone(_ error: EnvironmentError?) -> Bool { if case .gone? = error { true } else { false } }

  @Test("Nothing that happened is nothing to tell")
  func intact() throws {
    let environment = try directory.open()
    let table = try environment.table("rows", create: true)
    for number in 0..<50 {
      try environment.write { _ = try $0.put(table, key(number), [UInt8](repeating: 1, count: 5000)) }
      try environment.confirm()
    }
  }

  @Test(
    "Files that are deleted, moved, replaced or cut are seen, and no commit into what is gone succeeds",
    arguments: ["delete", "move", "replace", "folder", "cut", "lock", "lock replaced"])
  func gone(how: String) throws {
    let environment = try directory.open()
    let table = try environment.table("rows", create: true)
    for number in 0..<50 { try environment.write { _ = try $0.put(table, key(number), [UInt8](repeating: 1, count: 5000)) } }
    let copy = try TemporaryDirectory()
    switch how {
    case "delete": unlink(file("data.mdb"))
    case "move": #expect(rename(file("data.mdb"), copy.path + "/data.mdb") == 0)
    case "replace":
      try environment.copy(to: copy.path, compacting: false)
      #expect(rename(copy.path + "/data.mdb", file("data.mdb")) == 0)
    case "folder": #expect(rename(directory.path, copy.path + "/moved") == 0)
    case "lock": unlink(file("lock.mdb"))
    case "lock replaced":
      try Data(count: 40_000).write(to: URL(fileURLWithPath: copy.path + "/lock.mdb"))
      #expect(rename(copy.path + "/lock.mdb", file("lock.mdb")) == 0)
    default: truncate(file("data.mdb"), 100_000)
    }
    let error = #expect(throws: EnvironmentError.self) { try environment.confirm() }
    #expect(error?.wantsReopening == true)
    // Not where it was cut: LMDB would read what is no longer there.
    if how != "cut" {
      #expect(isGone(error))
      #expect(isGone(#expect(throws: EnvironmentError.self) { try environment.write { _ = try $0.put(table, bytes("new"), []) } }))
    }
    if how.hasPrefix("lock") {
      #expect(environment.close(waitMilliseconds: 100))
      let again = try directory.open()
      let rows = try again.table("rows", create: false)
      #expect(try again.read { try $0.entryCount(rows) } == 50)
    }
  }

  @Test("What is closed refuses everybody, and can be opened anew by the same process")
  func closed() throws {
    let environment = try directory.open()
    let table = try environment.table("rows", create: true)
    try environment.write { _ = try $0.put(table, bytes("a"), bytes("1")) }
    #expect(environment.close(waitMilliseconds: 100))
    #expect(environment.close(waitMilliseconds: 100))
    #expect(throws: EnvironmentError.closed) { try environment.read { try $0.entryCount(table) } }
    #expect(throws: EnvironmentError.closed) { try environment.write { try $0.clear(table) } }
    #expect(throws: EnvironmentError.closed) { try environment.sync() }
    #expect(throws: EnvironmentError.closed) { _ = try environment.table("others", create: true) }
    let again = try directory.open()
    let rows = try again.table("rows", create: false)
    #expect(try again.read { try $0.get(rows, bytes("a")) } == bytes("1"))
  }

  @Test("It is not closed under a transaction of another thread, but when that has ended")
  func closedLater() throws {
    let environment = try directory.open()
    let table = try environment.table("rows", create: true)
    try environment.write { _ = try $0.put(table, bytes("a"), bytes("1")) }
    let (isInside, mayEnd) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let group = DispatchGroup()
    let seen = Mutex<[UInt8]?>(nil)
    DispatchQueue.global().async(group: group) {
      let value = try? environment.read { transaction in
        isInside.signal()
        mayEnd.wait()
        return try transaction.get(table, bytes("a"))
      }
      seen.withLock { $0 = value ?? nil }
    }
    isInside.wait()
    #expect(!environment.close(waitMilliseconds: 5))
    #expect(throws: EnvironmentError.alreadyOpen(directory.path)) { _ = try directory.open() }
    mayEnd.signal()
    group.wait()
    #expect(seen.withLock { $0 } == bytes("1"))
    #expect(environment.close(waitMilliseconds: 1000))
    _ = try directory.open()
  }

  @Test(
    "After EIO, or when LMDB gives up, only a new opening helps; after a full disk the same one goes on",
    arguments: [EIO, LMDBError.panic, ENOSPC])
  func failures(code: Int32) throws {
    let next = Atomic<Int32>(0)
    let environment = try directory.open { $0 == .commit ? next.exchange(0, ordering: .relaxed) : 0 }
    let table = try environment.table("rows", create: true)
    next.store(code, ordering: .relaxed)
    let failed = LMDBError(function: "mdb_txn_commit", code: code)
    #expect(throws: failed) { try environment.write { _ = try $0.put(table, bytes("a"), bytes("1")) } }
    if code == ENOSPC { try environment.confirm() } else { #expect(throws: EnvironmentError.failed(failed)) { try environment.confirm() } }
  }

  @Test("Who keeps the right to write is waited for, once for the time that was agreed, then only for a moment; and named")
  func busy() throws {
    var options = Environment.Options(initialMapBytes: 1 << 20, durability: .relaxed)
    options.waitMilliseconds = 500
    let environment = try Environment(directory: directory.path, options: options)
    let table = try environment.table("rows", create: true)
    let (held, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let group = DispatchGroup()
    DispatchQueue.global().async(group: group) {
      try? environment.write { transaction in
        try transaction.put(table, bytes("theirs"), [])
        held.signal()
        done.wait()
      }
    }
    held.wait()
    let error = #expect(throws: EnvironmentError.self) { try environment.write { try $0.clear(table) } }
    guard case .busy? = error else { throw Stop() }
    #expect(error?.wantsReopening == false)
    #expect(try environment.read { try $0.entryCount(table) } == 0)
    done.signal()
    group.wait()
    try environment.write { _ = try $0.put(table, bytes("ours"), []) }
    #expect(try environment.read { try $0.entryCount(table) } == 2)
  }

  @Test("A process is called by its number, its name and what it does")
  func processName() throws {
    var pid: pid_t = 0
    var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("60"), nil]
    defer { for argument in arguments { free(argument) } }
    try #require(posix_spawn(&pid, "/bin/sleep", nil, nil, &arguments, nil) == 0)
    kill(pid, SIGSTOP)
    var status: Int32 = 0
    waitpid(pid, &status, WUNTRACED)
    #expect(ProcessName.of(pid) == "process \(pid) (sleep, stopped)")
    kill(pid, SIGKILL)
    waitpid(pid, &status, 0)
    #expect(ProcessName.of(pid) == "process \(pid)")
    #expect(ProcessName.of(0) == "a process of another container")
  }

  @Test("A map that gets no more address space keeps the one it has, and grows when the limit is lifted")
  func addressSpace() async throws {
    await #expect(processExitsWith: .exitCode(7)) { [path = directory.path as String] in
      let environment = try openEnvironment(path, initialMapBytes: 8 << 20, mapLimitBytes: 1 << 30)
      let table = try environment.table("rows", create: true)
      func fill(_ numbers: Range<Int>) throws {
        try environment.write { transaction in for number in numbers { try transaction.put(table, key(number), [UInt8](repeating: 1, count: 1000)) } }
      }
      try fill(0..<1000)
      let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")[0]
      let addressSpace = __rlimit_resource_t(9)
      var limit = rlimit()
      getrlimit(addressSpace, &limit)
      limit.rlim_cur = rlim_t(pages)! * 4096 + 4 << 20
      setrlimit(addressSpace, &limit)
      var refused = false
      do { try fill(1000..<12_000) } catch EnvironmentError.noAddressSpace { refused = true }
      guard refused, try environment.read({ try $0.entryCount(table) }) == 1000 else { exit(1) }
      try environment.confirm()
      try fill(1000..<1001)
      limit.rlim_cur = limit.rlim_max
      setrlimit(addressSpace, &limit)
      try fill(1001..<12_000)
      exit(try environment.read { try $0.entryCount(table) } == 12_000 ? 7 : 2)
    }
  }

  @Test("A value that reaches beyond the map is refused; one inside, or on the heap, is not")
  func bounds() throws {
    let environment = try directory.open()
    let bounds = environment.bounds
    #expect(bounds.end - bounds.start == 1 << 20)
    #expect(bounds.holds(bounds.start, 1 << 20) && bounds.holds(bounds.end - 1, 1) && bounds.holds(bounds.start - 8, 100) && bounds.holds(0, 0))
    #expect(!bounds.holds(bounds.start, 1 << 20 + 1) && !bounds.holds(bounds.end - 1, 2) && !bounds.holds(bounds.start + 1, -1))
    #expect(MapBounds.unknown.holds(4096, .max))
  }
}
