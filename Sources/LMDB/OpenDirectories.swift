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

  /// With the descriptor that holds each directory: a directory that is deleted while it is open keeps its inode, so that no new one looks like it.
  private static let held = Mutex<[Identity: Int32]>([:])

  /// Claims the directory. Throws `directoryMissing` or `alreadyOpen`.
  static func claim(_ path: String) throws -> Identity {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    var status = stat()
    guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
      if descriptor >= 0 { close(descriptor) }
      throw EnvironmentError.directoryMissing(path)
    }
    let identity = Identity(device: UInt(status.st_dev), inode: UInt(status.st_ino))
    let isNew = held.withLock { held in
      guard held[identity] == nil else { return false }
      held[identity] = descriptor
      return true
    }
    guard isNew else {
      close(descriptor)
      throw EnvironmentError.alreadyOpen(path)
    }
    return identity
  }

  static func release(_ identity: Identity) {
    if let descriptor = held.withLock({ $0.removeValue(forKey: identity) }) { close(descriptor) }
  }
}
