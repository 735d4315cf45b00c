// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// A collective that a name of a pubkey is bound to. Live it is one for ever (SD3); histories from sync may bind it to others beside.
struct SlotRecord: Hashable, Sendable {
  let collective: EventID
  let isCreator: Bool

  init(collective: EventID, isCreator: Bool) {
    self.collective = collective
    self.isCreator = isCreator
  }

  init(decoding bytes: [UInt8]) throws {
    var reader = RecordReader(bytes, of: CollectivesState.slots)
    collective = try reader.eventID()
    isCreator = try reader.bool()
  }

  /// Those that the pubkey began come first. A name that was bound before there could be several has a key that ends behind the name.
  private func key(_ pubkey: PublicKey, _ name: Text) -> [UInt8] {
    CollectivesState.slotKey(pubkey, name) + [isCreator ? 0 : 1] + collective.bytes
  }

  func change(_ pubkey: PublicKey, _ name: Text) -> StateChange {
    .put(CollectivesState.slots, key: key(pubkey, name), value: collective.bytes + [isCreator ? 1 : 0])
  }

  func isBound(_ pubkey: PublicKey, _ name: Text, _ state: borrowing some StateReader & ~Copyable) throws -> Bool {
    if try state.contains(CollectivesState.slots, key(pubkey, name)) { return true }
    return try state.value(CollectivesState.slots, CollectivesState.slotKey(pubkey, name)).map { try SlotRecord(decoding: $0) } == self
  }

  /// What unbinds it, in whichever way it was bound.
  func removal(_ pubkey: PublicKey, _ name: Text, _ state: borrowing some StateReader & ~Copyable) throws -> [StateChange] {
    var changes: [StateChange] = [.delete(CollectivesState.slots, key: key(pubkey, name))]
    let first = CollectivesState.slotKey(pubkey, name)
    if try state.value(CollectivesState.slots, first).map({ try SlotRecord(decoding: $0) }) == self {
      changes.append(.delete(CollectivesState.slots, key: first))
    }
    return changes
  }

  /// So many collectives of one name are looked at: more than one is bound only by histories of an author who contradicts themself.
  static let maxRivals = 64

  /// What a name is bound to, the first ones.
  static func all(
    _ pubkey: PublicKey, _ name: Text, limit: Int = maxRivals, _ state: borrowing some StateReader & ~Copyable
  ) throws -> [SlotRecord] {
    var slots: [SlotRecord] = []
    try state.scan(CollectivesState.slots, prefix: CollectivesState.slotKey(pubkey, name)) { _, value in
      slots.append(try SlotRecord(decoding: value))
      return slots.count < limit
    }
    return slots
  }
}
