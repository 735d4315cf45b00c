// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc
import TestSupport
import Testing

@testable import LMDB

/// What LMDB would hang or fault on is refused before it is opened.
@Suite struct BrokenFilesTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func file(_ name: String) -> String { "\(directory.path)/\(name)" }

  /// Makes an environment of some rows, and closes it.
  private func make(rows: Int = 200) throws {
    let environment = try directory.open()
    let table = try environment.table("rows", create: true)
    try environment.write { transaction in for number in 0..<rows { try transaction.put(table, key(number), [UInt8](repeating: 7, count: 200)) } }
  }

  private func size(_ name: String) throws -> Int {
    try #require(try FileManager.default.attributesOfItem(atPath: file(name))[.size] as? Int)
  }

  @Test("A file that was cut is refused with both its sizes; the same file whole is opened")
  func cut() throws {
    try make()
    let whole = try #require(FileManager.default.contents(atPath: file("data.mdb")))
    for length in [1, 151, 4096, 4248, 8192, 12_288, whole.count - 4096, whole.count - 1] {
      try whole.prefix(length).write(to: URL(fileURLWithPath: file("data.mdb")))
      let error = #expect(throws: EnvironmentError.self) { _ = try directory.open() }
      guard case .cut(file("data.mdb"), length, let wanted)? = error else {
        Issue.record("\(length) bytes: \(String(describing: error))")
        continue
      }
      #expect(wanted > length)
    }
    try whole.write(to: URL(fileURLWithPath: file("data.mdb")))
    _ = try directory.open()
  }

  @Test(
    "A file whose last pages were taken and given back in one transaction is shorter than it says, and is no cut file",
    arguments: [3, 4, 5] as [UInt64])
  func looseEnd(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var short = 0
    for _ in 0..<400 {
      do {
        let environment = try directory.open()
        let table = try environment.table("rows", create: true)
        // Pages that this transaction itself has split are merged again, and the last ones are left over.
        try environment.write { transaction in
          let first = Int.random(in: 0..<1000, using: &random)
          let numbers = (first..<first + Int.random(in: 1...60, using: &random)).map { $0 }
          for number in numbers { try transaction.put(table, key(number), [UInt8](repeating: 1, count: Int.random(in: 1...900, using: &random))) }
          for number in numbers where Int.random(in: 0..<8, using: &random) > 0 { try transaction.delete(table, key(number)) }
        }
      }
      let descriptor = open(file("data.mdb"), O_RDONLY)
      defer { close(descriptor) }
      let meta = try #require(try MetaPages(descriptor))
      if try size("data.mdb") < Int(meta.lastPage + 1) * meta.pageBytes { short += 1 }
      try meta.checkSize(of: descriptor)
    }
    #expect(short > 0, "seed \(seed) makes no such file: the test has nothing to see")
  }

  @Test("Free pages that the file says it has are those that LMDB counts")
  func freePages() throws {
    do {
      let environment = try directory.open()
      let table = try environment.table("rows", create: true)
      for round in 0..<5 {
        try environment.write { transaction in
          for number in 0..<2000 { try transaction.put(table, key(number), [UInt8](repeating: UInt8(round), count: 900)) }
        }
      }
      try environment.write { try $0.clear(table) }
      try environment.write { _ = try $0.put(table, key(1), []) }
    }
    let counted = try directory.open().info().freePageCount
    let descriptor = open(file("data.mdb"), O_RDONLY)
    defer { close(descriptor) }
    var visited = Set<UInt64>()
    #expect(FreePages(descriptor, try #require(try MetaPages(descriptor))).visit { visited.insert($0) })
    #expect(visited.count == counted && counted > 400)
  }

  @Test("Damaged first pages are refused in words; none of them is opened by LMDB", arguments: [16, 20, 40, 44, 80, 92, 128, 136])
  func damagedMeta(offset: Int) throws {
    try make()
    var bytes = try #require(FileManager.default.contents(atPath: file("data.mdb")))
    for page in 0..<2 {
      for index in 0..<8 where offset + index < 152 && (index < 2 || offset >= 80 && offset != 92) { bytes[page * 4096 + offset + index] = 0x5a }
    }
    try bytes.write(to: URL(fileURLWithPath: file("data.mdb")))
    let error = #expect(throws: EnvironmentError.self) { _ = try directory.open() }
    switch error {
    case .damaged(file("data.mdb"), _)?, .cut(file("data.mdb"), _, _)?: break
    default: Issue.record("\(String(describing: error))")
    }
  }

  @Test(
    "A last page that no disk holds, with the largest pages, is refused and counted without a trap", arguments: [(1 << 48) - 1, 1 << 40] as [UInt64])
  func impossibleLastPage(_ page: UInt64) throws {
    try make()
    var bytes = try #require(FileManager.default.contents(atPath: file("data.mdb")))
    for meta in 0..<2 {
      withUnsafeBytes(of: UInt32(32_768).littleEndian) { bytes.replaceSubrange(meta * 4096 + 40..<meta * 4096 + 44, with: $0) }
      withUnsafeBytes(of: page.littleEndian) { bytes.replaceSubrange(meta * 4096 + 136..<meta * 4096 + 144, with: $0) }
    }
    try bytes.write(to: URL(fileURLWithPath: file("data.mdb")))
    #expect(throws: EnvironmentError.self) { _ = try directory.open() }
  }

  @Test("A table of free pages that is nonsense, or leads in a circle, is read to an end", arguments: [11, 12, 13, 14] as [UInt64])
  func nonsense(seed: UInt64) throws {
    try make(rows: 2000)
    do {
      let environment = try directory.open()
      let table = try environment.table("rows", create: false)
      for number in 0..<300 { try environment.write { _ = try $0.delete(table, key(number)) } }
    }
    let descriptor = open(file("data.mdb"), O_RDWR)
    defer { close(descriptor) }
    let meta = try #require(try MetaPages(descriptor))
    var random = SplitMix64(seed: seed)
    for _ in 0..<2000 {
      var byte = UInt8.random(in: 0...255, using: &random)
      // Its root's head, where the way leads on from.
      pwrite(descriptor, &byte, 1, off_t(meta.freeRoot) * 4096 + off_t.random(in: 10..<200, using: &random))
      var count = 0
      _ = FreePages(descriptor, meta).visit { _ in count += 1 }
      #expect(count <= 1 << 24)
    }
  }

  @Test("Pipes, folders and devices are refused by their names, at once", arguments: ["data.mdb", "lock.mdb", "write.lock"])
  func notRegular(name: String) throws {
    for make in [{ mkfifo($0, 0o600) }, { mkdir($0, 0o700) }, { symlink("/dev/zero", $0) }] {
      #expect(make(file(name)) == 0)
      #expect(throws: EnvironmentError.notRegular(file(name))) { _ = try directory.open() }
      #expect(remove(file(name)) == 0)
    }
    _ = try directory.open()
  }

  @Test(
    "Root follows no link out of another user's state, makes nothing at its end, and gives nothing away that it did not make",
    .enabled(if: geteuid() == 0, "only root can give files away"), arguments: ["data.mdb", "lock.mdb", "write.lock"])
  func linksOfOthers(name: String) throws {
    try make()
    for path in [directory.path, file("data.mdb"), file("lock.mdb"), file("write.lock")] { #expect(chown(path, 65534, 65534) == 0) }
    let (secret, missing) = (directory.path + "-secret", directory.path + "-missing")
    defer {
      unlink(secret)
      unlink(missing)
    }
    #expect(FileManager.default.createFile(atPath: secret, contents: Data("secret".utf8)))
    for target in [secret, missing] {
      unlink(file(name))
      #expect(symlink(target, file(name)) == 0)
      #expect(throws: EnvironmentError.notRegular(file(name))) { _ = try directory.open() }
    }
    unlink(file(name))
    #expect(link(secret, file(name)) == 0)
    #expect(throws: EnvironmentError.notRegular(file(name))) { _ = try directory.open() }
    var status = stat()
    #expect(stat(secret, &status) == 0 && status.st_uid == 0 && status.st_size == 6)
    #expect(stat(missing, &status) != 0)
    unlink(file(name))
    _ = try directory.open()
    #expect(stat(file(name), &status) == 0 && status.st_uid == 65534)
  }

  @Test("Room for lock.mdb is taken before it is mapped")
  func reservedLock() throws {
    try make()
    unlink(file("lock.mdb"))
    _ = try directory.open()
    var status = stat()
    #expect(stat(file("lock.mdb"), &status) == 0)
    #expect(Int(status.st_blocks) * 512 >= Int(status.st_size) && status.st_size > 32_000)
  }

  @Test("Where there is no room for lock.mdb the opening is refused, and nothing faults")
  func noRoomForLock() async throws {
    try make()
    unlink(file("lock.mdb"))
    await #expect(processExitsWith: .exitCode(7)) { [path = directory.path as String] in
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 16 << 10, rlim_max: 16 << 10)
      setrlimit(__rlimit_resource_t(1), &limit)
      do { _ = try openEnvironment(path) } catch EnvironmentError.noRoom { exit(7) }
    }
    let environment = try directory.open()
    let table = try environment.table("rows", create: false)
    #expect(try environment.read { try $0.entryCount(table) } == 200)
  }

  @Test("A lock.mdb that is too short is made longer when nobody uses it")
  func shortLock() throws {
    for length in [0, 1, 100, 191, 192, 4096] {
      try make()
      truncate(file("lock.mdb"), off_t(length))
      _ = try directory.open()
      #expect(try size("lock.mdb") > 32_000)
    }
  }

  @Test("A folder that may not be looked into is told as that, and a missing one as missing")
  func permissions() async throws {
    try make()
    await #expect(processExitsWith: .exitCode(7)) { [path = directory.path as String] in
      #expect(throws: EnvironmentError.directoryMissing(path + "/absent")) { _ = try Environment(directory: path + "/absent") }
      if geteuid() == 0 {
        guard setgid(65534) == 0, setuid(65534) == 0 else { exit(1) }
      } else {
        chmod(path + "/data.mdb", 0)
      }
      do { _ = try openEnvironment(path) } catch EnvironmentError.notPermitted(_, let owner) { exit(owner.isEmpty ? 2 : 7) }
    }
  }

  @Test("A process with our number in another PID namespace is told as that")
  func sameNumber() throws {
    try make()
    let descriptor = open(file("lock.mdb"), O_RDWR | O_CLOEXEC)
    // A lock of the open file, which keeps out this process's own as another process's would.
    var lock = flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: off_t(getpid()), l_len: 1, l_pid: 0)
    let setOpenFileLock: Int32 = 37
    try #require(fcntl(descriptor, setOpenFileLock, &lock) == 0)
    do {
      let environment = try directory.open()
      #expect(throws: EnvironmentError.sameProcessNumber(getpid())) { _ = try environment.table("rows", create: false) }
      #expect("\(EnvironmentError.sameProcessNumber(getpid()))".contains("another container"))
    }
    close(descriptor)
    let environment = try directory.open()
    _ = try environment.table("rows", create: false)
  }
}
