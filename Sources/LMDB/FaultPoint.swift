// SPDX-License-Identifier: AGPL-3.0-or-later
/// Where a test may let LMDB fail (`Environment.Options.faultInjection`).
public enum FaultPoint: Sendable, Hashable {
  /// Before `mdb_put` into the table.
  case put(TableHandle)
  /// Before `mdb_del` or `mdb_drop` in the table.
  case delete(TableHandle)
  /// Before `mdb_txn_commit`. The transaction is aborted when a code is returned.
  case commit
  /// Before the map gets another size; 0 is the one that the file remembers. A code leaves the environment without a map.
  case resize(Int)
  /// Before `mdb_env_sync`.
  case sync
}
