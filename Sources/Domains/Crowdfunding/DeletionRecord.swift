// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// A deletion that came before what it deletes.
struct DeletionRecord: Equatable, Sendable {
  let deletion: FoldPosition
  let receivedAt: UInt64

  /// How long it is remembered.
  static let keptSeconds: UInt64 = 7 * 86_400
  /// How many of one pubkey are remembered.
  static let maxPerPubkey = 100

  private static func key(_ pubkey: PublicKey, _ target: EventID) -> [UInt8] {
    var writer = RecordWriter(capacity: 64)
    writer.put(pubkey)
    writer.put(target)
    return writer.bytes
  }

  // created_at 8 · id 32 · received_at 8
  func change(_ pubkey: PublicKey, _ target: EventID) -> StateChange {
    var writer = RecordWriter(capacity: 48)
    writer.put(deletion.createdAt)
    writer.put(deletion.id)
    writer.put(receivedAt)
    return .put(CrowdfundingState.deletions, key: Self.key(pubkey, target), value: writer.bytes)
  }

  init(deletion: FoldPosition, receivedAt: UInt64) {
    self.deletion = deletion
    self.receivedAt = receivedAt
  }

  init(decoding bytes: [UInt8]) throws {
    var reader = RecordReader(bytes, of: CrowdfundingState.deletions)
    let createdAt = try reader.uint64()
    deletion = FoldPosition(createdAt: createdAt, id: try reader.eventID())
    receivedAt = try reader.uint64()
  }

  /// The deletion of an event by its author that is still remembered.
  static func read(_ event: VerifiedEvent, at receivedAt: UInt64, _ state: borrowing some StateReader & ~Copyable) throws -> DeletionRecord? {
    guard let bytes = try state.value(CrowdfundingState.deletions, key(event.pubkey, event.id)) else { return nil }
    let record = try DeletionRecord(decoding: bytes)
    return record.isKept(at: receivedAt) ? record : nil
  }

  func isKept(at time: UInt64) -> Bool { time < receivedAt || time - receivedAt <= Self.keptSeconds }
}
