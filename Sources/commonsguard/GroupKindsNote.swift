// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Groups
import StateStore

/// The kinds that a state's groups were made with, kept beside it: with others its history would mean something else. Source: groups, 6.1.
enum GroupKindsNote {
  private static let name = "groups.kinds"

  /// What a new state is told. Empty where there are no groups.
  static func first(_ configuration: Configuration) -> [(name: String, value: [UInt8])] {
    configuration.groups.isEnabled ? [(name, configuration.groups.kinds.note)] : []
  }

  /// Throws a `Failure` with status 78 when the state holds groups of other kinds; a state without groups takes the new ones.
  static func check(_ configuration: Configuration, _ store: StateStore, isReadOnly: Bool) throws {
    guard configuration.groups.isEnabled else { return }
    let wanted = configuration.groups.kinds.note
    let (found, hasGroups) = try store.read { state in (try state.note(name), try GroupView.exists(reading: state)) }
    if found == wanted { return }
    if let found, hasGroups {
      let known = String(decoding: found, as: UTF8.self)
      throw Failure(
        .configuration,
        "groups.kinds: the groups of the state in \(configuration.state.path) were made with \(known); set these kinds again, or take another state")
    }
    if !isReadOnly { try store.write { try $0.setNote(name, wanted) } }
  }
}
