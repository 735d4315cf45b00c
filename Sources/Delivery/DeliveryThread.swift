// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Policy
import StateStore
import Synchronization

/// The plugin's own worker: delivers in a background thread of the process that holds the lease, and sees to it that relaxed commits reach
/// the disk about once a second.
///
/// The process may end at any moment, without a word to this thread. It sleeps until something is due, is called, or `Pacing.idle` has passed
/// (another process may have written); its sleep costs the request loop nothing.
public final class DeliveryThread: Sendable {
  /// Milliseconds.
  public struct Pacing: Sendable {
    /// The longest sleep; a `commonsguard deliver` that asks for the lease waits for so long.
    public var idle: UInt64 = 5000
    /// Between two attempts to get the lease, after a failure, and between two syncs of relaxed commits.
    public var again: UInt64 = 1000
    /// After the start, and after a call, so that what is decided meanwhile goes in one batch.
    public var gathering: UInt64 = 200

    public init() {}
  }

  private let store: StateStore
  private let stateDirectory: String
  private let syncs: Bool
  private let pacing: Pacing
  private let makeWorker: (@Sendable () throws -> DeliveryWorker)?
  private let diagnostics: @Sendable (Diagnostic) -> Void
  private let wakeUp: WakeUp
  private let wasWritten = Atomic<Bool>(false)
  private let isStopping = Atomic<Bool>(false)
  private let isRunning = Atomic<Bool>(false)

  /// - Parameters:
  ///   - stateDirectory: where the lease lies.
  ///   - syncs: durability is relaxed: this thread syncs what this process writes.
  ///   - makeWorker: called in the thread, once it has the lease; nil when this process does not deliver (`delivery.inProcess: false`).
  /// Throws when there are no more descriptors.
  public init(
    store: StateStore, stateDirectory: String, syncs: Bool, pacing: Pacing = Pacing(), makeWorker: (@Sendable () throws -> DeliveryWorker)?,
    diagnostics: @escaping @Sendable (Diagnostic) -> Void
  ) throws {
    self.store = store
    self.stateDirectory = stateDirectory
    self.syncs = syncs
    self.pacing = pacing
    self.makeWorker = makeWorker
    self.diagnostics = diagnostics
    wakeUp = try WakeUp()
  }

  /// Starts the thread, once. False when the system gives none.
  public func start() -> Bool {
    guard isRunning.compareExchange(expected: false, desired: true, ordering: .acquiringAndReleasing).exchanged else { return true }
    var thread = pthread_t()
    let code = pthread_create(&thread, nil, deliveryThreadMain, Unmanaged.passRetained(self).toOpaque())
    guard code == 0 else {
      Unmanaged.passUnretained(self).release()
      isRunning.store(false, ordering: .releasing)
      return false
    }
    pthread_detach(thread)
    return true
  }

  /// Something was committed by this process. For the request loop, after a written decision: at most one write(2), and no lock.
  public func noteWrite() {
    if syncs { wasWritten.store(true, ordering: .relaxed) }
    wakeUp.call()
  }

  /// There may be work. As cheap as `noteWrite`.
  public func wake() { wakeUp.call() }

  /// Asks the thread to end after the batch it is at, and to give up the lease; for a reload that makes a new one. Returns at once.
  public func stop() {
    isStopping.store(true, ordering: .releasing)
    wakeUp.call()
  }

  /// The thread has ended, or was never started.
  public var isStopped: Bool { !isRunning.load(ordering: .acquiring) }

  fileprivate func run() {
    defer { isRunning.store(false, ordering: .releasing) }
    // The first answers of a new plugin go first.
    SystemClock.sleep(milliseconds: pacing.gathering)
    var rounds = DeliveryRounds(
      store: store, lease: Lease(stateDirectory: stateDirectory, role: .run), syncs: syncs, pacing: pacing, makeWorker: makeWorker,
      diagnostics: diagnostics)
    while !isStopping.load(ordering: .acquiring) {
      let pause = rounds.next(
        isWritten: wasWritten.exchange(false, ordering: .relaxed), isStopping: { isStopping.load(ordering: .acquiring) })
      if wakeUp.sleep(milliseconds: pause), !isStopping.load(ordering: .acquiring) { SystemClock.sleep(milliseconds: pacing.gathering) }
    }
    rounds.end(isWritten: wasWritten.load(ordering: .relaxed))
  }
}

/// A plain function, so that it belongs to no actor.
private func deliveryThreadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let context { Unmanaged<DeliveryThread>.fromOpaque(context).takeRetainedValue().run() }
  return nil
}
