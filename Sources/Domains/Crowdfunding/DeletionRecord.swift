// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// A deletion, by its author, of an event that was not known when it came. Remembered for ever.
struct DeletionRecord: Equatable, Sendable {
  /// Of several deletions the earliest.
  var position: FoldPosition
  /// One of them was accepted live.
  var isLive: Bool

  // created_at 8 · id 32 · live 1; before schema 3 receivedAt 8 instead of live, which says nothing any more
  func change(_ pubkey: PublicKey, _ target: EventID) -> StateChange {
    var writer = RecordWriter(capacity: 48)
    writer.put(position)
    writer.put(isLive)
    return .put(CrowdfundingState.deletions, key: Self.key(pubkey, target), value: writer.bytes)
  }

  private static func key(_ pubkey: PublicKey, _ target: EventID) -> [UInt8] {
    var writer = RecordWriter(capacity: 64)
    writer.put(pubkey)
    writer.put(target)
    return writer.bytes
  }

  init(_ position: FoldPosition, isLive: Bool) {
    self.position = position
    self.isLive = isLive
  }

  init(decoding bytes: [UInt8]) throws {
    var reader = RecordReader(bytes, of: CrowdfundingState.deletions)
    position = try reader.foldPosition()
    isLive = bytes.count == Self.bytesCount ? try reader.bool() : false
  }

  private static let bytesCount = 41

  /// The deletion of an event by its author.
  static func read(_ author: PublicKey, _ target: EventID, _ state: borrowing some StateReader & ~Copyable) throws -> DeletionRecord? {
    try state.value(CrowdfundingState.deletions, key(author, target)).map { try DeletionRecord(decoding: $0) }
  }

  /// Both deletions of one event in one.
  func merging(_ other: DeletionRecord?) -> DeletionRecord {
    guard let other else { return self }
    return DeletionRecord(min(position, other.position), isLive: isLive || other.isLive)
  }
}
