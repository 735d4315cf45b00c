// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Groups
import Nostr
import Policy

/// The kinds of groups are settings, and so are those of other domains: no event may be claimed by two. Source: groups, 6.1.
///
/// The other domains are asked themselves, so that nothing has to be kept in step with their settings.
enum KindCollisions {
  /// Throws `ConfigurationErrors` when another domain that is switched on claims a kind of groups.
  static func check(_ configuration: Configuration) throws(ConfigurationErrors) {
    guard configuration.groups.isEnabled else { return }
    let others = Registry.domains(configuration).validators.filter { $0.domain != .groups }
    var errors: [ConfigurationError] = []
    for (name, kind) in configuration.groups.kinds.named {
      for other in others where claims(other, kind) {
        errors.append(ConfigurationError(key: "groups.kinds.\(name)", message: "kind \(kind) is a kind of \(other.domain.name) already"))
      }
    }
    if !errors.isEmpty { throw ConfigurationErrors(errors) }
  }

  private static func claims(_ validator: any Validator, _ kind: UInt64) -> Bool {
    // With every tag that a claim looks at.
    let zeros = String(repeating: "0", count: 64)
    let probe =
      "{\"id\":\"\(zeros)\",\"pubkey\":\"\(zeros)\",\"created_at\":1,\"kind\":\(kind),\"content\":\"\",\"sig\":\"\(zeros)\(zeros)\","
      + "\"tags\":[[\"e\",\"\(zeros)\"],[\"a\",\"31108:\(zeros):x\"],[\"t\",\"crowdfunding\"],[\"k\",\"7\"]]}"
    return Array(probe.utf8).withUnsafeBytes { bytes in
      guard let slices = try? EventSlices.parse(bytes) else { return false }
      if case .none = validator.claim(on: slices) { return false }
      return true
    }
  }
}
