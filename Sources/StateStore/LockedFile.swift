// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// A file that is open and locked (flock) as long as this lives. The kernel frees the lock when the process dies, however it dies.
final class LockedFile: Sendable {
  let descriptor: Int32

  /// A process that was stopped keeps its lock: nobody waits longer than this for it.
  private static let waitMilliseconds = 1000

  /// Opens, or creates, the file, and waits a second at most for its lock. Throws a `StoreError`.
  ///
  /// - Parameter state: the state's directory.
  init(_ path: String, exclusively: Bool, creates: Bool = true, ofStateIn state: String) throws {
    let descriptor = try StateFile.open(path, O_RDWR | (creates ? O_CREAT : 0), ofStateIn: state)
    var rounds = 0
    while flock(descriptor, (exclusively ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0 {
      let code = errno
      if code == EINTR { continue }
      if code == EWOULDBLOCK, rounds < Self.waitMilliseconds {
        rounds += 1
        usleep(1000)
        continue
      }
      close(descriptor)
      throw StoreError.failed(what: path, why: code == EWOULDBLOCK ? "another process keeps its lock" : String(cString: strerror(code)))
    }
    self.descriptor = descriptor
  }

  /// Opens a file that exists, for reading; nil when another process (or another opening) holds its lock, or it cannot be opened.
  init?(ifFree path: String, ofStateIn state: String) {
    guard let descriptor = try? StateFile.open(path, O_RDONLY, ofStateIn: state) else { return nil }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      return nil
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }
}
