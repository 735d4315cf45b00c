// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Synchronization
import Testing

@testable import Delivery

@Suite("One worker at a time has the lease")
struct LeaseTests {
  @Test("A lease that somebody has is not had by another, until it is given up")
  func exclusive() throws {
    let directory = try TemporaryDirectory()
    let first = Lease(stateDirectory: directory.path)
    let second = Lease(stateDirectory: directory.path)
    #expect(try first.tryAcquire())
    #expect(try first.tryAcquire())
    #expect(try !second.tryAcquire())
    first.release()
    #expect(try second.tryAcquire())
    #expect(try !first.tryAcquire())
  }

  @Test("A process that dies with the lease leaves it free")
  func freedByDeath() throws {
    let directory = try TemporaryDirectory()
    let lease = Lease(stateDirectory: directory.path)
    let holder = Process()
    holder.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
    holder.arguments = ["--no-fork", directory.file("delivery.lock"), "sleep", "600"]
    try holder.run()
    while try lease.tryAcquire() {
      lease.release()
      usleep(10_000)
    }
    #expect(!lease.isHeld)
    kill(holder.processIdentifier, SIGKILL)
    holder.waitUntilExit()
    #expect(try lease.tryAcquire())
  }

  @Test("Who asks goes first, and the holder sees it")
  func handover() throws {
    let directory = try TemporaryDirectory()
    let plugin = Lease(stateDirectory: directory.path)
    let other = Lease(stateDirectory: directory.path)
    #expect(try plugin.tryAcquire())
    #expect(try !plugin.isRequested())
    let path = directory.path
    let isDone = Atomic<Bool>(false)
    let wasHeld = Atomic<Bool>(false)
    Thread.detachNewThread {
      let deliver = Lease(stateDirectory: path)
      let isHeld = (try? deliver.acquireByRequest(timeoutSeconds: 60)) == true
      wasHeld.store(isHeld, ordering: .releasing)
      while !isDone.load(ordering: .acquiring) { usleep(1000) }
      deliver.release()
      isDone.store(false, ordering: .releasing)
    }
    while try !plugin.isRequested() { usleep(1000) }
    let isHeldTooEarly = wasHeld.load(ordering: .acquiring)
    #expect(!isHeldTooEarly)
    plugin.release()
    while !wasHeld.load(ordering: .acquiring) { usleep(1000) }
    #expect(try !plugin.tryAcquire())
    #expect(try !other.tryAcquire())
    isDone.store(true, ordering: .releasing)
    while isDone.load(ordering: .acquiring) { usleep(1000) }
    #expect(try plugin.tryAcquire())
  }

  @Test("Asking in vain ends with the time or by cancelling, and leaves nothing held")
  func givesUp() throws {
    let directory = try TemporaryDirectory()
    let plugin = Lease(stateDirectory: directory.path)
    let deliver = Lease(stateDirectory: directory.path)
    #expect(try plugin.tryAcquire())
    #expect(try !deliver.acquireByRequest(timeoutSeconds: 0))
    #expect(try !deliver.acquireByRequest(timeoutSeconds: 600, isCancelled: { true }))
    #expect(try !plugin.isRequested())
    plugin.release()
    #expect(try deliver.acquireByRequest(timeoutSeconds: 600))
  }
}
