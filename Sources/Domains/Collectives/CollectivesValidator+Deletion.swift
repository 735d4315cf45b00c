// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension CollectivesValidator {
  /// A kind 5 is ours when it names an update or a satellite of its author's, and when it says by `k` that it names one, which may still come.
  func ownsDeletion(_ event: Event, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    let deletion = CollectiveDeletion(event, options)
    for name in deletion.names {
      if try deletion.namesKind || state.hasEntry(CollectivesState.slots, prefix: CollectivesState.slotKey(event.pubkey, name)) { return true }
    }
    for id in deletion.targets {
      guard let known = try state.known(id) else {
        if deletion.namesKind { return true }
        continue
      }
      if let note = try CollectivesNote(known), note.pubkey == event.pubkey, note.isDeletable { return true }
    }
    return false
  }

  /// 4.5: a chain that has merits is not deleted; another one stays, hidden. A request to vanish hides all chains of its author. 4.9: what an accepted
  /// update names by `proof_id` cannot be deleted live; from sync its deletion is taken, and has no effect here. What is not known here yet is remembered.
  func decide(
    _ deletion: CollectiveDeletion, _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    if deletion.isVanish { return try decideVanish(event, reading: state) }
    let named = try named(deletion, by: event.pubkey, in: circumstances, reading: state)
    if !options.allowDeletion {
      for collective in named.collectives {
        guard let head = try UpdateRecord.headID(collective, event.pubkey, state) else { continue }
        if try HardState.hasRows(head, state) { throw CollectivesRejection.undeletable }
      }
    }
    var changes = named.collectives.map { collective in
      StateChange.put(CollectivesState.hidden, key: CollectivesState.chainKey(collective, event.pubkey), value: event.id.bytes)
    }
    changes += try DeletedEvents.changes(named.targets, deletion.names, by: event, reading: state)
    let note = CollectivesNote(.deletion, named.collectives.first ?? EventID(.zero), event.pubkey)
    return .accepted(Effects(changes: changes, note: note.bytes, yieldsWhenFull: true))
  }

  /// One row for all chains of a key, however many it has.
  private func decideVanish(_ event: VerifiedEvent, reading state: borrowing some StateReader & ~Copyable) throws -> Verdict {
    var first: EventID?
    try state.scan(CollectivesState.slots, prefix: event.pubkey.bytes) { _, value in
      first = try SlotRecord(decoding: value).collective
      return false
    }
    guard let first else { return .unchanged }
    let vanished = Vanished(event.createdAt, by: event.pubkey)
    let known = try Vanished.read(event.pubkey, state)
    return .accepted(
      Effects(
        changes: known.map { $0.createdAt >= vanished.createdAt } ?? false ? [] : [vanished.change],
        note: CollectivesNote(.deletion, first, event.pubkey).bytes, yieldsWhenFull: true))
  }

  /// The author's chains that a deletion names; and the events that it takes back, but for those that are somebody else's.
  private func named(
    _ deletion: CollectiveDeletion, by pubkey: PublicKey, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable
  ) throws -> (collectives: [EventID], targets: [EventID]) {
    var collectives: [EventID] = []
    var targets: [EventID] = []
    var seen: Set<EventID> = []
    for id in deletion.targets {
      guard let known = try state.known(id) else {
        targets.append(id)
        continue
      }
      guard let note = try CollectivesNote(known), note.pubkey == pubkey, note.isDeletable else { continue }
      targets.append(id)
      if note.kind == .update {
        if seen.insert(note.collective).inserted { collectives.append(note.collective) }
      } else if circumstances.isLive, !circumstances.isRecalled, try NamedProofs.contain(id, in: note.collective, reading: state) {
        throw CollectivesRejection.undeletableProof
      }
    }
    for name in deletion.names {
      for slot in try SlotRecord.all(pubkey, name, state) where seen.insert(slot.collective).inserted { collectives.append(slot.collective) }
    }
    return (collectives, targets)
  }
}

/// A key that asked to vanish (NIP-62): what it began until then is hidden.
struct Vanished {
  let pubkey: PublicKey
  let createdAt: UInt64

  init(_ createdAt: UInt64, by pubkey: PublicKey) {
    self.pubkey = pubkey
    self.createdAt = createdAt
  }

  /// Whether a chain that begins at a time is hidden by it.
  func hides(chainFrom time: UInt64) -> Bool { time <= createdAt }

  // created_at 8
  var change: StateChange {
    var writer = RecordWriter(capacity: 8)
    writer.put(createdAt)
    return .put(CollectivesState.hidden, key: pubkey.bytes, value: writer.bytes)
  }

  static func read(_ pubkey: PublicKey, _ state: borrowing some StateReader & ~Copyable) throws -> Vanished? {
    guard let bytes = try state.value(CollectivesState.hidden, pubkey.bytes) else { return nil }
    var reader = RecordReader(bytes, of: CollectivesState.hidden)
    return Vanished(try reader.uint64(), by: pubkey)
  }
}
