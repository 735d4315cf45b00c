// SPDX-License-Identifier: AGPL-3.0-or-later

extension Event {
  /// The event that a reaction (kind 7) is for: the last `e` tag (NIP-25: the target "should be last of the e tags").
  /// nil when there is none, or when its value is no id; earlier tags are not asked then.
  public var reactedEvent: EventID? { tags.last(named: "e")?[1].flatMap { EventID(hex: $0) } }

  /// The author of the event that a reaction is for: the last `p` tag (NIP-25). nil when there is none, or when its value is no pubkey.
  public var reactedAuthor: PublicKey? { tags.last(named: "p")?[1].flatMap { PublicKey(hex: $0) } }
}
