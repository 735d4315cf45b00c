// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import LMDB
import Synchronization

/// What `status` and `doctor` show of a state.
public struct StoreInformation: Sendable {
  /// An estimate of the bytes that live data takes.
  public let usedBytes: Int
  /// How large the state may grow, in bytes.
  public let limitBytes: Int
  public let schemaVersion: UInt64
  /// The tables in the order they were opened, with their numbers of entries.
  public let entries: [(table: String, count: Int)]
}

/// The last answer of `isNearlyFull`, and until when it is good.
struct Fullness: ~Copyable, Sendable {
  let isNearlyFull = Atomic<Bool>(false)
  /// Milliseconds of the monotonic clock.
  let goodUntil = Atomic<Int>(0)
}

extension StateStore {
  /// The last tenth of the map is used: what opens a new subject is refused, so that votes on existing ones go on.
  ///
  /// Free pages count as free. Looked at once a second at most; inside a transaction the last answer is given. Never throws: when the state
  /// cannot be read the judgement says so.
  public var isNearlyFull: Bool {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
    let now = time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    let goodUntil = fullness.goodUntil.load(ordering: .relaxed)
    guard now >= goodUntil, fullness.goodUntil.compareExchange(expected: goodUntil, desired: now + 1000, ordering: .relaxed).exchanged,
      let info = try? environment.info()
    else { return fullness.isNearlyFull.load(ordering: .relaxed) }
    let isNearlyFull = info.usedBytes >= info.mapLimitBytes / 10 * 9
    fullness.isNearlyFull.store(isNearlyFull, ordering: .relaxed)
    return isNearlyFull
  }

  /// Sizes and counts. Takes time in proportion to the free pages.
  public func information() throws -> StoreInformation {
    let info = try faulting { try environment.info() }
    return try read { view in
      StoreInformation(
        usedBytes: info.usedBytes, limitBytes: info.mapLimitBytes, schemaVersion: try view.schemaVersion() ?? 0,
        entries: try tables.named.map { ($0.name, try view.entryCount($0.handle)) })
    }
  }
}
