// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The events that accepted updates name by `proof_id`: they cannot be deleted, since the updates rest on them (4.9).
enum NamedProofs {
  private static func key(_ proof: EventID) -> [UInt8] { [1] + proof.bytes }
  private static func beginKey(_ collective: EventID) -> [UInt8] { [0] + collective.bytes }

  /// What an accepted update names.
  static func changes(_ update: CollectiveUpdate) -> [StateChange] {
    update.proofs.references.map { .put(CollectivesState.named, key: key($0), value: update.id.bytes) }
  }

  /// From a collective's first update on what its updates name is written down.
  static func begin(_ collective: EventID) -> StateChange { .put(CollectivesState.named, key: beginKey(collective), value: []) }

  static func contain(_ proof: EventID, in collective: EventID, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    if try state.contains(CollectivesState.named, key(proof)) { return true }
    if try state.contains(CollectivesState.named, beginKey(collective)) { return false }
    // A collective from before this was written down: its updates are asked themselves.
    var isNamed = false
    try UpdateRecord.scanChains(prefix: collective.bytes, state) { record in
      guard let raw = try state.raw(record.id), let event = try? Event(parsing: raw) else { return true }
      isNamed = event.tags.contains { $0.isNamed("proof_id") && $0[1].flatMap { EventID(hex: $0) } == proof }
      return !isNamed
    }
    return isNamed
  }
}
