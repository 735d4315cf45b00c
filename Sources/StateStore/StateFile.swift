// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import LMDB

/// Opens the small files beside the environment: counters, locks.
///
/// Whoever may write to the folder may put a pipe there, whose opening waits for ever, or a device: only regular files are taken.
package enum StateFile {
  /// Opens a regular file without waiting for anybody. What root makes belongs to the state's owner. Throws a `StoreError`.
  ///
  /// - Parameters:
  ///   - flags: of open(2).
  ///   - state: the state's directory.
  package static func open(_ path: String, _ flags: Int32, ofStateIn state: String) throws -> Int32 {
    switch FileOwner.open(AT_FDCWD, path, flags, mode: 0o600, ofStateIn: state) {
    case .success(let descriptor): return descriptor
    case .failure(let error) where error.code == EISDIR || error.code == ELOOP:
      throw StoreError.failed(what: path, why: "it is not a regular file: move it away")
    case .failure(let error): throw StoreError.failed(what: path, why: String(cString: strerror(error.code)))
    }
  }

  /// The folder that a file or folder lies in.
  static func parent(of path: String) -> String { path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "." }
}
