// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

extension Environment {
  /// Runs `body` on a snapshot of the newest commit. Writers, here and in other processes, go on meanwhile.
  ///
  /// Neither allocates nor takes a lock when the thread has read before. Bytes that the transaction hands out point into the map and are
  /// valid until `body` returns: copy what outlives it. Keep it short: while it runs, pages that writers free cannot be used again.
  ///
  /// Throws what `body` throws, `LMDBError`, `EnvironmentError.nestedTransaction` or `.mapLost`.
  @inlinable
  public func read<R>(_ body: (borrowing ReadTransaction) throws -> R) throws -> R {
    try returning { take in try withSnapshot { take(try body($0)) } }
  }

  /// Not generic, so that each caller's own type costs no call into the runtime.
  @usableFromInline
  func withSnapshot(_ body: (borrowing ReadTransaction) throws -> Void) throws {
    let thread = UInt(pthread_self())
    if writerThread.load(ordering: .relaxed) == thread { throw EnvironmentError.nestedTransaction }
    let slot = try readers.claim(for: thread)
    defer { readers.release(slot) }
    while true {
      try gate.enter()
      let transaction: OpaquePointer
      do { transaction = try slot.begin(handle) } catch {
        try recover(from: error, mapBytes: leaveReportingMapBytes())
        continue
      }
      defer {
        LMDBCalls.reset(transaction)
        gate.leave()
      }
      return try body(ReadTransaction(transaction, maxKeyBytes: maxKeyBytes, bounds: bounds))
    }
  }

  /// Runs `body`, which may begin and end a transaction of its own, while the map stays where it is; again after the map was adopted.
  func withMap<R>(_ body: () throws -> R) throws -> R {
    while true {
      try gate.enter()
      let result: R
      do { result = try body() } catch {
        try recover(from: error, mapBytes: leaveReportingMapBytes())
        continue
      }
      gate.leave()
      return result
    }
  }

  private func leaveReportingMapBytes() -> Int {
    defer { gate.leave() }
    return (try? LMDBCalls.mapBytes(handle)) ?? 0
  }

  /// Returns when another try may succeed, otherwise throws the error. The gate has been left.
  private func recover(from error: any Error, mapBytes: Int) throws {
    guard let error = error as? LMDBError else { throw error }
    note(error)
    if error.isMapResized { return try adoptMap(beyond: mapBytes) }
    if error.isReadersFull, try LMDBCalls.clearStaleReaders(handle) > 0 { return }
    throw error
  }
}
