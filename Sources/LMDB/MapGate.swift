// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Synchronization

/// Keeps transactions and changes of the map's size apart: LMDB unmaps the file when it is resized, under the feet of any live transaction.
///
/// A transaction costs one atomic increment and one decrement. Whoever resizes closes the gate and waits until nobody is inside. Waiting
/// polls: an environment is resized a few times in its life.
struct MapGate: ~Copyable, Sendable {
  /// The number of those inside, with the two flags above it.
  private let state = Atomic<Int>(0)

  private static let closed = 1 << 62
  private static let lost = 1 << 61
  private static let over = 1 << 60
  private static let flags = closed | lost | over

  /// Enters, waiting while the map is resized. Throws `mapLost` when there is no map any more. Each success is paired with `leave()`.
  @inline(__always)
  func enter() throws {
    if state.wrappingAdd(1, ordering: .acquiringAndReleasing).oldValue & Self.flags == 0 { return }
    try enterSlowly()
  }

  @inline(__always)
  func leave() { state.wrappingSubtract(1, ordering: .acquiringAndReleasing) }

  private func enterSlowly() throws {
    while true {
      leave()
      while true {
        let seen = state.load(ordering: .acquiring)
        if seen & Self.over != 0 { throw EnvironmentError.closed }
        if seen & Self.lost != 0 { throw EnvironmentError.mapLost }
        if seen & Self.closed == 0 { break }
        pause()
      }
      if state.wrappingAdd(1, ordering: .acquiringAndReleasing).oldValue & Self.flags == 0 { return }
    }
  }

  /// Runs `body` while no transaction of this process is live. The calling thread must not be inside.
  func exclusively(_ body: () throws -> Void) throws {
    while state.bitwiseOr(Self.closed, ordering: .acquiringAndReleasing).oldValue & Self.closed != 0 { pause() }
    defer { state.bitwiseAnd(~Self.closed, ordering: .acquiringAndReleasing) }
    while true {
      let seen = state.load(ordering: .acquiring)
      if seen & Self.over != 0 { throw EnvironmentError.closed }
      if seen & Self.lost != 0 { throw EnvironmentError.mapLost }
      if seen & ~Self.flags == 0 { break }
      pause()
    }
    try body()
  }

  /// Refuses everyone from now on. Called inside `exclusively`.
  func markLost() { state.bitwiseOr(Self.lost, ordering: .acquiringAndReleasing) }

  /// There is no map any more.
  var isLost: Bool { state.load(ordering: .acquiring) & Self.lost != 0 }

  /// Refuses everyone from now on, and waits until nobody is inside. False when the time is over before.
  func closeForGood(waitMilliseconds: Int) -> Bool {
    state.bitwiseOr(Self.over, ordering: .acquiringAndReleasing)
    var rounds = waitMilliseconds * 20
    while state.load(ordering: .acquiring) & ~(Self.lost | Self.over) != 0 {
      if rounds <= 0 { return false }
      rounds -= 1
      pause()
    }
    return true
  }

  private func pause() { usleep(50) }
}
