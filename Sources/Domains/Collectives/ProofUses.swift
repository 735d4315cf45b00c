// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// Which proofs are used up for an update: by the updates before it in its own chain, and by those of the creator that the chain stands on (D13).
///
/// Where a chain has branches (`forkPolicy: "nip01"`), what a branch used counts for what stands on that branch, and for nothing else.
struct ProofUses {
  let ignition: IgnitionRecord
  /// nil for the first update of a chain.
  let previous: UpdateRecord?
  let boost: UpdateRecord.Boost?

  func contain(_ proof: Bytes32, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    if let previous, try isUsed(proof, at: previous, state) { return true }
    guard let boost, let boosted = try UpdateRecord.read(boost.id, state) else { return false }
    return try isUsed(proof, at: boosted, state)
  }

  /// Whether an update, or one before it in its chain, used a proof.
  private func isUsed(_ proof: Bytes32, at update: UpdateRecord, _ state: borrowing some StateReader & ~Copyable) throws -> Bool {
    for use in try Self.read(ignition.id, update.pubkey, proof, state) where use.number <= update.number {
      if try UpdateRecord.ancestor(of: update, use.number, state) == use.id { return true }
    }
    return false
  }

  /// So many uses are kept of a proof, the newest: a branch that lost does not come back, so only the last one can be on the chain.
  private static let maxUses = 8

  private static func read(
    _ collective: EventID, _ pubkey: PublicKey, _ proof: Bytes32, _ state: borrowing some StateReader & ~Copyable
  ) throws -> [(number: UInt64, id: EventID)] {
    guard let bytes = try state.value(CollectivesState.used, CollectivesState.usedKey(collective, pubkey, proof)) else { return [] }
    var reader = RecordReader(bytes, of: CollectivesState.used)
    var uses: [(number: UInt64, id: EventID)] = []
    while !reader.isAtEnd { uses.append((try reader.uint64(), try reader.eventID())) }
    return uses
  }

  /// One more use of a proof, by an update that is accepted now.
  static func change(adding record: UpdateRecord, for proof: Bytes32, reading state: borrowing some StateReader & ~Copyable) throws -> StateChange {
    var writer = RecordWriter(capacity: 40)
    for use in try read(record.collective, record.pubkey, proof, state).suffix(maxUses - 1) {
      writer.put(use.number)
      writer.put(use.id)
    }
    writer.put(record.number)
    writer.put(record.id)
    return .put(CollectivesState.used, key: CollectivesState.usedKey(record.collective, record.pubkey, proof), value: writer.bytes)
  }
}
