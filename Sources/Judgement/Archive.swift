// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// What relays drop and others need, published once more by the node within a generic repost (NIP-18). Source: constellation spec, rule 2.
///
/// ```
/// kind 16 · created_at of the event that drops it · content: the event's JSON as it came
/// tags e, p, k, a (where it has an address), L/l commonsguard/archive
/// ```
enum Archive {
  static let kind: UInt64 = 16

  /// The repost of an event. Throws where it holds a control character that no event of ours may hold (U+007F, which JSON takes as it is).
  static func event(of dropped: Event, by node: PublicKey, at createdAt: UInt64) throws -> UnsignedEvent {
    try UnsignedEvent(pubkey: node, createdAt: createdAt, kind: kind, content: String(decoding: dropped.raw, as: UTF8.self)) { tags in
      tags.begin("e")
      tags.add(dropped.id)
      tags.begin("p")
      tags.add(dropped.pubkey)
      tags.begin("k")
      tags.open()
      tags.put(number: dropped.kind)
      tags.close()
      if let address = dropped.address {
        tags.begin("a")
        tags.add(address)
      }
      tags.begin("L")
      tags.add(literal: "commonsguard")
      tags.begin("l")
      tags.add(literal: "archive")
      tags.add(literal: "commonsguard")
    }
  }

  /// Whether an event could be archived: its repost would be no longer than relays store, and it is not protected (NIP-70).
  static func canHold(_ event: Event, maxBytes: Int) -> Bool {
    guard event.tags.first(named: "-") == nil else { return false }
    var length = longestFrame + 2 * (event.tags.first(named: "d")?[1]?.count ?? 0)
    for byte in event.raw {
      if byte == 0x7f { return false }
      length += byte == 0x22 || byte == 0x5c || byte < 0x20 ? 2 : 1
    }
    return length <= maxBytes
  }

  /// Everything but the content and the `d` in its address: keys, ids, signature, tags, numbers of twenty digits.
  private static let longestFrame = 800

  static let cannotHold = Rejection.invalid("this event could not be archived")
}
