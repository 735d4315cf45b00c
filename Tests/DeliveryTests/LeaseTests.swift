// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Synchronization
import Testing

@testable import Delivery

@Suite("One worker at a time has the lease")
struct LeaseTests {
  /// Waits for what another thread or process does; only a broken program makes it wait long.
  private func eventually(_ condition: () throws -> Bool) throws -> Bool {
    for _ in 0..<60_000 {
      if try condition() { return true }
      usleep(1000)
    }
    return false
  }

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
    #expect(
      try eventually {
        guard try lease.tryAcquire() else { return true }
        lease.release()
        return false
      })
    #expect(!lease.isHeld)
    #expect(try lease.holder() == nil, "it wrote nothing")
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
      for _ in 0..<60_000 where !isDone.load(ordering: .acquiring) { usleep(1000) }
      deliver.release()
      isDone.store(false, ordering: .releasing)
    }
    #expect(try eventually { try plugin.isRequested() })
    let isHeldTooEarly = wasHeld.load(ordering: .acquiring)
    #expect(!isHeldTooEarly)
    plugin.release()
    #expect(try eventually { wasHeld.load(ordering: .acquiring) })
    #expect(try !plugin.tryAcquire())
    #expect(try !other.tryAcquire())
    isDone.store(true, ordering: .releasing)
    #expect(try eventually { !isDone.load(ordering: .acquiring) })
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

  @Test("A lease that is free is not taken while somebody asks for it: he goes first")
  func requestGoesFirst() throws {
    let directory = try TemporaryDirectory()
    let plugin = Lease(stateDirectory: directory.path)
    let asking = LockFile("delivery.request", in: directory.path)
    #expect(try asking.tryLock())
    #expect(try !plugin.tryAcquire())
    #expect(!plugin.isHeld)
    asking.unlock()
    #expect(try plugin.tryAcquire())
  }

  @Test("Who has the lease is said, while he has it; garbage in its place is nobody")
  func holder() throws {
    let directory = try TemporaryDirectory()
    let first = Lease(stateDirectory: directory.path, role: .deliver)
    let second = Lease(stateDirectory: directory.path)
    #expect(try second.holder() == nil)
    #expect(try first.tryAcquire())
    #expect(try second.holder() == Lease.Holder(process: getpid(), role: .deliver))
    #expect(try first.holder() == nil, "that is itself")
    first.release()
    #expect(try second.holder() == nil)
    #expect(try second.tryAcquire())
    #expect(try first.holder()?.description == "process \(getpid()) (`commonsguard run`)")
    for words in ["", "x run", "12", "12 fly", "-3 run", "0 run", "12 run now"] { #expect(Lease.Holder(words) == nil, "\(words)") }
  }

  @Test("A lock that root's command makes belongs to whom the state belongs to", .enabled(if: geteuid() == 0))
  func owner() throws {
    let directory = try TemporaryDirectory()
    #expect(chown(directory.path, 65_534, 65_534) == 0)
    #expect(try Lease(stateDirectory: directory.path, role: .deliver).acquireByRequest(timeoutSeconds: 60))
    for name in ["delivery.lock", "delivery.request"] {
      var facts = stat()
      #expect(stat(directory.file(name), &facts) == 0)
      #expect(facts.st_uid == 65_534 && facts.st_gid == 65_534)
    }
  }
}
