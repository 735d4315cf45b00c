// SPDX-License-Identifier: AGPL-3.0-or-later
import StateStore

/// `commonsguard deliver`: takes the lease, by handover where a plugin has it, and runs the worker.
public struct DeliveryRun {
  /// Somebody keeps the lease: another `commonsguard deliver`, or a plugin in the middle of a long command.
  public struct LeaseUnavailable: Error, Sendable, CustomStringConvertible {
    public let seconds: Int
    /// Nil where it does not say who it is.
    public let holder: Lease.Holder?
    public var description: String { "\(holder.map { "\($0)" } ?? "another process") kept the delivery lease for \(seconds) s" }
  }

  private let store: StateStore
  private let lease: Lease
  private let worker: DeliveryWorker
  private let syncs: Bool
  private let waitSeconds: Int

  /// With `--once`, so many passes in a row that the sink takes nothing of are enough; each looks for an event that is to blame.
  private static let maxFailingPasses = 2
  private static let idleMilliseconds: UInt64 = 1000

  /// - Parameters:
  ///   - syncs: durability is relaxed: what the worker writes is synced after each pass.
  ///   - waitSeconds: how long to wait for the lease; a batch and its confirmation may take a minute each.
  public init(store: StateStore, lease: Lease, worker: DeliveryWorker, syncs: Bool, waitSeconds: Int = 150) {
    self.store = store
    self.lease = lease
    self.worker = worker
    self.syncs = syncs
    self.waitSeconds = waitSeconds
  }

  /// Delivers until nothing is due now (`once`), or until cancelled. The lease is given up at the end.
  ///
  /// - Parameters:
  ///   - waiting: is told at once when another process has the lease, and which.
  ///   - progress: is told about each pass that did something.
  /// - Returns: all passes together. Throws `LeaseUnavailable`, or a `StoreError` when the lease's files cannot be made, or
  ///   the state is no longer the one that was opened.
  public func run(
    once: Bool, isCancelled: () -> Bool = { false }, waiting: (Lease.Holder?) -> Void = { _ in }, progress: (DeliveryPass) -> Void
  ) throws -> DeliveryPass {
    guard try lease.acquireByRequest(timeoutSeconds: waitSeconds, isCancelled: isCancelled, waiting: waiting) else {
      if isCancelled() { return DeliveryPass() }
      throw LeaseUnavailable(seconds: waitSeconds, holder: try lease.holder())
    }
    defer { lease.release() }
    var total = DeliveryPass()
    var failingPasses = 0
    while !isCancelled() {
      // A service runs for months: what is delivered out of a state that is gone would be delivered again by the next one.
      try store.confirm()
      let pass = worker.runOnce { !isCancelled() }
      total += pass
      if pass.didWork {
        if syncs { try store.sync() }
        progress(pass)
      }
      failingPasses = pass.isSinkFailing ? failingPasses + 1 : 0
      if once {
        if !pass.didWork || failingPasses >= Self.maxFailingPasses { break }
      } else if !pass.didWork || pass.isSinkFailing || pass.faults > 0 {
        let pause = worker.millisecondsUntilDue(limit: Self.idleMilliseconds) ?? Self.idleMilliseconds
        SystemClock.sleep(milliseconds: pass.isSinkFailing || pass.faults > 0 ? Self.idleMilliseconds : pause)
      }
    }
    return total
  }
}
