// SPDX-License-Identifier: AGPL-3.0-or-later

/// What a deletion request (kind 5, NIP-09) names, in the order of its tags. Values that are no id, address or kind are left out.
public struct DeletionTargets: Sendable, Hashable {
  /// From the `e` tags.
  public let ids: [EventID]
  /// From the `a` tags.
  public let addresses: [Address]
  /// From the `k` tags.
  public let kinds: [UInt64]
}

extension Event {
  /// What this event asks to delete, if it is a kind 5; whether its author may is not looked at.
  public var deletionTargets: DeletionTargets {
    DeletionTargets(
      ids: values(of: "e").compactMap { EventID(hex: $0) },
      addresses: values(of: "a").compactMap { Address(parsing: $0) },
      kinds: values(of: "k").compactMap(\.decimal))
  }

  private func values(of name: StaticString) -> [Text] { tags.all(named: name).compactMap { $0[1] } }
}
