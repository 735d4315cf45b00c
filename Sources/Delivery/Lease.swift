// SPDX-License-Identifier: AGPL-3.0-or-later
import StateStore

/// The right to deliver, which one worker among all processes has: a kernel file lock, without heartbeat.
///
/// Two files in the state directory. `delivery.lock` is the lease. `delivery.request` is locked by a `commonsguard deliver` that wants it:
/// a plugin's worker that sees this gives the lease up between two rows, and stays away until the request is gone. The kernel frees both
/// when their holder dies. Used from one thread.
public final class Lease {
  private let lease: LockFile
  private let request: LockFile

  /// - Parameter stateDirectory: exists already; the files are made in it.
  public init(stateDirectory: String) {
    lease = LockFile(stateDirectory + "/delivery.lock")
    request = LockFile(stateDirectory + "/delivery.request")
  }

  public var isHeld: Bool { lease.isHeld }

  /// Takes the lease when it is free and nobody who asks for it goes first. Throws a `StoreError` when the files cannot be made or locked.
  public func tryAcquire() throws -> Bool {
    if lease.isHeld { return true }
    return try isRequested() ? false : lease.tryLock()
  }

  /// Gives the lease up, and the request for it.
  public func release() {
    lease.unlock()
    request.unlock()
  }

  /// Whether somebody else asks for the lease.
  public func isRequested() throws -> Bool { try request.isHeldElsewhere() }

  /// Asks for the lease and waits until its holder hands it over. The request stays as long as the lease is held.
  ///
  /// - Parameters:
  ///   - timeoutSeconds: a holder may be in the middle of a command, which ends by its own time-out.
  ///   - isCancelled: asked about 20 times a second.
  /// - Returns: false when the time is over or it was cancelled; then nothing is held.
  public func acquireByRequest(timeoutSeconds: Int, isCancelled: () -> Bool = { false }) throws -> Bool {
    let deadline = SystemClock.monotonicMilliseconds() &+ UInt64(clamping: timeoutSeconds) &* 1000
    while !isCancelled() {
      if try request.tryLock(), try lease.tryLock() { return true }
      if SystemClock.monotonicMilliseconds() >= deadline { break }
      SystemClock.sleep(milliseconds: 50)
    }
    release()
    return false
  }
}
