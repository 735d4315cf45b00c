// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// What is known of chains: the state, and before it the ignition that an update carries with it (P6).
struct Lineage {
  /// An accepted update and what it made of the collective.
  struct Entry: Sendable {
    let record: UpdateRecord
    let state: HardState
  }

  /// An ignition that is known only from the proof of the event being judged.
  private(set) var adopted: (ignition: IgnitionRecord, entry: Entry)?

  init() {}

  mutating func adopt(_ ignition: IgnitionRecord, _ entry: Entry) { adopted = (ignition, entry) }

  func ignition(_ id: EventID, _ state: borrowing some StateReader & ~Copyable) throws -> IgnitionRecord? {
    if let adopted, adopted.ignition.id == id { return adopted.ignition }
    return try IgnitionRecord.read(id, state)
  }

  func slot(_ pubkey: PublicKey, _ name: Text, _ state: borrowing some StateReader & ~Copyable) throws -> SlotRecord? {
    if let ignition = adopted?.ignition, ignition.creator == pubkey, ignition.name == name {
      return SlotRecord(collective: ignition.id, isCreator: true)
    }
    return try state.value(CollectivesState.slots, CollectivesState.slotKey(pubkey, name)).map { try SlotRecord(decoding: $0) }
  }

  func head(_ collective: EventID, _ pubkey: PublicKey, _ state: borrowing some StateReader & ~Copyable) throws -> UpdateRecord? {
    if let adopted, adopted.ignition.id == collective, adopted.ignition.creator == pubkey { return adopted.entry.record }
    return try UpdateRecord.head(collective, pubkey, state)
  }

  func update(_ id: EventID, _ state: borrowing some StateReader & ~Copyable) throws -> UpdateRecord? {
    if let record = adopted?.entry.record, record.id == id { return record }
    return try UpdateRecord.read(id, state)
  }

  /// The state after an update that is known.
  func hardState(_ id: EventID, _ state: borrowing some StateReader & ~Copyable) throws -> HardState {
    if let entry = adopted?.entry, entry.record.id == id { return entry.state }
    return try HardState.read(id, state)
  }
}

extension IgnitionRecord {
  static func read(_ id: EventID, _ state: borrowing some StateReader & ~Copyable) throws -> IgnitionRecord? {
    try state.value(CollectivesState.ignitions, id.bytes).map { try IgnitionRecord(id: id, decoding: $0) }
  }
}

extension UpdateRecord {
  static func read(_ id: EventID, _ state: borrowing some StateReader & ~Copyable) throws -> UpdateRecord? {
    try state.value(CollectivesState.updates, id.bytes).map { try UpdateRecord(id: id, decoding: $0) }
  }

  static func headID(_ collective: EventID, _ pubkey: PublicKey, _ state: borrowing some StateReader & ~Copyable) throws -> EventID? {
    guard let bytes = try state.value(CollectivesState.heads, CollectivesState.chainKey(collective, pubkey)) else { return nil }
    var reader = RecordReader(bytes, of: CollectivesState.heads)
    return try reader.eventID()
  }

  static func head(_ collective: EventID, _ pubkey: PublicKey, _ state: borrowing some StateReader & ~Copyable) throws -> UpdateRecord? {
    guard let id = try headID(collective, pubkey, state) else { return nil }
    guard let record = try read(id, state) else { throw Fault.corrupt(CollectivesState.heads, "a head without its update") }
    return record
  }

  /// Whether the update is one of its chain, not of a branch that lost (`forkPolicy: "nip01"`).
  func isInChain(_ state: borrowing some StateReader & ~Copyable) throws -> Bool {
    try UpdateRecord.id(collective, pubkey, number, state) == id
  }

  /// The update of a chain with that number.
  static func id(_ collective: EventID, _ pubkey: PublicKey, _ number: UInt64, _ state: borrowing some StateReader & ~Copyable) throws -> EventID? {
    guard let bytes = try state.value(CollectivesState.chains, CollectivesState.numberedKey(collective, pubkey, number)) else { return nil }
    var reader = RecordReader(bytes, of: CollectivesState.chains)
    return try reader.eventID()
  }
}

extension HardState {
  static func read(_ id: EventID, _ state: borrowing some StateReader & ~Copyable) throws -> HardState {
    guard let bytes = try state.value(CollectivesState.states, id.bytes) else {
      throw Fault.corrupt(CollectivesState.states, "an update without its state")
    }
    return try HardState(decoding: bytes)
  }
}
