// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// One accepted update: its place in its chain.
public struct UpdateRecord: Hashable, Sendable {
  /// The newest update of the creator that a member's chain stands on.
  public struct Boost: Hashable, Sendable {
    public let id: EventID
    /// Its number in the creator's chain.
    public let number: UInt64
  }

  public let id: EventID
  public let collective: EventID
  public let pubkey: PublicKey
  /// Its number in the chain: 0, 1, 2…
  public let number: UInt64
  public let createdAt: UInt64
  public let previous: EventID?
  /// The chain's, this event's own included; nil for the creator.
  public let boost: Boost?
  /// The highest block of the chain so far.
  public let block: BlockStamp?
  /// Adopted without its lineage (4.5).
  public let isCheckpoint: Bool

  init(
    id: EventID, collective: EventID, pubkey: PublicKey, number: UInt64, createdAt: UInt64, previous: EventID? = nil, boost: Boost? = nil,
    block: BlockStamp? = nil, isCheckpoint: Bool = false
  ) {
    self.id = id
    self.collective = collective
    self.pubkey = pubkey
    self.number = number
    self.createdAt = createdAt
    self.previous = previous
    self.boost = boost
    self.block = block
    self.isCheckpoint = isCheckpoint
  }

  // version 1 · checkpoint 1 · collective 32 · pubkey 32 · number 8 · created_at 8 · previous ? 32 · boost ? 32 · 8 · block ? 4 · 32
  private static let recordVersion: UInt8 = 1

  var encoded: [UInt8] {
    var writer = RecordWriter(capacity: 200)
    writer.put(Self.recordVersion)
    writer.put(isCheckpoint)
    writer.put(collective)
    writer.put(pubkey)
    writer.put(number)
    writer.put(createdAt)
    writer.put(optional: previous) { $0.put($1) }
    writer.put(optional: boost) {
      $0.put($1.id)
      $0.put($1.number)
    }
    writer.put(optional: block) {
      $0.put($1.height)
      $0.put($1.hash)
    }
    return writer.bytes
  }

  init(id: EventID, decoding bytes: [UInt8]) throws {
    var reader = RecordReader(bytes, of: CollectivesState.updates)
    try reader.version(Self.recordVersion)
    let isCheckpoint = try reader.bool()
    self.init(
      id: id, collective: try reader.eventID(), pubkey: try reader.publicKey(), number: try reader.uint64(), createdAt: try reader.uint64(),
      previous: try reader.optional { try $0.eventID() },
      boost: try reader.optional { Boost(id: try $0.eventID(), number: try $0.uint64()) },
      block: try reader.optional { BlockStamp(height: try $0.uint32(), hash: try $0.bytes32()) }, isCheckpoint: isCheckpoint)
  }
}
