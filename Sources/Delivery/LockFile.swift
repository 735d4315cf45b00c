// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import StateStore

/// A file whose kernel lock (flock) says who may do something. The kernel frees the lock when its holder dies, however it dies.
///
/// The lock belongs to this opening of the file: two objects on one path exclude each other, in one process as in two.
final class LockFile {
  private let path: String
  private var descriptor: Int32 = -1
  private(set) var isHeld = false

  init(_ path: String) { self.path = path }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Takes the lock when nobody else has it. Throws a `StoreError` when the file cannot be made or locked.
  func tryLock() throws -> Bool {
    if !isHeld { isHeld = try attempt(LOCK_EX) }
    return isHeld
  }

  func unlock() {
    guard isHeld else { return }
    flock(descriptor, LOCK_UN)
    isHeld = false
  }

  /// Whether somebody else has the lock at this moment.
  func isHeldElsewhere() throws -> Bool {
    if isHeld { return false }
    // Shared, so that two who only look do not take each other for the holder.
    guard try attempt(LOCK_SH) else { return true }
    flock(descriptor, LOCK_UN)
    return false
  }

  private func attempt(_ operation: Int32) throws -> Bool {
    if descriptor < 0 {
      descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else { throw error }
    }
    while flock(descriptor, operation | LOCK_NB) != 0 {
      if errno == EINTR { continue }
      if errno == EWOULDBLOCK { return false }
      throw error
    }
    return true
  }

  private var error: StoreError { .failed(what: path, why: String(cString: strerror(errno))) }
}
