// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Synchronization

/// The environments that this process has open, by device and inode.
///
/// lmdb.h: do not open an environment twice in one process. The file locks are the process's, and closing one handle drops the other's.
enum OpenDirectories {
  /// With the descriptor that holds each directory: a directory that is deleted while it is open keeps its inode, so that no new one looks like it.
  private static let held = Mutex<[FileIdentity: Int32]>([:])

  /// Claims the directory. Throws `directoryMissing`, `notDirectory`, `loop`, `notPermitted` or `alreadyOpen`.
  static func claim(_ path: String) throws -> (identity: FileIdentity, descriptor: Int32) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard let identity = FileIdentity(descriptor: descriptor) else {
      let code = errno
      if descriptor >= 0 { close(descriptor) }
      throw EnvironmentError(opening: path, code)
    }
    let isNew = held.withLock { held in
      guard held[identity] == nil else { return false }
      held[identity] = descriptor
      return true
    }
    guard isNew else {
      close(descriptor)
      throw EnvironmentError.alreadyOpen(path)
    }
    return (identity, descriptor)
  }

  static func release(_ identity: FileIdentity) {
    if let descriptor = held.withLock({ $0.removeValue(forKey: identity) }) { close(descriptor) }
  }
}
