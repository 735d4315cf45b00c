// SPDX-License-Identifier: AGPL-3.0-or-later

/// What `ConfigurationWatcher` found.
public enum ReloadOutcome: Sendable, Equatable {
  /// Nothing to do.
  case unchanged
  /// This configuration is in force from now on.
  case changed(Configuration)
  /// The file is wrong: the last good configuration stays in force. Said once for each change.
  case failed([ConfigurationError])
}
