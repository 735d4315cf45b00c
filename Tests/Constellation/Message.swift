// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// An event on its way through the constellation, read once for all relays.
public final class Message: Sendable {
  public let event: Event
  let address: Address?
  /// What a kind 5 names.
  let deletion: DeletionTargets?
  /// The event that lies in a repost (NIP-18), where one does.
  let inner: EventID?

  init(_ event: Event) {
    self.event = event
    address = event.address
    deletion = event.kind == 5 ? event.deletionTargets : nil
    inner = event.kind == 16 && !event.content.isEmpty ? (try? Event(parsing: Array(event.content.bytes)))?.id : nil
  }

  public var id: EventID { event.id }
  var createdAt: UInt64 { event.createdAt }

  /// The value of the first tag of that name.
  func value(_ name: StaticString) -> Text? { event.tags.first(named: name)?[1] }
}
