// SPDX-License-Identifier: AGPL-3.0-or-later
/// What `WriteTransaction.put` does about a key that exists.
public enum PutMode: Sendable, Hashable {
  /// Replaces the value.
  case overwrite
  /// Leaves the old value and answers false.
  case noOverwrite
  /// The key comes after every key of the table, which fills pages without splitting them. An error when it does not.
  case append
}
