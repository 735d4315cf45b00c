// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// Which proofs are used up for an update: by the updates before it in its own line, and by those of the creator that it stands on (D13).
///
/// Where a chain has branches, what a branch used counts for what stands on that branch, and for nothing else.
struct ProofUses {
  private let collective: EventID
  /// The update before, and the creator's that the line stands on.
  private let lines: [UpdateRecord]

  /// - Parameter previous: nil for the first update of a line.
  init(
    _ collective: EventID, after previous: UpdateRecord?, boost: UpdateRecord.Boost?, reading state: borrowing some StateReader & ~Copyable
  ) throws {
    self.collective = collective
    lines = [previous, try boost.flatMap { try UpdateRecord.read($0.id, state) }].compactMap { $0 }
  }

  func contain(_ proof: Bytes32, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    for line in lines {
      if try UsedProofs.contains(proof, in: line.used, state) || isUsedBefore(proof, line, state) { return true }
    }
    return false
  }

  /// What was written down before each update had a set of its own: who used a proof, by chain; at most eight.
  private func isUsedBefore(_ proof: Bytes32, _ update: UpdateRecord, _ state: borrowing some StateReader & ~Copyable) throws -> Bool {
    guard let bytes = try state.value(CollectivesState.used, CollectivesState.usedKey(collective, update.pubkey, proof)) else { return false }
    var reader = RecordReader(bytes, of: CollectivesState.used)
    while !reader.isAtEnd {
      let (number, id) = (try reader.uint64(), try reader.eventID())
      if number <= update.number, try UpdateRecord.ancestor(of: update, number, state) == id { return true }
    }
    return false
  }
}
