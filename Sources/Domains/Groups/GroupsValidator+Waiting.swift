// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

extension GroupsValidator {
  /// Whatever the event is that is missing, it is waited for by its id.
  public func words(for dependency: Dependency) -> String? {
    dependency.name.count == 32 ? Bytes32(dependency.name).map { "event \(EventID($0).hex)" } : nil
  }
}
