// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import StateStore

/// A file whose kernel lock (flock) says who may do something. The kernel frees the lock when its holder dies, however it dies.
///
/// The lock belongs to this opening of the file: two objects on one path exclude each other, in one process as in two.
final class LockFile {
  private let path: String
  private let state: String
  private var descriptor: Int32 = -1
  private(set) var isHeld = false

  /// - Parameter state: the state's directory, in which it lies.
  init(_ name: String, in state: String) {
    self.state = state
    path = "\(state)/\(name)"
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Takes the lock when nobody else has it. Throws a `StoreError` when the file cannot be made or locked.
  ///
  /// - Parameter note: what the file says from then on, for those who find it locked.
  func tryLock(noting note: String? = nil) throws -> Bool {
    if isHeld { return true }
    isHeld = try attempt(LOCK_EX)
    if isHeld, let note {
      // The lock counts, the note only explains: a full disk does not stop anything.
      let bytes = Array(note.utf8)
      if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, bytes, bytes.count, 0) }
    }
    return isHeld
  }

  func unlock() {
    guard isHeld else { return }
    // Whoever takes it next may note nothing: then it says nobody rather than us.
    _ = ftruncate(descriptor, 0)
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

  /// What the holder noted, when somebody else has the lock at this moment; nil when nobody has.
  func noteOfHolder() throws -> String? {
    guard try isHeldElsewhere() else { return nil }
    var bytes = [UInt8](repeating: 0, count: Self.maxNoteBytes)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    return count >= 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
  }

  private static let maxNoteBytes = 100

  private func attempt(_ operation: Int32) throws -> Bool {
    if descriptor < 0 {
      descriptor = try StateFile.open(path, O_RDWR | O_CREAT, ofStateIn: state)
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
