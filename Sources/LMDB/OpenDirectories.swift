// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Synchronization

/// The environments that this process has open, by device and inode.
///
/// lmdb.h: do not open an environment twice in one process. The file locks are the process's, and closing one handle drops the other's.
enum OpenDirectories {
  struct Identity: Hashable, Sendable {
    let device: UInt
    let inode: UInt
  }

  private static let open = Mutex<Set<Identity>>([])

  /// Claims the directory. Throws `directoryMissing` or `alreadyOpen`.
  static func claim(_ path: String) throws -> Identity {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { throw EnvironmentError.directoryMissing(path) }
    let identity = Identity(device: UInt(status.st_dev), inode: UInt(status.st_ino))
    guard open.withLock({ $0.insert(identity).inserted }) else { throw EnvironmentError.alreadyOpen(path) }
    return identity
  }

  static func release(_ identity: Identity) { _ = open.withLock { $0.remove(identity) } }
}
