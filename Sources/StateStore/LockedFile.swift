// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// A file that is open and locked (flock) as long as this lives. The kernel frees the lock when the process dies, however it dies.
final class LockedFile: Sendable {
  let descriptor: Int32

  /// Opens, or creates, the file, and waits for its lock. Throws a `StoreError`.
  init(_ path: String, exclusively: Bool) throws {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.error(path) }
    while flock(descriptor, exclusively ? LOCK_EX : LOCK_SH) != 0 {
      if errno == EINTR { continue }
      let error = Self.error(path)
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
  }

  /// Opens a file that exists, for reading; nil when another process (or another opening) holds its lock, or it cannot be opened.
  init?(ifFree path: String) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      return nil
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  private static func error(_ path: String) -> StoreError { .failed(what: path, why: String(cString: strerror(errno))) }
}
