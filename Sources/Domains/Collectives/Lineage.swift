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

  /// The update of a chain with that number; nil beyond its head.
  static func id(_ collective: EventID, _ pubkey: PublicKey, _ number: UInt64, _ state: borrowing some StateReader & ~Copyable) throws -> EventID? {
    guard let bytes = try state.value(CollectivesState.chains, CollectivesState.numberedKey(collective, pubkey, number)),
      // What a branch that lost leaves behind the new head's number is overwritten as the chain goes on, and is no part of it until then.
      let head = try head(collective, pubkey, state), number <= head.number
    else { return nil }
    var reader = RecordReader(bytes, of: CollectivesState.chains)
    return try reader.eventID()
  }

  /// The update of that number on the line of another one, whichever branch that is on; nil when the line is not known so far back.
  static func ancestor(
    of update: UpdateRecord, _ number: UInt64, _ state: borrowing some StateReader & ~Copyable
  ) throws -> EventID? {
    var update = update
    while update.number > number {
      if try update.isInChain(state) { return try id(update.collective, update.pubkey, number, state) }
      let jump = update.jump.flatMap { $0.number >= number ? $0.id : nil }
      guard let next = jump ?? update.previous, let record = try read(next, state), record.number < update.number else { return nil }
      update = record
    }
    return update.number == number ? update.id : nil
  }

  /// Where the child of an update jumps to: twice as far as before where two jumps of one length meet, else to its parent (skew-binary numbers).
  static func jump(from parent: UpdateRecord, _ state: borrowing some StateReader & ~Copyable) throws -> Jump {
    if let first = parent.jump, let second = try read(first.id, state)?.jump, parent.number &- first.number == first.number &- second.number {
      return second
    }
    return Jump(id: parent.id, number: parent.number)
  }

  /// Visits the updates of chains by their keys, I · P · number, each chain up to its head, until `visit` returns false.
  static func scanChains(
    prefix: [UInt8], _ state: borrowing some StateReader & ~Copyable, _ visit: (_ key: [UInt8], UpdateRecord) throws -> Bool
  ) throws {
    var chain: [UInt8] = []
    var last: UInt64 = 0
    try state.scan(CollectivesState.chains, prefix: prefix) { key, id in
      var keys = RecordReader(key, of: CollectivesState.chains)
      var values = RecordReader(id, of: CollectivesState.chains)
      let (collective, pubkey, number) = (try keys.eventID(), try keys.publicKey(), try keys.uint64())
      if !key.starts(with: chain) || chain.isEmpty {
        chain = CollectivesState.chainKey(collective, pubkey)
        guard let head = try head(collective, pubkey, state) else { throw Fault.corrupt(CollectivesState.chains, "a chain without its head") }
        last = head.number
      }
      guard number <= last else { return true }
      guard let record = try read(try values.eventID(), state) else {
        throw Fault.corrupt(CollectivesState.chains, "an update without its record")
      }
      return try visit(key, record)
    }
  }
}

extension HardState {
  static func read(_ id: EventID, _ state: borrowing some StateReader & ~Copyable) throws -> HardState {
    guard let bytes = try state.value(CollectivesState.states, id.bytes) else {
      throw Fault.corrupt(CollectivesState.states, "an update without its state")
    }
    return try HardState(decoding: bytes)
  }

  /// Whether there are merits after an update, without taking them out of the record.
  static func hasRows(_ id: EventID, _ state: borrowing some StateReader & ~Copyable) throws -> Bool {
    guard let bytes = try state.value(CollectivesState.states, id.bytes) else {
      throw Fault.corrupt(CollectivesState.states, "an update without its state")
    }
    return try HardState.rowCount(bytes) > 0
  }
}
