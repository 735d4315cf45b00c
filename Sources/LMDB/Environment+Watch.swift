// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// A state is in use for months, and its files are within everybody's reach who may write to its folder.
extension Environment {
  /// Throws an `EnvironmentError` when this opening is no longer good: files that were moved, deleted, replaced or cut, a lost map, a disk that
  /// failed, another process that died of what it read. Then `close` it, and open the directory anew.
  ///
  /// A handful of short system calls: for once a second.
  public func confirm() throws {
    if gate.isLost { throw EnvironmentError.mapLost }
    if let failure = failure.withLock({ $0 }) { throw EnvironmentError.failed(failure) }
    try files.check(knownBytes: seenBytes.load(ordering: .relaxed), writeLock: writeLock.identity)
    if let bytes = files.dataBytes(dataPath), bytes != .max { see(bytes) }
  }

  /// After a commit: that it went into the file that everybody opens who comes now. About a microsecond.
  func confirmPlace() throws {
    guard let bytes = files.dataBytes(dataPath) else {
      throw EnvironmentError.gone(files.path, what: "it was moved, deleted or replaced while something was written")
    }
    if bytes == .max { return }
    let known = seenBytes.load(ordering: .relaxed)
    if bytes < known { throw EnvironmentError.cut("\(files.path)/\(EnvironmentFiles.dataName)", bytes: bytes, wantedBytes: known) }
    see(bytes)
  }

  private func see(_ bytes: Int) { _ = seenBytes.max(bytes, ordering: .relaxed) }

  /// Remembers an error after which only a new opening helps.
  func note(_ error: LMDBError) {
    guard error.code == EIO || error.code == LMDBError.panic else { return }
    failure.withLock { $0 = $0 ?? error }
  }

  func noting<R>(_ body: () throws -> R) throws -> R {
    do { return try body() } catch {
      if let error = error as? LMDBError { note(error) }
      throw error
    }
  }
}
