// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import StateStore
import Testing

@testable import Delivery

@Suite("deliver works until nothing is due, or for ever")
struct DeliveryRunTests {
  private func run(_ installation: Installation, _ sink: any Sink, waitSeconds: Int = 60) throws -> DeliveryRun {
    DeliveryRun(
      store: installation.store, lease: Lease(stateDirectory: installation.state), worker: try installation.worker(sink), syncs: false,
      waitSeconds: waitSeconds)
  }

  @Test("Once ends when all is delivered, and leaves the lease free")
  func once() throws {
    let installation = try Installation()
    try installation.enqueue(["one", "two"])
    #expect(try run(installation, RecordingSink()).run(once: true) { _ in }.delivered == 2)
    #expect(try run(installation, RecordingSink()).run(once: true) { _ in } == DeliveryPass())
  }

  @Test("Once does not wait for what is put off")
  func putOff() throws {
    let installation = try Installation()
    try installation.enqueue(["one"])
    let sink = RecordingSink()
    sink.answer = { _ in .retry("away") }
    let total = try run(installation, sink).run(once: true) { _ in }
    #expect(total.retried == 1)
    #expect(try installation.counts().due == 1)
  }

  @Test("A sink that stays away ends it, though more is due")
  func sinkAway() throws {
    let installation = try Installation()
    for number in 0..<50 { try installation.enqueue(["\(number)"], subject: "\(number)") }
    let sink = RecordingSink()
    sink.answer = { _ in .retry("away") }
    let worker = try installation.worker(sink, options: DeliveryOptions(nodeKey: Installation.node.pubkey, batchRows: 2))
    let run = DeliveryRun(store: installation.store, lease: Lease(stateDirectory: installation.state), worker: worker, syncs: false)
    _ = try run.run(once: true) { _ in }
    #expect(sink.batches.count == 5)
  }

  @Test("For ever goes on with what comes, until cancelled")
  func forEver() throws {
    let installation = try Installation()
    try installation.enqueue(["one"])
    let sink = RecordingSink()
    let total = try run(installation, sink).run(once: false, isCancelled: { sink.batches.count == 2 }) { pass in
      #expect(pass.delivered == 1)
      if sink.batches.count == 1 { #expect(throws: Never.self) { try installation.enqueue(["two"]) } }
    }
    #expect(total.delivered == 2)
  }

  @Test("A state that is moved away ends it, with words that say so, before anything more is delivered out of it")
  func stateGone() throws {
    let installation = try Installation()
    try installation.enqueue(["one"])
    let sink = RecordingSink()
    let run = try run(installation, sink)
    func moveAway() throws {
      try installation.enqueue(["two"])
      guard rename(installation.state, installation.directory.file("away")) == 0 else { throw StoreError.failed(what: "rename", why: "\(errno)") }
    }
    var moved: (any Error)?
    let error = #expect(throws: StoreError.self) {
      _ = try run.run(once: false) { _ in do { try moveAway() } catch { moved = error } }
    }
    #expect(moved == nil)
    #expect("\(String(describing: error))".contains("moved or deleted"))
    #expect(sink.batches.count == 1)
  }

  @Test("While another deliver has the lease it says at once who, and gives up with words that say so")
  func unavailable() throws {
    let installation = try Installation()
    let other = Lease(stateDirectory: installation.state, role: .deliver)
    #expect(try other.acquireByRequest(timeoutSeconds: 60))
    let run = try run(installation, RecordingSink(), waitSeconds: 0)
    var told: [Lease.Holder?] = []
    let error = #expect(throws: DeliveryRun.LeaseUnavailable.self) { try run.run(once: true, waiting: { told.append($0) }) { _ in } }
    #expect(told == [Lease.Holder(process: getpid(), role: .deliver)])
    #expect(error?.description == "process \(getpid()) (`commonsguard deliver`) kept the delivery lease for 0 s")
    #expect(try run.run(once: true, isCancelled: { true }) { _ in } == DeliveryPass())
  }

  @Test("Where the lease is free, nobody is waited for")
  func free() throws {
    let installation = try Installation()
    var told = 0
    _ = try run(installation, RecordingSink()).run(once: true, waiting: { _ in told += 1 }) { _ in }
    #expect(told == 0)
  }
}
