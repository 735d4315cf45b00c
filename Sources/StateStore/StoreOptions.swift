// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Policy

/// How a state is opened.
public struct StoreOptions: Sendable {
  /// The directory of the state; made when it is missing, for its owner alone.
  public var directory: String
  /// How large the state may grow, in MiB (`state.mapSizeMiB`).
  public var mapSizeMiB: Int
  public var durability: Durability
  /// The tables of all domains and of the ledger.
  public var tables: [Table]
  /// Opens without the right to write; the state must exist and be of this program's schema.
  public var isReadOnly: Bool
  /// Makes the directory and the state when they are missing. A command that works on what is there does without: a mistyped path is then told.
  public var creates = true
  /// How long to wait for another process that keeps the right to write or to open, in milliseconds: shorter than the relay's own time-out.
  public var waitMilliseconds = 4000
  /// Notes that a new state begins with, so that they cost no commit of their own; an existing state keeps what it has.
  public var firstNotes: [(name: String, value: [UInt8])] = []
  /// A seam for tests, passed to LMDB: what its calls shall answer. Nil in production.
  public var faultInjection: (@Sendable (FaultPoint) -> Int32)?

  public init(
    directory: String, tables: [Table], mapSizeMiB: Int = 1024, durability: Durability = .full, isReadOnly: Bool = false,
    faultInjection: (@Sendable (FaultPoint) -> Int32)? = nil
  ) {
    self.directory = directory
    self.tables = tables
    self.mapSizeMiB = mapSizeMiB
    self.durability = durability
    self.isReadOnly = isReadOnly
    self.faultInjection = faultInjection
  }

  /// LMDB's map begins small and grows by doubling, so that a new state does not reserve its whole limit.
  static let initialMapBytes = 16 << 20

  /// `mapSizeMiB` in bytes, within what a map can be.
  var mapLimitBytes: Int { min(max(mapSizeMiB, 1), 1 << 24) << 20 }

  var environmentOptions: Environment.Options {
    var environment = Environment.Options(
      initialMapBytes: Self.initialMapBytes, mapLimitBytes: mapLimitBytes,
      maxTables: UInt32(clamping: StoreTables.ownNames.count + Table.maxPerDomain * Domain.allCases.count),
      durability: durability == .full ? .full : .relaxed, isReadOnly: isReadOnly, faultInjection: faultInjection)
    environment.waitMilliseconds = waitMilliseconds
    return environment
  }
}
