// SPDX-License-Identifier: AGPL-3.0-or-later

/// When a commit is safe on the disk (`state.durability`).
public enum Durability: String, CaseIterable, Sendable {
  /// Each commit waits for the disk: an answered event survives a power loss.
  case full
  /// Commits survive the death of the process; a power loss may lose or corrupt them. Someone calls `StateStore.sync()` each second.
  case relaxed
}
