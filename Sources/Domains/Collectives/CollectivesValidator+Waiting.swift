// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

extension CollectivesValidator {
  /// An event, or the collective that a key begins under a name, of which the hash is known alone.
  public func words(for dependency: Dependency) -> String? {
    let rest = dependency.name.dropFirst()
    switch dependency.name.first {
    case 1: return rest.count == 32 ? Bytes32(rest).map { "event \(EventID($0).hex)" } : nil
    case 2: return Bytes32(rest.prefix(32)).map { "a collective of \(PublicKey($0).hex)" }
    default: return nil
    }
  }
}
