// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// What this node publishes after the collectives' decisions. Source: settlement-and-follow-ups, *Follow-ups*; collectives spec, 4.5.
struct CollectivesFollowUp {
  let options: FollowUpOptions

  init(_ options: FollowUpOptions) { self.options = options }

  /// Kind 1985 (NIP-32): this node found the update valid. Its time and tags are the trigger's, so that it is the same whenever it is made.
  func label(_ event: VerifiedEvent, _ collective: EventID) throws -> [FollowUp] {
    guard options.labels.contains(.collectiveStateValid), let node = options.nodeKey else { return [] }
    let label = try NodeLabel.make(.collectiveStateValid, by: node, at: event.createdAt, about: (event.id, event.pubkey))
    return [.event(FollowUpEvent(name: .decisionLabel, subject: collective.bytes, trigger: event.id, body: .unsigned(label)))]
  }

  /// A chain's head once more, as it arrived: its author published without knowing it. Also when it was delivered before.
  static func redelivery(of head: UpdateRecord, raw: [UInt8]) -> FollowUp {
    .again(
      FollowUpEvent(
        name: .parkedEvent, subject: head.id.bytes, trigger: head.id,
        body: .signed(raw: raw, id: head.id, kind: CollectivesOptions.updateKind)))
  }
}
