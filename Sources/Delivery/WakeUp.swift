// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Synchronization

/// Wakes a sleeping thread, at next to no cost for the one that wakes: an atomic load when the sleeper knows already, an exchange when it is
/// awake, and one write(2) when it sleeps. No lock, no heap.
final class WakeUp: Sendable {
  private static let quiet: UInt8 = 0
  private static let called: UInt8 = 1
  private static let asleep: UInt8 = 2

  private let state = Atomic<UInt8>(WakeUp.quiet)
  // Never closed before this is gone, and reads and writes of a pipe are safe from any thread.
  private nonisolated(unsafe) let pipe: (read: Descriptor, write: Descriptor)

  /// Throws when there are no more descriptors.
  init() throws(Unavailable) {
    guard let pipe = Descriptor.pipe() else { throw Unavailable(words: String(cString: strerror(errno))) }
    pipe.read.stopBlocking()
    pipe.write.stopBlocking()
    self.pipe = pipe
  }

  struct Unavailable: Error, CustomStringConvertible {
    let words: String
    var description: String { "no pipe for the delivery thread: \(words)" }
  }

  /// Any thread.
  func call() {
    if state.load(ordering: .relaxed) == Self.called { return }
    if state.exchange(Self.called, ordering: .acquiringAndReleasing) == Self.asleep {
      var byte: UInt8 = 1
      // The pipe's reader lives as long as this; a full pipe wakes as well.
      _ = write(pipe.write.raw, &byte, 1)
    }
  }

  /// Sleeps until somebody calls, or the time is over; not at all when somebody called since the last sleep. True when somebody called.
  /// One thread only.
  func sleep(milliseconds: UInt64) -> Bool {
    let (slept, _) = state.compareExchange(expected: Self.quiet, desired: Self.asleep, ordering: .acquiringAndReleasing)
    if slept {
      var ready = pollfd(fd: pipe.read.raw, events: Int16(POLLIN), revents: 0)
      _ = poll(&ready, 1, Int32(clamping: milliseconds))
    }
    let wasCalled = state.exchange(Self.quiet, ordering: .acquiringAndReleasing) == Self.called
    var bytes: UInt64 = 0
    while read(pipe.read.raw, &bytes, 8) > 0 {}
    return wasCalled
  }
}
