// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import LMDB
import Testing

/// Several processes on one environment. The children are exit tests: processes of their own.
@Suite struct ProcessTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test("A writer killed inside its transaction leaves its commits and nothing else, and the next writer goes on")
  func killedWriter() async throws {
    let environment = try directory.open()
    let table = try environment.table("rows", create: true)
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = directory.path as String] in
      let environment = try openEnvironment(path)
      let table = try environment.table("rows", create: true)
      try environment.write { _ = try $0.put(table, bytes("committed"), bytes("1")) }
      try environment.write { transaction in
        try transaction.put(table, bytes("uncommitted"), bytes("2"))
        kill(getpid(), SIGKILL)
      }
    }
    #expect(try environment.read { try $0.get(table, bytes("committed")) } == bytes("1"))
    #expect(try environment.read { try $0.get(table, bytes("uncommitted")) } == nil)
    try environment.write { _ = try $0.put(table, bytes("next"), bytes("3")) }
    #expect(try environment.read { try $0.entryCount(table) } == 2)
  }

  @Test("A reader killed inside its transaction is cleared by the next opening, or on request")
  func staleReader() async throws {
    // Kept open here meanwhile: a process that opens the environment alone resets the lock file, and with it the stale slots.
    let environment = try directory.open()
    _ = try environment.table("rows", create: true)
    for clearedAtStart in [false, true] {
      await #expect(processExitsWith: .signal(SIGKILL)) { [path = directory.path as String] in
        let environment = try openEnvironment(path)
        try environment.read { _ in _ = kill(getpid(), SIGKILL) }
      }
      if clearedAtStart {
        await #expect(processExitsWith: .exitCode(1)) { [path = directory.path as String] in
          exit(Int32(try openEnvironment(path).staleReadersCleared))
        }
        #expect(try environment.clearStaleReaders() == 0)
      } else {
        #expect(try environment.clearStaleReaders() == 1)
      }
    }
  }

  @Test("A map that another process grew is taken over by reads and by writes", arguments: [false, true])
  func mapGrownElsewhere(writesFirst: Bool) async throws {
    let environment = try directory.open()
    let table = try environment.table("rows", create: true)
    #expect(try environment.read { try $0.entryCount(table) } == 0)
    await #expect(processExitsWith: .success) { [path = directory.path as String] in
      let environment = try openEnvironment(path)
      let table = try environment.table("rows", create: true)
      try environment.write { transaction in
        for number in 0..<8000 { try transaction.put(table, key(number), [UInt8](repeating: 1, count: 1000)) }
      }
    }
    if writesFirst { try environment.write { _ = try $0.put(table, bytes("mine"), []) } }
    #expect(try environment.read { try $0.entryCount(table) } == (writesFirst ? 8001 : 8000))
    #expect(try environment.info().mapBytes > 8 << 20)
  }

  @Test("Two processes that count in the same row lose no step, though the map grows meanwhile")
  func counting() async throws {
    let environment = try directory.open()
    let counter = try TypedTable<[UInt8], UInt64>("counter", in: environment, create: true)
    let path = directory.path
    let mine = Task.detached { try countSteps(environment, counter, 300) }
    await #expect(processExitsWith: .success) { [path = path as String] in
      let environment = try openEnvironment(path)
      try countSteps(environment, TypedTable("counter", in: environment, create: true), 300)
    }
    try await mine.value
    #expect(try environment.read { try counter.get(bytes("count"), in: $0) } == 600)
  }
}

/// Adds one to the count in each of `steps` transactions, with a row of some weight for each.
private func countSteps(_ environment: Environment, _ counter: TypedTable<[UInt8], UInt64>, _ steps: Int) throws {
  let rows = try environment.table("rows", create: true)
  for _ in 0..<steps {
    try environment.write { transaction in
      let count = (try counter.get(bytes("count"), in: transaction) ?? 0) + 1
      try counter.put(bytes("count"), count, in: transaction)
      try transaction.put(rows, key(Int(count)), [UInt8](repeating: 2, count: 8000))
    }
  }
}
