// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Synchronization

/// One read transaction that is kept and renewed; lent to one thread at a time.
final class ReaderSlot: Sendable {
  /// The thread that holds the slot; 0 when free.
  let owner = Atomic<UInt>(0)
  /// Touched only by the owner, and when the environment closes: `owner` is the lock.
  private nonisolated(unsafe) var transaction: OpaquePointer?

  /// Begins or renews; the snapshot is the newest commit.
  @inline(__always)
  func begin(_ environment: OpaquePointer) throws -> OpaquePointer {
    // A renewal that fails leaves the handle reset, ready to be renewed again.
    if let transaction {
      try LMDBCalls.renew(transaction)
      return transaction
    }
    let begun = try LMDBCalls.begin(environment, readOnly: true)
    transaction = begun
    return begun
  }

  func close() {
    if let transaction { LMDBCalls.abort(transaction) }
    transaction = nil
  }
}

/// The read transactions of an environment, reused so that a read neither allocates nor takes a lock.
final class ReaderPool: Sendable {
  private let slots: [ReaderSlot]
  /// Slots below this index have been used; a claim looks no further.
  private let used = Atomic<Int>(0)

  init(count: Int) { slots = (0..<max(1, count)).map { _ in ReaderSlot() } }

  /// Takes a slot for the thread; waits when more threads read than there are slots. Throws `nestedTransaction` when the thread holds one.
  @inline(__always)
  func claim(for thread: UInt) throws -> ReaderSlot {
    while true {
      let count = used.load(ordering: .acquiring)
      var free: ReaderSlot?
      for index in 0..<count {
        let owner = slots[index].owner.load(ordering: .relaxed)
        if owner == thread { throw EnvironmentError.nestedTransaction }
        if owner == 0, free == nil { free = slots[index] }
      }
      if let free, free.owner.compareExchange(expected: 0, desired: thread, ordering: .acquiring).exchanged { return free }
      if free != nil { continue }
      if count < slots.count {
        _ = used.compareExchange(expected: count, desired: count + 1, ordering: .acquiringAndReleasing)
      } else {
        usleep(50)
      }
    }
  }

  @inline(__always)
  func release(_ slot: ReaderSlot) { slot.owner.store(0, ordering: .releasing) }

  /// Whether the thread is inside a read.
  func isReading(_ thread: UInt) -> Bool {
    for index in 0..<used.load(ordering: .acquiring) where slots[index].owner.load(ordering: .relaxed) == thread { return true }
    return false
  }

  func close() { for slot in slots { slot.close() } }
}
