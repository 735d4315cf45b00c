// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Policy

extension Fault {
  /// What LMDB could not do, as a fault: no detail of this machine in the answer.
  init(_ error: LMDBError) {
    let advice = error.isFatal ? "; the state is damaged: restore a backup, or run `commonsguard rebuild` from an export" : ""
    self.init(answer: "state unavailable", detail: "\(error)\(advice)")
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
func faulting<R>(_ body: () throws -> R) throws -> R {
  do { return try body() } catch let error as LMDBError { throw Fault(error) } catch let error as EnvironmentError { throw Fault(error) }
}
