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
  /// The created_at of the update by which the chain, or the creator's that it stands on, reached that height. nil without a block, and in records of
  /// version 1, which do not say it: see `heightSince`.
  let blockTime: UInt64?
  /// An earlier update of the same line, so that ancestors are found in a number of steps that is the logarithm of the line's length. nil for the first
  /// update, and in records of version 1. Of an update that was adopted over a gap, the one before it in its chain.
  let jump: Jump?
  /// The proofs that this line used; nil for none, and in records of versions 1 and 2, whose uses are written down by chain.
  var used: UsedProofs.Reference?
  /// Adopted without its lineage (4.5).
  public let isCheckpoint: Bool
  /// Written before branches were kept (versions 1 and 2): its place in `chains` is its number alone.
  let isNumbered: Bool

  /// An ancestor: its id and its number.
  struct Jump: Hashable, Sendable {
    let id: EventID
    let number: UInt64
  }

  init(
    id: EventID, collective: EventID, pubkey: PublicKey, number: UInt64, createdAt: UInt64, previous: EventID? = nil, boost: Boost? = nil,
    block: BlockStamp? = nil, blockTime: UInt64? = nil, jump: Jump? = nil, used: UsedProofs.Reference? = nil,
    isCheckpoint: Bool = false, isNumbered: Bool = false
  ) {
    self.id = id
    self.collective = collective
    self.pubkey = pubkey
    self.number = number
    self.createdAt = createdAt
    self.previous = previous
    self.boost = boost
    self.block = block
    self.blockTime = blockTime
    self.jump = jump
    self.used = used
    self.isCheckpoint = isCheckpoint
    self.isNumbered = isNumbered
  }

  // version 3 · checkpoint 1 · collective 32 · pubkey 32 · number 8 · created_at 8 · previous ? 32 · boost ? 32 · 8 · block ? 4 · 32
  // · block time ? 8 · jump ? 32 · 8 · used ? 32 · 2; version 1 ends behind the block, version 2 behind the jump
  private static let recordVersion: UInt8 = 3
  private static let secondVersion: UInt8 = 2
  private static let firstVersion: UInt8 = 1

  var encoded: [UInt8] {
    var writer = RecordWriter(capacity: 250)
    writer.put(Self.recordVersion)
    put(in: &writer)
    writer.put(optional: blockTime) { $0.put($1) }
    writer.put(optional: jump) {
      $0.put($1.id)
      $0.put($1.number)
    }
    writer.put(optional: used) { $0.put(fixed: $1.key) }
    return writer.bytes
  }

  /// What the digest is fed with: what version 1 said. The rest follows from it.
  var canonical: [UInt8] {
    var writer = RecordWriter(capacity: 200)
    writer.put(Self.firstVersion)
    put(in: &writer)
    return writer.bytes
  }

  private func put(in writer: inout RecordWriter) {
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
  }

  init(id: EventID, decoding bytes: [UInt8]) throws {
    var reader = RecordReader(bytes, of: CollectivesState.updates)
    let version = bytes.first.flatMap { [Self.firstVersion, Self.secondVersion].contains($0) ? $0 : nil } ?? Self.recordVersion
    try reader.version(version)
    let isCheckpoint = try reader.bool()
    self.init(
      id: id, collective: try reader.eventID(), pubkey: try reader.publicKey(), number: try reader.uint64(), createdAt: try reader.uint64(),
      previous: try reader.optional { try $0.eventID() },
      boost: try reader.optional { Boost(id: try $0.eventID(), number: try $0.uint64()) },
      block: try reader.optional { BlockStamp(height: try $0.uint32(), hash: try $0.bytes32()) },
      blockTime: version == Self.firstVersion ? nil : try reader.optional { try $0.uint64() },
      jump: version == Self.firstVersion ? nil : try reader.optional { Jump(id: try $0.eventID(), number: try $0.uint64()) },
      used: version < Self.recordVersion
        ? nil : try reader.optional { UsedProofs.Reference(update: try $0.eventID(), number: try $0.uint16()) },
      isCheckpoint: isCheckpoint, isNumbered: version < Self.recordVersion)
  }
}
