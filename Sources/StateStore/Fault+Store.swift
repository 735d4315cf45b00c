// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import LMDB
import Policy

extension Fault {
  /// What LMDB could not do, as a fault: no detail of this machine in the answer.
  ///
  /// - Parameter directory: the state's, where it is known: LMDB says "Input/output error" where the disk was full.
  init(_ error: LMDBError, in directory: String? = nil) {
    self.init(answer: "state unavailable", detail: Self.remedy(error, directory).map { "\(error); \($0)" } ?? "\(error)")
  }

  private static func remedy(_ error: LMDBError, _ directory: String?) -> String? {
    switch error.code {
    case _ where error.isFatal: return "the state is damaged: restore a backup, or run `commonsguard rebuild` from an export"
    case ENOSPC, EDQUOT: return "the disk is full: make room"
    case EIO: return isFull(directory) ? "the disk is full: make room" : "the disk fails, or was full: look into the system's log"
    case EFBIG: return "a limit on the size of files is in force (`ulimit -f`)"
    case ENOMEM: return "no more memory or address space: is it limited?"
    case EROFS: return "the disk is mounted read-only"
    default: return nil
    }
  }

  /// Whether less is left than LMDB writes at once.
  private static func isFull(_ directory: String?) -> Bool {
    var status = statvfs()
    guard let directory, statvfs(directory, &status) == 0 else { return false }
    return UInt64(status.f_bavail) * UInt64(status.f_frsize) < 256 << 10
  }

  init(_ error: EnvironmentError) {
    switch error {
    case .mapLimitReached: self.init(answer: "state is full", detail: "\(error)")
    default: self.init(answer: "state unavailable", detail: "\(error)")
    }
  }

  /// A row of the store's own tables cannot be decoded.
  static func unreadable(_ table: StaticString, _ what: String) -> Fault {
    Fault(
      answer: "state unavailable",
      detail: "table \(table) holds a row that cannot be read: \(what); restore a backup, or run `commonsguard rebuild` from an export")
  }
}

/// Runs `body`; errors of LMDB become faults, all others pass.
@inline(__always)
func faulting<R>(in directory: String? = nil, _ body: () throws -> R) throws -> R {
  do { return try body() } catch let error as LMDBError { throw Fault(error, in: directory) } catch let error as EnvironmentError {
    throw Fault(error)
  }
}
