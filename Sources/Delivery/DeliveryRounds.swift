// SPDX-License-Identifier: AGPL-3.0-or-later
import Policy
import StateStore

/// What the delivery thread does between two sleeps: syncs, gets or hands over the lease, runs a pass.
struct DeliveryRounds {
  private let store: StateStore
  private let lease: Lease
  private let syncs: Bool
  private let pacing: DeliveryThread.Pacing
  private let makeWorker: (@Sendable () throws -> DeliveryWorker)?
  private let diagnostics: @Sendable (Diagnostic) -> Void
  private var worker: DeliveryWorker?
  private var hasUnsynced = false
  /// Of the monotonic clock, in milliseconds.
  private var nextSyncAt: UInt64 = 0
  private var nextLeaseAt: UInt64 = 0
  /// What is wrong, by diagnostic: said once, not at each round.
  private var troubles: [String: String] = [:]

  init(
    store: StateStore, lease: Lease, syncs: Bool, pacing: DeliveryThread.Pacing, makeWorker: (@Sendable () throws -> DeliveryWorker)?,
    diagnostics: @escaping @Sendable (Diagnostic) -> Void
  ) {
    self.store = store
    self.lease = lease
    self.syncs = syncs
    self.pacing = pacing
    self.makeWorker = makeWorker
    self.diagnostics = diagnostics
  }

  /// One round. Returns how long to sleep, in milliseconds, unless called.
  mutating func next(isWritten: Bool, isStopping: () -> Bool) -> UInt64 {
    hasUnsynced = hasUnsynced || isWritten
    var pause = pacing.idle
    if makeWorker != nil {
      do {
        pause = try deliver(isStopping)
        troubles["delivery.lease-failed"] = nil
      } catch {
        trouble("delivery.lease-failed", "cannot deliver for now: \(error)")
        pause = pacing.again
      }
    }
    return min(pause, sync())
  }

  mutating func end(isWritten: Bool) {
    hasUnsynced = hasUnsynced || isWritten
    nextSyncAt = 0
    _ = sync()
    release("delivery stops")
  }

  private mutating func deliver(_ isStopping: () -> Bool) throws -> UInt64 {
    if lease.isHeld, try lease.isRequested() { release("handed over to `commonsguard deliver`") }
    guard try lease.isHeld || acquire() else { return pacing.again }
    guard let worker = try worker ?? makeWorker?() else { return pacing.idle }
    self.worker = worker
    let lease = lease
    let pass = worker.runOnce { !isStopping() && (try? lease.isRequested()) == false }
    if pass.didWork { hasUnsynced = hasUnsynced || syncs }
    if try lease.isRequested() {
      release("handed over to `commonsguard deliver`")
      return pacing.again
    }
    if pass.faults > 0 || pass.isSinkFailing { return pacing.again }
    return worker.millisecondsUntilDue(limit: pacing.idle) ?? pacing.idle
  }

  private mutating func acquire() throws -> Bool {
    let now = SystemClock.monotonicMilliseconds()
    guard now >= nextLeaseAt else { return false }
    nextLeaseAt = now &+ pacing.again
    guard try lease.tryAcquire() else { return false }
    diagnostics(Diagnostic(.info, "delivery.lease-acquired", "this process delivers follow-ups now"))
    return true
  }

  private mutating func release(_ why: String) {
    guard lease.isHeld else { return }
    lease.release()
    // The next one to have the lease may have another configuration; what is read once is read anew after it.
    worker = nil
    nextLeaseAt = SystemClock.monotonicMilliseconds() &+ pacing.again
    diagnostics(Diagnostic(.info, "delivery.lease-released", why))
  }

  /// Returns how long the next sync can wait.
  private mutating func sync() -> UInt64 {
    guard hasUnsynced else { return pacing.idle }
    let now = SystemClock.monotonicMilliseconds()
    guard now >= nextSyncAt else { return nextSyncAt - now }
    nextSyncAt = now &+ pacing.again
    do {
      try store.sync()
      hasUnsynced = false
      troubles["delivery.sync-failed"] = nil
      return pacing.idle
    } catch {
      trouble("delivery.sync-failed", "commits do not reach the disk: \(error)")
      return pacing.again
    }
  }

  private mutating func trouble(_ name: String, _ words: String) {
    if troubles.updateValue(words, forKey: name) != words { diagnostics(Diagnostic(.error, name, words)) }
  }
}
