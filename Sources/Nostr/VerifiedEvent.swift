// SPDX-License-Identifier: AGPL-3.0-or-later

/// An event whose id and signature are checked. Only an `EventVerifier` makes one, so an unchecked event cannot pass for it.
public struct VerifiedEvent: Sendable {
  /// An event is much to copy, and is handed from room to room.
  private final class Checked: Sendable {
    let event: Event

    init(_ event: Event) { self.event = event }
  }

  private let checked: Checked

  /// For `EventVerifier` only.
  init(checked event: Event) { checked = Checked(event) }

  public var event: Event { checked.event }
  public var id: EventID { checked.event.id }
  public var pubkey: PublicKey { checked.event.pubkey }
  /// Seconds since 1970, as the author claims.
  public var createdAt: UInt64 { checked.event.createdAt }
  public var kind: UInt64 { checked.event.kind }
  public var tags: TagList { checked.event.tags }
  public var content: Text { checked.event.content }
  /// The JSON object as it arrived, byte for byte.
  public var raw: [UInt8] { checked.event.raw }
}
