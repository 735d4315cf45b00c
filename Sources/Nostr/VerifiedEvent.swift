// SPDX-License-Identifier: AGPL-3.0-or-later

/// An event whose id and signature are checked. Only an `EventVerifier` makes one, so an unchecked event cannot pass for it.
public struct VerifiedEvent: Sendable {
  public let event: Event

  /// For `EventVerifier` only.
  init(checked event: Event) { self.event = event }

  public var id: EventID { event.id }
  public var pubkey: PublicKey { event.pubkey }
  /// Seconds since 1970, as the author claims.
  public var createdAt: UInt64 { event.createdAt }
  public var kind: UInt64 { event.kind }
  public var tags: TagList { event.tags }
  public var content: Text { event.content }
  /// The JSON object as it arrived, byte for byte.
  public var raw: [UInt8] { event.raw }
}
