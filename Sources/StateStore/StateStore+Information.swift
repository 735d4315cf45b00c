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

/// The last careful look at the fill, and until when it is good.
struct Fullness: ~Copyable, Sendable {
  let isNearlyFull = Atomic<Bool>(false)
  /// Milliseconds of the monotonic clock.
  let goodUntil = Atomic<Int>(0)
  /// The number of the newest commit for which it is good: a burst fills a small map in less than a second.
  let goodUntilCommit = Atomic<Int>(0)
}

extension StateStore {
  /// The last tenth of the map is used: what opens a new subject is refused, so that votes on existing ones go on.
  ///
  /// Free pages count as free. As long as the file has not reached the last tenth this costs one call; then they are counted, once a second at most
  /// unless as much was committed meanwhile as may fill a hundredth of the map. Never throws: when the state cannot be read the judgement says so.
  public var isNearlyFull: Bool {
    guard let extent = try? environment.extent() else { return fullness.isNearlyFull.load(ordering: .relaxed) }
    let limit = extent.mapLimitBytes / 10 * 9
    if extent.fileBytes < limit { return false }
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
    let now = time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    let goodUntil = fullness.goodUntil.load(ordering: .relaxed)
    let isStale = now >= goodUntil || extent.newestCommit > fullness.goodUntilCommit.load(ordering: .relaxed)
    guard isStale, fullness.goodUntil.compareExchange(expected: goodUntil, desired: now + 1000, ordering: .relaxed).exchanged,
      let info = try? environment.info()
    else { return fullness.isNearlyFull.load(ordering: .relaxed) }
    let commits = max(1, info.mapLimitBytes / 100 / Self.bytesOfOneCommit)
    fullness.goodUntilCommit.store(info.lastTransactionID.addingReportingOverflow(commits).partialValue, ordering: .relaxed)
    let isNearlyFull = info.usedBytes >= limit
    fullness.isNearlyFull.store(isNearlyFull, ordering: .relaxed)
    return isNearlyFull
  }

  /// What one event of 64 KiB takes, with its journal row, its copies and the pages that it touches.
  private static let bytesOfOneCommit = 256 << 10

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
