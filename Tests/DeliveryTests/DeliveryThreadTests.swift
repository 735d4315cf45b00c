// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import StateStore
import Testing

@testable import Delivery

@Suite("The plugin's own worker runs in a thread, and hands over to deliver")
struct DeliveryThreadTests {
  private var quick: DeliveryThread.Pacing {
    var pacing = DeliveryThread.Pacing()
    pacing.idle = 200
    pacing.again = 50
    pacing.gathering = 1
    return pacing
  }

  /// Waits for what another thread does; only a broken program makes it wait long.
  private func eventually(_ condition: () throws -> Bool) throws -> Bool {
    for _ in 0..<6000 {
      if try condition() { return true }
      usleep(10_000)
    }
    return false
  }

  private func thread(_ installation: Installation, _ file: String, pacing: DeliveryThread.Pacing, syncs: Bool = false) throws -> DeliveryThread {
    let path = installation.directory.file(file)
    return try DeliveryThread(
      store: installation.store, stateDirectory: installation.state, syncs: syncs, pacing: pacing,
      makeWorker: { try installation.worker(FileSink(path: path)) }, diagnostics: installation.report)
  }

  @Test("What is queued is delivered when the thread is told, however long it would sleep")
  func delivers() throws {
    let installation = try Installation()
    var pacing = quick
    pacing.idle = 3_600_000
    let thread = try thread(installation, "out", pacing: pacing, syncs: true)
    #expect(thread.isStopped)
    #expect(thread.start())
    #expect(try eventually { installation.names.contains("delivery.lease-acquired") })
    for count in 1...3 {
      try installation.enqueue(["\(count)"])
      thread.noteWrite()
      #expect(try eventually { installation.directory.lines("out").count == count })
    }
    thread.stop()
    #expect(try eventually { thread.isStopped })
    #expect(installation.names.last == "delivery.lease-released")
    #expect(try Lease(stateDirectory: installation.state).tryAcquire())
  }

  @Test("What another process queues is found without being told")
  func looksAround() throws {
    let installation = try Installation()
    let thread = try thread(installation, "out", pacing: quick)
    #expect(thread.start())
    try installation.enqueue(["one"])
    #expect(try eventually { installation.directory.lines("out").count == 1 })
    thread.stop()
    #expect(try eventually { thread.isStopped })
  }

  @Test("Of two threads one delivers, and the other takes over when it stops")
  func oneOfTwo() throws {
    let installation = try Installation()
    let first = try thread(installation, "first", pacing: quick)
    #expect(first.start())
    #expect(try eventually { installation.names.contains("delivery.lease-acquired") })
    let second = try thread(installation, "second", pacing: quick)
    #expect(second.start())
    try installation.enqueue(["one"])
    second.wake()
    #expect(try eventually { installation.directory.lines("first").count == 1 })
    first.stop()
    #expect(try eventually { first.isStopped })
    try installation.enqueue(["two"])
    #expect(try eventually { installation.directory.lines("second").count == 1 })
    second.stop()
    #expect(try eventually { second.isStopped })
  }

  @Test("deliver is handed the lease, delivers what is due, and gives it back")
  func handover() throws {
    let installation = try Installation()
    let thread = try thread(installation, "plugin", pacing: quick)
    #expect(thread.start())
    #expect(try eventually { installation.names.contains("delivery.lease-acquired") })
    let lease = Lease(stateDirectory: installation.state)
    #expect(try !lease.tryAcquire())
    #expect(try lease.acquireByRequest(timeoutSeconds: 60))
    #expect(installation.names.last == "delivery.lease-released")
    try installation.enqueue(["one", "two"])
    thread.wake()
    let worker = try installation.worker(FileSink(path: installation.directory.file("deliver")))
    var passes = 0
    let total = try DeliveryRun(store: installation.store, lease: lease, worker: worker, syncs: true).run(once: true) { _ in passes += 1 }
    #expect(total.delivered == 2)
    #expect(passes == 1)
    #expect(installation.directory.lines("deliver").count == 2)
    #expect(installation.directory.lines("plugin").isEmpty)
    try installation.enqueue(["three"])
    #expect(try eventually { installation.directory.lines("plugin").count == 1 })
    thread.stop()
    #expect(try eventually { thread.isStopped })
  }

  @Test("A worker that cannot be made is reported once, and tried again")
  func failingFactory() throws {
    let installation = try Installation()
    let tries = Shared(0)
    let thread = try DeliveryThread(
      store: installation.store, stateDirectory: installation.state, syncs: false, pacing: quick,
      makeWorker: {
        tries.withLock { $0 += 1 }
        throw StoreError.failed(what: "worker", why: "test")
      }, diagnostics: installation.report)
    #expect(thread.start())
    #expect(try eventually { tries.withLock { $0 } >= 4 })
    #expect(installation.names.filter { $0 == "delivery.lease-failed" }.count == 1)
    thread.stop()
    #expect(try eventually { thread.isStopped })
  }

  @Test("A round hands the lease over before anything else: also where no worker can be made")
  func handsOverFirst() throws {
    let installation = try Installation()
    let lease = Lease(stateDirectory: installation.state)
    let fails = Shared(false)
    let sink = installation.directory.file("plugin")
    var rounds = DeliveryRounds(
      store: installation.store, lease: lease, syncs: false, pacing: quick,
      makeWorker: {
        if fails.withLock({ $0 }) { throw StoreError.failed(what: "worker", why: "test") }
        return try installation.worker(FileSink(path: sink))
      }, diagnostics: installation.report)
    fails.withLock { $0 = true }
    _ = rounds.next(isWritten: false, isStopping: { false })
    #expect(lease.isHeld)
    let other = Lease(stateDirectory: installation.state, role: .deliver)
    #expect(try !other.acquireByRequest(timeoutSeconds: 0))
    let asking = LockFile("delivery.request", in: installation.state)
    #expect(try asking.tryLock())
    try installation.enqueue(["one"])
    _ = rounds.next(isWritten: false, isStopping: { false })
    #expect(!lease.isHeld)
    fails.withLock { $0 = false }
    _ = rounds.next(isWritten: false, isStopping: { false })
    #expect(installation.directory.lines("plugin").isEmpty)
    #expect(installation.names.last == "delivery.lease-released")
  }
}
