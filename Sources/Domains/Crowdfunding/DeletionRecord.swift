// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// A deletion, by its author, of an event that was not known when it came. Remembered for ever.
struct DeletionRecord: Equatable, Sendable {
  /// Of several deletions the earliest.
  var position: FoldPosition
  /// One of them holds here: it was accepted live, or, of a live vote, labelled while nothing was approved here.
  var isLive: Bool
  /// Of those that were labelled `vote-taken-back` the earliest: only they take a vote back (constellation spec, rule 3).
  var labelledAt: FoldPosition?

  // created_at 8 · id 32 · live 1 · labelled at ?(created_at 8, id 32); before labels without the last, and before schema 3 receivedAt 8 instead of live,
  // which says nothing any more
  func change(_ pubkey: PublicKey, _ target: EventID) -> StateChange {
    var writer = RecordWriter(capacity: 48)
    writer.put(position)
    writer.put(isLive)
    writer.put(optional: labelledAt) { $0.put($1) }
    return .put(CrowdfundingState.deletions, key: Self.key(pubkey, target), value: writer.bytes)
  }

  private static func key(_ pubkey: PublicKey, _ target: EventID) -> [UInt8] {
    var writer = RecordWriter(capacity: 64)
    writer.put(pubkey)
    writer.put(target)
    return writer.bytes
  }

  init(_ position: FoldPosition, isLive: Bool, labelledAt: FoldPosition? = nil) {
    self.position = position
    self.isLive = isLive
    self.labelledAt = labelledAt
  }

  /// What it does to a vote: nothing as long as it has no label.
  var takingBack: DeletionRecord? { labelledAt.map { DeletionRecord($0, isLive: isLive) } }

  init(decoding bytes: [UInt8]) throws {
    var reader = RecordReader(bytes, of: CrowdfundingState.deletions)
    position = try reader.foldPosition()
    guard bytes.count != Self.oldestBytes else {
      isLive = false
      return
    }
    isLive = try reader.bool()
    // Before labels were known, what was accepted live counts as labelled here.
    labelledAt = bytes.count == Self.olderBytes ? (isLive ? position : nil) : try reader.optional { try $0.foldPosition() }
  }

  private static let oldestBytes = 48
  private static let olderBytes = 41

  /// The deletion of an event by its author.
  static func read(_ author: PublicKey, _ target: EventID, _ state: borrowing some StateReader & ~Copyable) throws -> DeletionRecord? {
    try state.value(CrowdfundingState.deletions, key(author, target)).map { try DeletionRecord(decoding: $0) }
  }

  /// Both deletions of one event in one.
  func merging(_ other: DeletionRecord?) -> DeletionRecord {
    guard let other else { return self }
    return DeletionRecord(
      min(position, other.position), isLive: isLive || other.isLive, labelledAt: [labelledAt, other.labelledAt].compactMap { $0 }.min())
  }
}
