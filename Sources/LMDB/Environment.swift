// SPDX-License-Identifier: AGPL-3.0-or-later
import CFaults
import Glibc
import Synchronization

/// An LMDB environment: one directory with `data.mdb` and `lock.mdb`, shared by threads and by processes.
///
/// - Transactions are closures; their handles cannot escape. Throwing rolls a write back.
/// - A process may die at any instruction (kill -9): what was committed stays, what was not is absent, and the next process goes on.
/// - One environment is open once in a process. Open it after any fork.
/// - Misuse: a thread must not open a transaction inside another of the same environment (refused with `nestedTransaction`), and a closure
///   must not wait for another thread that writes: that thread may be waiting for all closures to end, to grow the map.
public final class Environment: Sendable {
  /// `MDB_env`; thread-safe by LMDB's contract, and the gate keeps it mapped.
  nonisolated(unsafe) let handle: OpaquePointer
  let options: Options
  let gate = MapGate()
  let readers: ReaderPool
  let writeLock: WriteLock
  let files: EnvironmentFiles
  /// Of lock.mdb; open as long as LMDB's own.
  let lockDescriptor: Int32
  let dataPath: DataPath
  /// The thread inside a write closure; 0 when none.
  let writerThread = Atomic<UInt>(0)
  /// The longest that data.mdb was seen: LMDB never makes it shorter.
  let seenBytes = Atomic<Int>(0)
  /// What LMDB or the disk said that ends this opening.
  let failure = Mutex<LMDBError?>(nil)
  /// Where the map is; written only while nobody is inside the gate.
  nonisolated(unsafe) var bounds: MapBounds
  private let directory: FileIdentity
  private let faultSlot: Int32
  private let isClosed = Atomic<Bool>(false)
  /// LMDB allows one table to be opened at a time; opened once, a handle is good for the environment's life.
  private let tables = Mutex<[String: TableHandle]>([:])

  /// The longest key that LMDB takes: 511 bytes as Debian builds it.
  public let maxKeyBytes: Int
  /// How many reader slots of dead processes were cleared at the start.
  public let staleReadersCleared: Int

  /// Opens, or creates, the environment in `directory`, which must exist, and clears the readers that dead processes left.
  ///
  /// What LMDB would hang or fault on is refused first: see `EnvironmentError`. Otherwise throws the `LMDBError` of the call that failed.
  public init(directory path: String, options: Options = Options()) throws {
    let (directory, descriptor) = try OpenDirectories.claim(path)
    do {
      var files = EnvironmentFiles(path, directory: descriptor, identity: directory)
      let writeLock = WriteLock(try files.openWriteLock(isReadOnly: options.isReadOnly), waitMilliseconds: options.waitMilliseconds)
      // Others may open the state at this moment, and LMDB waits for them without a limit.
      try writeLock.lock()
      defer { writeLock.unlock() }
      let isNew = try files.checkData(isReadOnly: options.isReadOnly)
      let lockDescriptor = try files.reserveLockFile(maxReaders: options.maxReaders, isReadOnly: options.isReadOnly, mode: options.mode)
      let handle: OpaquePointer
      do { handle = try LMDBCalls.openEnvironment(directory: path, options: options) } catch {
        Self.close(lockDescriptor)
        if isNew { files.forgetNewData() }
        throw error
      }
      do {
        // Opened with the size that the file remembers (1 MiB when new), so that a map which another process grew is not shrunk here.
        if try LMDBCalls.mapBytes(handle) < options.firstBytes { try LMDBCalls.setMapSize(handle, options.firstBytes) }
        staleReadersCleared = try LMDBCalls.clearStaleReaders(handle)
        files.remember(isNew: isNew)
      } catch {
        LMDBCalls.closeEnvironment(handle)
        Self.close(lockDescriptor)
        throw error
      }
      self.handle = handle
      self.lockDescriptor = lockDescriptor
      self.writeLock = writeLock
      self.files = files
    } catch {
      OpenDirectories.release(directory)
      throw error
    }
    self.directory = directory
    self.options = options
    dataPath = DataPath(directory: path)
    bounds = MapBounds(inode: files.data?.inode ?? 0)
    faultSlot = commonsguard_faults_watch(descriptor, files.data?.device ?? 0, files.data?.inode ?? 0, files.lock?.inode ?? 0, path)
    maxKeyBytes = LMDBCalls.maxKeyBytes(handle)
    readers = ReaderPool(count: min(Int(options.maxReaders), 64))
  }

  deinit { _ = close(waitMilliseconds: 0) }

  /// Gives the environment up: whoever uses it afterwards is refused with `closed`. Then the directory can be opened anew.
  ///
  /// - Parameter waitMilliseconds: how long to wait for the transactions of other threads. The calling thread must not be inside one.
  /// - Returns: false when they took longer; then the environment closes with its last reference.
  @discardableResult
  public func close(waitMilliseconds: Int) -> Bool {
    if isClosed.load(ordering: .acquiring) { return true }
    guard gate.closeForGood(waitMilliseconds: waitMilliseconds) else { return false }
    guard isClosed.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged else { return true }
    readers.close()
    LMDBCalls.closeEnvironment(handle)
    // Only now: what a damaged page did to LMDB's memory may show when it is given back.
    commonsguard_faults_unwatch(faultSlot)
    Self.close(lockDescriptor)
    writeLock.close()
    OpenDirectories.release(directory)
    return true
  }

  private static func close(_ descriptor: Int32) { if descriptor >= 0 { Glibc.close(descriptor) } }

  /// Opens the table, in a transaction of its own; at the start of the program, before other threads write.
  ///
  /// - Parameter create: makes the table when it is missing; otherwise a missing table is an `LMDBError` with `isNotFound`.
  public func table(_ name: String, create: Bool) throws -> TableHandle {
    // Before the lock: a thread that waits for it inside a transaction could keep its holder waiting.
    try refuseNesting()
    return try tables.withLock { opened in
      if let table = opened[name] { return table }
      let table: TableHandle
      if create, !options.isReadOnly {
        table = try write { transaction in try transaction.createTable(name) }
      } else {
        table = try openExisting(name)
      }
      opened[name] = table
      return table
    }
  }

  /// Opens several tables at once: those that exist in one transaction, those that are missing in one more, so that a new state costs one commit.
  ///
  /// - Parameters:
  ///   - create: makes the tables that are missing; otherwise a missing table is an `LMDBError` with `isNotFound`.
  ///   - fill: is called with all handles in the transaction that makes tables, when any were missing; what it throws, undoes them.
  /// - Returns: the handles, in the order of the names.
  public func tables(
    _ names: [String], create: Bool, filling fill: (borrowing WriteTransaction, [TableHandle]) throws -> Void = { _, _ in }
  ) throws -> [TableHandle] {
    try refuseNesting()
    return try tables.withLock { opened in
      for (name, table) in try openExisting(names.filter { opened[$0] == nil }, mayLack: create && !options.isReadOnly) { opened[name] = table }
      if names.contains(where: { opened[$0] == nil }) {
        let before = opened
        opened = try write { transaction in
          var all = before
          for name in names where all[name] == nil { all[name] = try transaction.createTable(name) }
          try fill(transaction, names.compactMap { all[$0] })
          return all
        }
      }
      return names.compactMap { opened[$0] }
    }
  }

  private func openExisting(_ names: [String], mayLack: Bool) throws -> [(String, TableHandle)] {
    if names.isEmpty { return [] }
    return try withMap {
      let transaction = try LMDBCalls.begin(handle, readOnly: true)
      var found: [(String, TableHandle)] = []
      do {
        for name in names {
          do { found.append((name, TableHandle(index: try LMDBCalls.openTable(transaction, name, create: false)))) } catch let error as LMDBError
            where error.isNotFound && mayLack
          {
            continue
          }
        }
      } catch {
        LMDBCalls.abort(transaction)
        throw error
      }
      try LMDBCalls.commit(transaction)
      return found
    }
  }

  /// A handle outlives the transaction that opened it only when that is committed, a read transaction too: so not one of the pool.
  private func openExisting(_ name: String) throws -> TableHandle {
    try refuseNesting()
    return try withMap {
      let transaction = try LMDBCalls.begin(handle, readOnly: true)
      let index: UInt32
      do { index = try LMDBCalls.openTable(transaction, name, create: false) } catch {
        LMDBCalls.abort(transaction)
        throw error
      }
      try LMDBCalls.commit(transaction)
      return TableHandle(index: index)
    }
  }

  /// Throws `nestedTransaction` when this thread is inside a transaction of this environment.
  func refuseNesting() throws {
    let thread = UInt(pthread_self())
    if writerThread.load(ordering: .relaxed) == thread || readers.isReading(thread) { throw EnvironmentError.nestedTransaction }
  }

  /// Frees the reader slots of processes that died; they would keep old pages from being used again. Returns how many.
  @discardableResult
  public func clearStaleReaders() throws -> Int { try withMap { try LMDBCalls.clearStaleReaders(handle) } }

  /// Forces what was committed to the disk. Needed with `.relaxed` only; blocks for as long as the disk takes, but blocks no reader.
  public func sync() throws {
    if let code = options.faultInjection?(.sync), code != 0 { throw LMDBError("mdb_env_sync", code) }
    try noting { try withMap { try LMDBCalls.sync(handle) } }
  }
}
