// SPDX-License-Identifier: AGPL-3.0-or-later
import Synchronization

/// When LMDB's commit began, by the seam that the store has before `mdb_txn_commit`.
final class CommitClock: Sendable {
  private let began = Atomic<UInt64>(0)

  func mark() { began.store(Stopwatch.nanoseconds(), ordering: .relaxed) }
  /// In nanoseconds of the monotonic clock.
  var last: UInt64 { began.load(ordering: .relaxed) }
}
