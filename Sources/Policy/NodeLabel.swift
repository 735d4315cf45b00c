// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// A label (NIP-32, kind 1985, namespace `commonsguard`) by which a node says to the others of its constellation what it decided on a live event.
///
/// Source: constellation spec, rules 3, 4 and 7; settlement-and-follow-ups, *Follow-ups*.
public struct NodeLabel: Sendable, Equatable {
  /// What labels say. The raw value is published, stored and a word of `followUps.labels`: never rename.
  public enum Name: String, CaseIterable, Sendable {
    case voteRecorded = "vote-recorded"
    case voteApproved = "vote-approved"
    case voteTakenBack = "vote-taken-back"
    case resolved
    case collectiveStateValid = "collective-state-valid"
    case groupAccepted = "group-accepted"

    /// Without these, other relays cannot come to the same decisions.
    public static let neededByOthers: Set<Name> = [.voteRecorded, .voteApproved, .voteTakenBack, .resolved, .groupAccepted]

    fileprivate func isValue(of tag: TagSlices) -> Bool {
      switch self {
      case .voteRecorded: tag.hasValue("vote-recorded")
      case .voteApproved: tag.hasValue("vote-approved")
      case .voteTakenBack: tag.hasValue("vote-taken-back")
      case .resolved: tag.hasValue("resolved")
      case .collectiveStateValid: tag.hasValue("collective-state-valid")
      case .groupAccepted: tag.hasValue("group-accepted")
      }
    }
  }

  public static let kind: UInt64 = 1985

  public let name: Name
  /// Who says so.
  public let node: PublicKey
  /// Unix seconds, as the node dates it.
  public let createdAt: UInt64
  /// The event that it is about: its first `e`.
  public let event: EventID?
  /// The campaign that it is about, as its `project-id` says; not checked.
  public let project: Text?
  /// Of `resolved`: what was decided.
  public let outcome: Text?

  /// nil when the event is no label of one of these names; who signed it is the caller's to ask.
  public init?(_ event: VerifiedEvent, among names: Set<Name>) {
    guard event.kind == Self.kind, event.tags.contains("L", value: "commonsguard"),
      let name = event.tags.all(named: "l").lazy.compactMap({ tag in names.first { tag[1]?.equals($0.rawValue) ?? false } }).first
    else { return nil }
    self.name = name
    node = event.pubkey
    createdAt = event.createdAt
    self.event = event.tags.first(named: "e")?[1].flatMap { EventID(hex: $0) }
    // Two that differ say nothing.
    project = event.tags.count(named: "project-id") == 1 ? event.tags.first(named: "project-id")?[1] : nil
    outcome = event.tags.count(named: "outcome") == 1 ? event.tags.first(named: "outcome")?[1] : nil
  }

  /// Whether an event on the line is a label of one of these names, by one of these nodes. No heap.
  public static func isOne(_ event: borrowing EventSlices, among names: Set<Name>, by isNode: (PublicKey) -> Bool) -> Bool {
    guard event.kind == kind, isNode(PublicKey(event.pubkey)), event.hasTag("L", "commonsguard") else { return false }
    var isFound = false
    event.forEachTag { tag in
      guard !isFound, tag.isNamed("l") else { return }
      isFound = names.contains { $0.isValue(of: tag) }
    }
    return isFound
  }

  /// The label that this node makes.
  ///
  /// - Parameters:
  ///   - trigger: the event that it is about, and its author; nil for `resolved`.
  ///   - write: more tags, such as a campaign's address.
  public static func make(
    _ name: Name, by node: PublicKey, at createdAt: UInt64, about trigger: (id: EventID, author: PublicKey)?,
    tags write: (inout TagWriter) -> Void = { _ in }
  ) throws -> UnsignedEvent {
    try UnsignedEvent(pubkey: node, createdAt: createdAt, kind: kind) { tags in
      tags.begin("L")
      tags.add(literal: "commonsguard")
      tags.begin("l")
      tags.add(text: name.rawValue)
      tags.add(literal: "commonsguard")
      if let trigger {
        tags.begin("e")
        tags.add(trigger.id)
        tags.begin("p")
        tags.add(trigger.author)
      }
      write(&tags)
    }
  }
}
