// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

extension CrowdfundingValidator {
  /// As `Reaction` makes them: a project id, an event, an address, or a Bien.
  public func words(for dependency: Dependency) -> String? {
    let rest = dependency.name.dropFirst()
    switch dependency.name.first {
    case 1: return "campaign \(String(decoding: rest, as: UTF8.self))"
    case 2: return rest.count == 32 ? Bytes32(rest).map { "event \(EventID($0).hex)" } : nil
    case 3:
      let identifier = String(decoding: rest.dropFirst(32), as: UTF8.self)
      return Bytes32(rest.prefix(32)).map { "address 30904:\(PublicKey($0).hex):\(identifier)" }
    case 4: return rest.count == 32 ? Bytes32(rest).map { "a campaign for \(PublicKey($0).hex)" } : nil
    default: return nil
    }
  }
}
