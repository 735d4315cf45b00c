// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// What is kept of an OpenTimestamps proof: the Bitcoin attestations that can be held against a header.
struct TimestampProof: Sendable, Equatable {
  let attestations: [OpenTimestamps.BitcoinAttestation]

  /// GA4. Throws a `Rejection`.
  init(base64 text: Text, of target: EventID) throws {
    guard let bytes = Base64.decode(text.bytes, maxBytes: OpenTimestamps.maxBytes), let proof = try? OpenTimestamps(parsing: bytes) else {
      throw GroupsRejection.malformedProof
    }
    guard proof.digest == target.value else { throw GroupsRejection.foreignProof }
    guard !proof.bitcoin.isEmpty else { throw GroupsRejection.noBitcoin }
    attestations = proof.bitcoin
  }
}

/// What is kept of an accepted attestation.
struct AttestationRecord: Sendable, Equatable {
  /// What one Bitcoin attestation of its proof says, and what the headers said of it.
  struct Anchor: Sendable, Equatable {
    let height: UInt32
    let root: Bytes32?
    /// The block's time, once its header bears the root out.
    var blockTime: UInt32?
    /// A header was looked at.
    var isChecked: Bool
  }

  let id: EventID
  let target: EventID
  /// Its author, if the group lists it as a broadcast attester.
  let attester: PublicKey?
  let createdAt: UInt64
  var anchors: [Anchor]

  var blockTime: UInt64? { anchors.compactMap(\.blockTime).min().map { UInt64($0) } }
  var isUnverified: Bool { !anchors.isEmpty && blockTime == nil }

  // version 1 · attester ? · created_at 8 · anchors n×(height 4, root ?, block time ?, checked 1)
  var change: StateChange {
    var writer = RecordWriter(capacity: 96)
    writer.put(UInt8(1))
    writer.put(optional: attester) { $0.put($1) }
    writer.put(createdAt)
    writer.put(list: anchors) {
      $0.put($1.height)
      $0.put(optional: $1.root) { $0.put($1) }
      $0.put(optional: $1.blockTime) { $0.put($1) }
      $0.put($1.isChecked)
    }
    return .put(GroupsState.attestations, key: GroupsState.key(target, id), value: writer.bytes)
  }

  init(id: EventID, target: EventID, attester: PublicKey?, createdAt: UInt64, anchors: [Anchor]) {
    self.id = id
    self.target = target
    self.attester = attester
    self.createdAt = createdAt
    self.anchors = anchors
  }

  init(key: [UInt8], decoding bytes: [UInt8]) throws {
    var keys = RecordReader(key, of: GroupsState.attestations)
    target = try keys.eventID()
    id = try keys.eventID()
    var reader = RecordReader(bytes, of: GroupsState.attestations)
    try reader.version(1)
    attester = try reader.optional { try $0.publicKey() }
    createdAt = try reader.uint64()
    anchors = try reader.list { reader in
      let height = try reader.uint32()
      let root = try reader.optional { try $0.bytes32() }
      return Anchor(height: height, root: root, blockTime: try reader.optional { try $0.uint32() }, isChecked: try reader.bool())
    }
  }
}

/// What the attestations of one event come to: there may be any number from sync.
struct AttestationSummary: Sendable, Equatable {
  /// b(n): the earliest verified block.
  private(set) var block: UInt64?
  /// p(n): when a listed attester saw it first.
  private(set) var seen: UInt64?
  /// Proofs that wait for their headers.
  private(set) var unverified = 0

  mutating func add(_ record: AttestationRecord) {
    if let time = record.blockTime { block = min(block ?? .max, time) }
    if record.attester != nil { seen = min(seen ?? .max, record.createdAt) }
    if record.isUnverified { unverified += 1 }
  }
}

extension StateReader where Self: ~Copyable {
  borrowing func attestation(_ id: EventID, of target: EventID) throws -> AttestationRecord? {
    let key = GroupsState.key(target, id)
    return try value(GroupsState.attestations, key).map { try AttestationRecord(key: key, decoding: $0) }
  }

  /// - Parameter record: stands for the stored one of its id.
  borrowing func attestationSummary(of target: EventID, with record: AttestationRecord? = nil) throws -> AttestationSummary {
    var summary = AttestationSummary()
    if let record { summary.add(record) }
    try scan(GroupsState.attestations, prefix: target.bytes) { key, value in
      let other = try AttestationRecord(key: key, decoding: value)
      if other.id != record?.id { summary.add(other) }
      return true
    }
    return summary
  }
}
