// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// What is known of chains: the state, and before it the ignition that an update carries with it (P6).
struct Lineage {
  /// An accepted update and what it made of the collective.
  struct Entry: Sendable {
    var record: UpdateRecord
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

  /// What a name of a pubkey is bound to; the first one, where an author contradicted themself. nil for nothing.
  func slot(_ pubkey: PublicKey, _ name: Text, _ state: borrowing some StateReader & ~Copyable) throws -> SlotRecord? {
    if let ignition = adopted?.ignition, ignition.creator == pubkey, ignition.name == name {
      return SlotRecord(collective: ignition.id, isCreator: true)
    }
    return try SlotRecord.all(pubkey, name, limit: 1, state).first
  }

  /// Whether a name of a pubkey is bound to a collective: then its chain there has begun.
  func isBound(_ pubkey: PublicKey, _ name: Text, to collective: EventID, _ state: borrowing some StateReader & ~Copyable) throws -> Bool {
    guard let ignition = try ignition(collective, state), ignition.name == name else { return false }
    if adopted?.ignition.id == collective { return ignition.creator == pubkey }
    return try UpdateRecord.headID(collective, pubkey, state) != nil
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

  /// The update before it in its line; nil for the first one, and where it is not known.
  func parent(_ state: borrowing some StateReader & ~Copyable) throws -> UpdateRecord? {
    guard number > 0 else { return nil }
    for id in [previous, jump?.id] {
      if let id, let record = try Self.read(id, state), record.number == number - 1, record.pubkey == pubkey, record.collective == collective {
        return record
      }
    }
    return try numbered(number - 1, state).flatMap { try Self.read($0, state) }
  }

  /// The update of that number on the line of another one, whichever branch that is on; nil when the line is not known so far back.
  static func ancestor(
    of update: UpdateRecord, _ number: UInt64, _ state: borrowing some StateReader & ~Copyable
  ) throws -> EventID? {
    var update = update
    while update.number > number {
      if update.jump == nil, let id = try update.numbered(number, state) { return id }
      if let jump = update.jump, jump.number >= number, jump.number < update.number, let record = try read(jump.id, state) {
        update = record
        continue
      }
      guard let record = try update.parent(state) else { return nil }
      update = record
    }
    return update.number == number ? update.id : nil
  }

  /// Whether an update is on the line that leads to another one.
  func leads(to head: UpdateRecord, _ state: borrowing some StateReader & ~Copyable) throws -> Bool {
    guard pubkey == head.pubkey, collective == head.collective, number <= head.number else { return false }
    return try Self.ancestor(of: head, number, state) == id
  }

  /// The update of a number on the line of one that was written before branches were kept: chains had one line then, by its numbers. What a branch that
  /// lost left behind the head of then is no part of it.
  private func numbered(_ number: UInt64, _ state: borrowing some StateReader & ~Copyable) throws -> EventID? {
    func id(_ number: UInt64) throws -> EventID? {
      guard let bytes = try state.value(CollectivesState.chains, CollectivesState.numberedKey(collective, pubkey, number)) else { return nil }
      var reader = RecordReader(bytes, of: CollectivesState.chains)
      return try reader.eventID()
    }
    guard isNumbered, try id(self.number) == self.id, let last = try Self.lastNumbered(collective, pubkey, state), self.number <= last else {
      return nil
    }
    return try id(number)
  }

  /// The number of the head that a chain had when branches were not kept yet; nil for a chain that is younger.
  private static func lastNumbered(
    _ collective: EventID, _ pubkey: PublicKey, _ state: borrowing some StateReader & ~Copyable
  ) throws -> UInt64? {
    if let bytes = try state.value(CollectivesState.chains, CollectivesState.numberedKey(collective, pubkey, .max)) {
      var reader = RecordReader(bytes, of: CollectivesState.chains)
      return try read(try reader.eventID(), state)?.number
    }
    guard let head = try head(collective, pubkey, state), head.isNumbered else { return nil }
    return head.number
  }

  /// Remembers the head that a chain had while branches were not kept: written when another update takes its place.
  var lastNumbered: StateChange? {
    isNumbered ? .put(CollectivesState.chains, key: CollectivesState.numberedKey(collective, pubkey, .max), value: id.bytes) : nil
  }

  /// Where the child of an update jumps to: twice as far as before where two jumps of one length meet, else to its parent (skew-binary numbers).
  static func jump(from parent: UpdateRecord, _ state: borrowing some StateReader & ~Copyable) throws -> Jump {
    if let first = parent.jump, let second = try read(first.id, state)?.jump, parent.number &- first.number == first.number &- second.number {
      return second
    }
    return Jump(id: parent.id, number: parent.number)
  }

  /// Visits the updates of chains by I · P · number, those of all branches, until `visit` returns false.
  static func scanChains(
    prefix: [UInt8], _ state: borrowing some StateReader & ~Copyable, _ visit: (UpdateRecord) throws -> Bool
  ) throws {
    var chain: [UInt8] = []
    var last: UInt64?
    try state.scan(CollectivesState.chains, prefix: prefix) { key, id in
      var keys = RecordReader(key, of: CollectivesState.chains)
      var values = RecordReader(id, of: CollectivesState.chains)
      let (collective, pubkey, number) = (try keys.eventID(), try keys.publicKey(), try keys.uint64())
      let place: EventID
      if keys.isAtEnd {
        if chain.isEmpty || !key.starts(with: chain) {
          chain = CollectivesState.chainKey(collective, pubkey)
          last = try lastNumbered(collective, pubkey, state)
        }
        guard let last, number <= last else { return true }
        place = try values.eventID()
      } else {
        place = try keys.eventID()
      }
      guard let record = try read(place, state) else { throw Fault.corrupt(CollectivesState.chains, "an update without its record") }
      return try visit(record)
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
