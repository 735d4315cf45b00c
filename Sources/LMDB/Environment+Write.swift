// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

extension Environment {
  private enum Attempt {
    case committed
    case mapFull(mapBytes: Int)
    case mapResized(mapBytes: Int)
  }

  /// Runs `body` in the one write transaction that all processes together may have, and commits when it returns; aborts when it throws.
  ///
  /// When this returns the commit has happened (and, with `.full`, is on the disk). When it throws nothing of it happened.
  /// A full map is grown and `body` runs again from the start, on the state as it then is: it must have no effects of its own, or undo them
  /// when it begins. An error of LMDB inside `body` aborts the transaction even if `body` catches it.
  ///
  /// Throws what `body` throws, `LMDBError`, or an `EnvironmentError`: `.mapLimitReached`, `.noAddressSpace`, `.busy` when another process keeps
  /// the right to write, `.gone` when the files are no longer there (then what was committed is in no state that anybody has), `.closed`,
  /// `.nestedTransaction` or `.mapLost`.
  @inlinable
  public func write<R>(_ body: (borrowing WriteTransaction) throws -> R) throws -> R {
    try returning { take in try transact { take(try body($0)) } }
  }

  /// Not generic, so that each caller's own type costs no call into the runtime.
  @usableFromInline
  func transact(_ body: (borrowing WriteTransaction) throws -> Void) throws {
    try refuseNesting()
    while true {
      switch try attempt(body) {
      case .committed: return
      case .mapFull(let mapBytes): try growMap(beyond: mapBytes)
      case .mapResized(let mapBytes): try adoptMap(beyond: mapBytes)
      }
    }
  }

  private func attempt(_ body: (borrowing WriteTransaction) throws -> Void) throws -> Attempt {
    try writeLock.lock()
    defer { writeLock.unlock() }
    try gate.enter()
    defer { gate.leave() }
    // With another lock.mdb somebody else may be writing at this moment.
    guard files.hasLockFile(lockDescriptor) else {
      throw EnvironmentError.gone(files.path, what: "\(EnvironmentFiles.lockName) was deleted or replaced")
    }
    let transaction: OpaquePointer
    do { transaction = try LMDBCalls.begin(handle, readOnly: false) } catch let error as LMDBError {
      if error.isMapResized { return .mapResized(mapBytes: try LMDBCalls.mapBytes(handle)) }
      note(error)
      throw error
    }
    writerThread.store(UInt(pthread_self()), ordering: .relaxed)
    let failures = TransactionFailures()
    var thrown: (any Error)?
    do {
      try body(
        WriteTransaction(transaction, maxKeyBytes: maxKeyBytes, bounds: bounds, failures: failures, faultInjection: options.faultInjection))
    } catch {
      thrown = error
    }
    // Before the lock is given back: from then on the field is the next writer's.
    writerThread.store(0, ordering: .relaxed)

    if let failure = failures.first {
      LMDBCalls.abort(transaction)
      if failure.isMapFull { return .mapFull(mapBytes: try LMDBCalls.mapBytes(handle)) }
      note(failure)
      throw thrown ?? failure
    }
    if let thrown {
      LMDBCalls.abort(transaction)
      throw thrown
    }
    do { try commit(transaction) } catch let error as LMDBError {
      if error.isMapFull { return .mapFull(mapBytes: try LMDBCalls.mapBytes(handle)) }
      note(error)
      throw error
    }
    try confirmPlace()
    return .committed
  }

  private func commit(_ transaction: OpaquePointer) throws {
    if let code = options.faultInjection?(.commit), code != 0 {
      LMDBCalls.abort(transaction)
      throw LMDBError("mdb_txn_commit", code)
    }
    try LMDBCalls.commit(transaction)
  }
}
