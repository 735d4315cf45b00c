// SPDX-License-Identifier: AGPL-3.0-or-later
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
  /// The thread inside a write closure; 0 when none.
  let writerThread = Atomic<UInt>(0)
  private let directory: OpenDirectories.Identity
  /// LMDB allows one table to be opened at a time; opened once, a handle is good for the environment's life.
  private let tables = Mutex<[String: TableHandle]>([:])

  /// The longest key that LMDB takes: 511 bytes as Debian builds it.
  public let maxKeyBytes: Int
  /// How many reader slots of dead processes were cleared at the start.
  public let staleReadersCleared: Int

  /// Opens, or creates, the environment in `directory`, which must exist, and clears the readers that dead processes left.
  ///
  /// Throws `EnvironmentError.directoryMissing`, `.alreadyOpen`, or the `LMDBError` of the call that failed.
  public init(directory path: String, options: Options = Options()) throws {
    let directory = try OpenDirectories.claim(path)
    do {
      let handle = try LMDBCalls.openEnvironment(directory: path, options: options)
      do {
        // Opened with the size that the file remembers (1 MiB when new), so that a map which another process grew is not shrunk here.
        if try LMDBCalls.mapBytes(handle) < options.firstBytes { try LMDBCalls.setMapSize(handle, options.firstBytes) }
        staleReadersCleared = try LMDBCalls.clearStaleReaders(handle)
      } catch {
        LMDBCalls.closeEnvironment(handle)
        throw error
      }
      self.handle = handle
    } catch {
      OpenDirectories.release(directory)
      throw error
    }
    self.directory = directory
    self.options = options
    maxKeyBytes = LMDBCalls.maxKeyBytes(handle)
    readers = ReaderPool(count: min(Int(options.maxReaders), 64))
  }

  deinit {
    readers.close()
    LMDBCalls.closeEnvironment(handle)
    OpenDirectories.release(directory)
  }

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
  public func clearStaleReaders() throws -> Int { try LMDBCalls.clearStaleReaders(handle) }

  /// Forces what was committed to the disk. Needed with `.relaxed` only; blocks for as long as the disk takes, but blocks no reader.
  public func sync() throws {
    if let code = options.faultInjection?(.sync), code != 0 { throw LMDBError("mdb_env_sync", code) }
    try LMDBCalls.sync(handle)
  }
}
