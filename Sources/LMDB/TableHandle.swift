// SPDX-License-Identifier: AGPL-3.0-or-later
/// An open table of one environment. Valid as long as the environment; free to copy and share.
public struct TableHandle: Sendable, Hashable {
  /// LMDB's `MDB_dbi`.
  let index: UInt32
}
