// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import StateStore

/// The right to deliver, which one worker among all processes has: a kernel file lock, without heartbeat.
///
/// Two files in the state directory. `delivery.lock` is the lease, and says who has it. `delivery.request` is locked by a
/// `commonsguard deliver` that wants it: a plugin's worker that sees this gives the lease up between two rows, and stays away until the
/// request is gone. The kernel frees both when their holder dies. Used from one thread.
public final class Lease {
  /// What a process that delivers is.
  public enum Role: String, Sendable {
    /// A plugin, with its thread.
    case run
    case deliver
  }

  /// Who has the lease, as it wrote into the file.
  public struct Holder: Sendable, Equatable, CustomStringConvertible {
    public let process: pid_t
    public let role: Role

    public var description: String {
      "process \(process) (`commonsguard \(role.rawValue)`)"
    }

    var words: String { "\(process) \(role.rawValue)\n" }

    init(process: pid_t, role: Role) {
      self.process = process
      self.role = role
    }

    /// Nil for anything else: a program before this one wrote nothing.
    init?(_ words: String) {
      let parts = words.split(whereSeparator: \.isWhitespace)
      guard parts.count == 2, let process = pid_t(parts[0]), process > 0, let role = Role(rawValue: String(parts[1])) else { return nil }
      self.init(process: process, role: role)
    }
  }

  private let lease: LockFile
  private let request: LockFile
  private let own: Holder

  /// - Parameters:
  ///   - stateDirectory: exists already; the files are made in it.
  ///   - role: what others are told of this process.
  public init(stateDirectory: String, role: Role = .run) {
    lease = LockFile("delivery.lock", in: stateDirectory)
    request = LockFile("delivery.request", in: stateDirectory)
    own = Holder(process: getpid(), role: role)
  }

  public var isHeld: Bool { lease.isHeld }

  /// Takes the lease when it is free and nobody who asks for it goes first. Throws a `StoreError` when the files cannot be made or locked.
  public func tryAcquire() throws -> Bool {
    if lease.isHeld { return true }
    return try isRequested() ? false : lease.tryLock(noting: own.words)
  }

  /// Gives the lease up, and the request for it.
  public func release() {
    lease.unlock()
    request.unlock()
  }

  /// Whether somebody else asks for the lease.
  public func isRequested() throws -> Bool { try request.isHeldElsewhere() }

  /// Who else has the lease at this moment; nil where nobody has, or it does not say.
  public func holder() throws -> Holder? { try lease.noteOfHolder().flatMap { Holder($0) } }

  /// Asks for the lease and waits until its holder hands it over. The request stays as long as the lease is held.
  ///
  /// - Parameters:
  ///   - timeoutSeconds: a holder may be in the middle of a command, which ends by its own time-out.
  ///   - isCancelled: asked about 20 times a second.
  ///   - waiting: called once, at once, when somebody else has it.
  /// - Returns: false when the time is over or it was cancelled; then nothing is held.
  public func acquireByRequest(
    timeoutSeconds: Int, isCancelled: () -> Bool = { false }, waiting: (Holder?) -> Void = { _ in }
  ) throws -> Bool {
    let deadline = SystemClock.monotonicMilliseconds() &+ UInt64(clamping: timeoutSeconds) &* 1000
    var isTold = false
    while !isCancelled() {
      if try request.tryLock(), try lease.tryLock(noting: own.words) { return true }
      if !isTold { waiting(try holder()) }
      isTold = true
      if SystemClock.monotonicMilliseconds() >= deadline { break }
      SystemClock.sleep(milliseconds: 50)
    }
    release()
    return false
  }
}
