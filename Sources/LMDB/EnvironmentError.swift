// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// What the environment refuses itself, before or instead of a C call. The words say the cause and the remedy.
public enum EnvironmentError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The state directory does not exist.
  case directoryMissing(String)
  /// The path names something else than a directory.
  case notDirectory(String)
  /// Links that lead to themselves.
  case loop(String)
  /// This user may not open a file or directory.
  case notPermitted(String, owner: String)
  /// A file of the state is a folder, a pipe or a device.
  case notRegular(String)
  /// A file cannot be opened, made or reserved.
  case unusable(String, why: String)
  /// data.mdb is shorter than its own first pages say, or empty though it was used.
  case cut(String, bytes: Int, wantedBytes: Int)
  /// data.mdb is not LMDB's, or its first pages are damaged.
  case damaged(String, why: String)
  /// A process died on what it read from this very file.
  case marked(String, why: String)
  /// There is no room for a file.
  case noRoom(String, why: String)
  /// lock.mdb is too short, and other processes use it.
  case lockFileCut(String)
  /// A process of the same number, in another PID namespace, uses the state: LMDB cannot keep the two apart.
  case sameProcessNumber(Int32)
  /// Another process keeps the right to write.
  case busy(holder: String)
  /// This process has the environment open already. A second opening would drop LMDB's file locks when either is closed.
  case alreadyOpen(String)
  /// Files of the open environment are gone: deleted, moved, replaced or cut.
  case gone(String, what: String)
  /// The environment was given up.
  case closed
  /// LMDB gave up, or the disk failed: it has to be opened anew.
  case failed(LMDBError)
  /// The map is full and may not grow: the transaction was rolled back, what was committed before is untouched.
  case mapLimitReached(limitBytes: Int)
  /// The map is full, and the process gets no more address space: rolled back, too.
  case noAddressSpace(wantedBytes: Int)
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

  private static let rebuild = "move a backup into its place, or `commonsguard rebuild` a new state from an export"

  public var description: String {
    switch self {
    case .directoryMissing(let path): "the state directory \(path) does not exist: create it, owned by the user that runs strfry"
    case .notDirectory(let path): "\(path) is not a directory, or a part of it is a file: state.path (or --state) has to name a directory"
    case .loop(let path): "\(path) is a link that leads back to itself: state.path (or --state) has to name a directory"
    case .notPermitted(let path, let owner):
      "permission denied: \(path) belongs to \(owner); run this as that user (`sudo -u \(owner) commonsguard …`), or mend its owner and mode"
    case .notRegular(let path): "\(path) is not a regular file: move it away"
    case .unusable(let path, let why): "\(path) cannot be used: \(why)"
    case .cut(let path, let bytes, let wanted): "\(path) was cut: it has \(bytes) bytes of \(wanted); \(Self.rebuild)"
    case .damaged(let path, let why): "\(path) is damaged, or no state: \(why); \(Self.rebuild)"
    case .marked(let path, let why):
      """
      the state is damaged, or its disk fails: a process died reading it (\(why)); \(Self.rebuild); \
      to try it all the same, as for `commonsguard state export`, remove \(path)
      """
    case .noRoom(let path, let why): "there is no room for \(path): \(why); make room on that disk"
    case .lockFileCut(let path): "\(path) was cut while other processes use it: stop them all, and start again"
    case .sameProcessNumber(let pid):
      """
      another process with our number, \(pid), uses the state from another container: LMDB takes the two for one. \
      Let the containers share their process numbers (one PID namespace), or give each relay a state of its own; starting this one again \
      gives it another number
      """
    case .busy(let holder):
      "\(holder) has kept the right to write to the state for too long: is it stopped, or does its disk hang? Let it go on, or end it"
    case .alreadyOpen(let path): "the state in \(path) is already open in this process"
    case .gone(let path, let what): "the state in \(path) is no longer the one that was open: \(what)"
    case .closed: "the state is no longer open"
    case .failed(let why): "the state has to be opened anew: \(why)"
    case .mapLimitReached(let limitBytes):
      "the state is full: its LMDB map reached the limit of \(limitBytes >> 20) MiB; raise state.mapSizeMiB; nothing that was committed is lost"
    case .noAddressSpace(let bytes):
      "the state cannot grow to \(bytes >> 20) MiB: no more address space (is it limited, as by `ulimit -v`?); nothing that was committed is lost"
    case .mapLost: "the state could not be mapped again after its map changed size: is memory or address space limited?"
    case .keyEmpty: "an LMDB key must have at least one byte"
    case .keyTooLong(let bytes, let limitBytes): "an LMDB key of \(bytes) bytes is longer than \(limitBytes)"
    case .nestedTransaction: "a transaction was opened inside another transaction of the same thread"
    case .undecodable(let table): "a row of the table \(table) cannot be decoded"
    }
  }

  /// What the system answered when the state's directory, or something in it, was looked for.
  package init(opening path: String, _ code: Int32) {
    switch code {
    case ENOENT: self = .directoryMissing(path)
    case ENOTDIR: self = .notDirectory(path)
    case ELOOP: self = .loop(path)
    case EACCES, EPERM: self = .notPermitted(path, owner: EnvironmentFiles.owner(of: path))
    default: self = .unusable(path, why: String(cString: strerror(code)))
    }
  }

  /// Whether the environment has to be closed and opened anew before anything works again.
  public var wantsReopening: Bool {
    switch self {
    case .gone, .closed, .failed, .mapLost, .cut, .marked: true
    default: false
    }
  }
}
