// SPDX-License-Identifier: AGPL-3.0-or-later
/// What the environment refuses itself, before or instead of a C call.
public enum EnvironmentError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The state directory does not exist or is not a directory.
  case directoryMissing(String)
  /// This process has the environment open already. A second opening would drop LMDB's file locks when either is closed.
  case alreadyOpen(String)
  /// The map is full and may not grow: the transaction was rolled back, what was committed before is untouched.
  case mapLimitReached(limitBytes: Int)
  /// Mapping the file again failed, so this process has no map any more; other processes are not concerned.
  case mapLost
  /// A key has no bytes.
  case keyEmpty
  /// A key is longer than LMDB takes: hash it.
  case keyTooLong(bytes: Int, limitBytes: Int)
  /// A transaction was opened inside another one of the same thread: it could wait for itself for ever.
  case nestedTransaction
  /// The bytes of a row are not those of its type: another version wrote them, or they are damaged.
  case undecodable(table: String)

  public var description: String {
    switch self {
    case .directoryMissing(let path): "the state directory \(path) does not exist: create it, owned by the user that runs strfry"
    case .alreadyOpen(let path): "the state in \(path) is already open in this process"
    case .mapLimitReached(let limitBytes):
      "the state is full: its LMDB map reached the limit of \(limitBytes >> 20) MiB; raise state.mapSizeMiB; nothing that was committed is lost"
    case .mapLost: "the state could not be mapped again after its map changed size: start the process again (is memory or address space limited?)"
    case .keyEmpty: "an LMDB key must have at least one byte"
    case .keyTooLong(let bytes, let limitBytes): "an LMDB key of \(bytes) bytes is longer than \(limitBytes)"
    case .nestedTransaction: "a transaction was opened inside another transaction of the same thread"
    case .undecodable(let table): "a row of the table \(table) cannot be decoded"
    }
  }
}
