// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Policy
import StateStore

/// The hash of the settings that a state was last run with, kept beside it: where one of them changed while the state was in use, a rebuild may come to
/// another digest, and nobody would know why.
enum SettingsNote {
  private static let name = "settings"

  /// What a new state is told.
  static func first(_ configuration: Configuration) -> [(name: String, value: [UInt8])] { [(name, value(configuration))] }

  /// Whether the state was last run with other settings than these; false where nothing is known.
  static func differs(_ configuration: Configuration, reading state: borrowing StateView) throws -> Bool {
    try state.note(name).map { $0 != value(configuration) } ?? false
  }

  /// Keeps the hash of these settings. Returns what is to be said of a change, once for each.
  static func follow(_ configuration: Configuration, _ store: StateStore) throws -> Diagnostic? {
    let (found, rows) = try store.read { (try $0.note(name), try $0.journalCount()) }
    if found == value(configuration) { return nil }
    try store.write { try $0.setNote(name, value(configuration)) }
    guard found != nil, rows > 0 else { return nil }
    return Diagnostic(
      .warning, "settings.changed",
      "a setting that the digest depends on was changed: a rebuild of this state may come to another digest, and other nodes to another state")
  }

  private static func value(_ configuration: Configuration) -> [UInt8] { SettingsDigest.of(configuration).bytes }
}
