// SPDX-License-Identifier: AGPL-3.0-or-later
import Dispatch
import Glibc
import LMDB
import Synchronization
import Testing

@Suite struct MapGrowthTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private let kilobyte = [UInt8](repeating: 0x5a, count: 1000)

  @Test("A full map grows and the closure runs again from the start; everything is there once")
  func grows() throws {
    let environment = try directory.open()
    let table = try environment.table("rows", create: true)
    var runs = 0
    try environment.write { transaction in
      runs += 1
      for number in 0..<5000 { try transaction.put(table, key(number), kilobyte) }
    }
    #expect(runs > 1)
    #expect(try environment.read { try $0.entryCount(table) } == 5000)
    let info = try environment.info()
    #expect(info.mapBytes > 1 << 20)
    #expect(info.usedBytes > 5_000_000)
    #expect(info.usedBytes <= info.mapBytes)
  }

  @Test("A closure that catches the full map's error is run again all the same")
  func growsWhenCaught() throws {
    let environment = try directory.open()
    let table = try environment.table("rows", create: true)
    try environment.write { transaction in
      for number in 0..<5000 {
        do { try transaction.put(table, key(number), kilobyte) } catch { throw Stop() }
      }
    }
    #expect(try environment.read { try $0.entryCount(table) } == 5000)
  }

  @Test("At the limit a write is refused in words that name the remedy; what was committed stays, and reads go on")
  func limit() throws {
    let environment = try directory.open(mapLimitBytes: 2 << 20)
    let table = try environment.table("rows", create: true)
    try environment.write { _ = try $0.put(table, bytes("kept"), bytes("1")) }
    let refusal = EnvironmentError.mapLimitReached(limitBytes: 2 << 20)
    for _ in 0..<2 {
      #expect(throws: refusal) {
        try environment.write { transaction in for number in 0..<5000 { try transaction.put(table, key(number), kilobyte) } }
      }
    }
    #expect("\(refusal)".contains("raise state.mapSizeMiB"))
    #expect(try environment.read { try $0.entryCount(table) } == 1)
    try environment.write { _ = try $0.put(table, bytes("more"), bytes("2")) }
    #expect(try environment.read { try $0.get(table, bytes("kept")) } == bytes("1"))
  }

  @Test("A higher limit on the next opening lets the writes go on")
  func higherLimit() throws {
    func fill(_ environment: Environment) throws {
      let table = try environment.table("rows", create: true)
      try environment.write { transaction in for number in 0..<5000 { try transaction.put(table, key(number), kilobyte) } }
    }
    do {
      let small = try directory.open(mapLimitBytes: 2 << 20)
      #expect(throws: EnvironmentError.self) { try fill(small) }
    }
    try fill(directory.open(mapLimitBytes: 32 << 20))
  }

  @Test("Pages of deleted rows are counted as free, and used again")
  func freePages() throws {
    let environment = try directory.open(mapLimitBytes: 8 << 20)
    let table = try environment.table("rows", create: true)
    for _ in 0..<10 {
      try environment.write { transaction in for number in 0..<2000 { try transaction.put(table, key(number), kilobyte) } }
      try environment.write { try $0.clear(table) }
    }
    let info = try environment.info()
    #expect(info.freePageCount > 100)
    #expect(info.usedBytes < 1 << 20)
  }

  @Test("A read sees its snapshot while another thread commits")
  func snapshot() throws {
    let environment = try directory.open()
    let table = try environment.table("rows", create: true)
    try environment.write { _ = try $0.put(table, bytes("a"), bytes("old")) }
    try environment.read { transaction in
      let group = DispatchGroup()
      let fault = Mutex<String?>(nil)
      DispatchQueue.global().async(group: group) {
        do { try environment.write { _ = try $0.put(table, bytes("a"), bytes("new")) } } catch { fault.withLock { $0 = "\(error)" } }
      }
      group.wait()
      #expect(fault.withLock { $0 } == nil)
      let seen = try transaction.get(table, bytes("a"))
      #expect(seen == bytes("old"))
    }
    #expect(try environment.read { try $0.get(table, bytes("a")) } == bytes("new"))
  }

  @Test("Threads read whole commits while the map grows under a writer")
  func readersWhileGrowing() throws {
    let environment = try directory.open()
    let table = try environment.table("rows", create: true)
    let isDone = Atomic<Bool>(false)
    let faults = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 4) { index in
      do {
        if index == 0 {
          defer { isDone.store(true, ordering: .releasing) }
          for batch in 0..<100 {
            try environment.write { transaction in
              for number in 0..<100 { try transaction.put(table, key(batch * 100 + number), kilobyte) }
            }
          }
        } else {
          repeat {
            try environment.read { transaction in
              var count = 0
              try transaction.scan(table) { _, value in
                count += value.elementsEqual(kilobyte) ? 1 : 1_000_000
                return true
              }
              let entries = try transaction.entryCount(table)
              if count != entries || count % 100 != 0 { faults.withLock { $0.append("\(count) of \(entries)") } }
            }
          } while !isDone.load(ordering: .acquiring)
        }
      } catch { faults.withLock { $0.append("\(error)") } }
    }
    #expect(faults.withLock { $0 } == [])
    #expect(try environment.read { try $0.entryCount(table) } == 10_000)
    #expect(try environment.info().mapBytes > 8 << 20)
  }

  @Test("More threads than reader slots wait for one another instead of failing")
  func moreThreadsThanSlots() throws {
    let environment = try Environment(
      directory: directory.path, options: .init(initialMapBytes: 1 << 20, maxReaders: 1, durability: .relaxed))
    let table = try environment.table("rows", create: true)
    let outcomes = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      let outcome: String
      do { outcome = "\(try environment.read { try $0.entryCount(table) })" } catch { outcome = "\(error)" }
      outcomes.withLock { $0.append(outcome) }
    }
    #expect(outcomes.withLock { $0 } == [String](repeating: "0", count: 8))
  }

  @Test("How far the file reaches may be asked by other threads while the map grows and is closed, and not inside a transaction")
  func extent() throws {
    let environment = try directory.open()
    let table = try environment.table("rows", create: true)
    let isDone = Atomic<Bool>(false)
    let answers = Mutex<(largest: Int, refusals: Int)>((0, 0))
    DispatchQueue.concurrentPerform(iterations: 3) { thread in
      if thread == 0 {
        // Not before somebody asks.
        while answers.withLock({ $0.largest + $0.refusals == 0 }) { usleep(100) }
        for round in 0..<40 {
          try? environment.write { transaction in for number in 0..<250 { try transaction.put(table, key(round * 250 + number), kilobyte) } }
        }
        environment.close(waitMilliseconds: 10_000)
        isDone.store(true, ordering: .releasing)
        return
      }
      while !isDone.load(ordering: .acquiring) {
        let bytes = try? environment.extent().fileBytes
        answers.withLock { if let bytes { $0.largest = max($0.largest, bytes) } else { $0.refusals += 1 } }
      }
    }
    let seen = answers.withLock { $0 }
    #expect(seen.largest > 100_000, "\(seen.refusals) refusals")
    #expect(throws: EnvironmentError.self) { _ = try environment.extent() }
    let other = try TemporaryDirectory()
    let open = try other.open()
    try open.write { _ in _ = #expect(throws: (any Error).self) { _ = try open.extent() } }
    #expect(try open.extent().newestCommit >= 0)
  }
}
