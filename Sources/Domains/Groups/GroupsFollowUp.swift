// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// What this node publishes after the groups' decisions. Source: settlement-and-follow-ups, *Follow-ups*.
struct GroupsFollowUp {
  private let options: GroupsOptions

  init(_ options: GroupsOptions) { self.options = options }

  /// Kind 1985 (NIP-32): this node accepted it live, at the time of the receipt. Source: groups, 6.12.
  func label(_ event: VerifiedEvent, in group: EventID, _ circumstances: Circumstances) -> [FollowUp] {
    guard options.followUps.labels.contains(.groupAccepted), circumstances.isLive, !circumstances.isRejudged, let node = options.followUps.nodeKey
    else { return [] }
    let (id, author, receivedAt) = (event.id, event.pubkey, circumstances.receivedAt)
    return [
      .made {
        let label = try NodeLabel.make(.groupAccepted, by: node, at: receivedAt, about: (id, author))
        return FollowUpEvent(name: .decisionLabel, subject: group.bytes, trigger: id, body: .unsigned(label))
      }
    ]
  }

  /// An attestation, when this node is one of those whom the parent state names.
  ///
  /// Its time is that of the receipt, or the event's own when that is later: that is what it attests.
  func attestation(of event: VerifiedEvent, in group: EventID, listed: [PublicKey]?, _ circumstances: Circumstances) throws -> [FollowUp] {
    guard options.attests, circumstances.isLive, !circumstances.isRejudged, let node = options.followUps.nodeKey, listed?.contains(node) ?? false
    else {
      return []
    }
    let attestation = try UnsignedEvent(
      pubkey: node, createdAt: max(event.createdAt, circumstances.receivedAt), kind: options.kinds.attest,
      tags: [["group", group.hex], ["e", event.id.hex]], content: "")
    return [.event(FollowUpEvent(name: .attestation, subject: group.bytes, trigger: event.id, body: .unsigned(attestation)))]
  }
}
