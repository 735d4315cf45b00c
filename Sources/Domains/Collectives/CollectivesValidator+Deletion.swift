// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension CollectivesValidator {
  /// A kind 5 is ours when it names an update of its author's, or live a proof of its author's that an update rests on.
  func ownsDeletion(_ event: Event, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    let deletion = CollectiveDeletion(event)
    for id in deletion.targets {
      guard let note = try CollectivesNote(try state.known(id)), note.pubkey == event.pubkey else { continue }
      if note.kind == .update { return true }
      if circumstances.isLive, note.kind == .satellite, try NamedProofs.contain(id, in: note.collective, reading: state) { return true }
    }
    for name in deletion.names {
      if try state.contains(CollectivesState.slots, CollectivesState.slotKey(event.pubkey, name)) { return true }
    }
    return false
  }

  /// 4.5: a chain that has merits is not deleted; another one stays, hidden. A request to vanish hides all chains of its author. 4.9: what an accepted
  /// update names by `proof_id` stays.
  func decide(
    _ deletion: CollectiveDeletion, _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    if deletion.isVanish { return try decideVanish(event, reading: state) }
    let collectives = try chains(named: deletion, by: event.pubkey, in: circumstances, reading: state)
    guard let first = collectives.first else { return .unchanged }
    if !options.allowDeletion {
      for collective in collectives {
        guard let head = try UpdateRecord.headID(collective, event.pubkey, state) else { continue }
        if try HardState.hasRows(head, state) { throw CollectivesRejection.undeletable }
      }
    }
    let changes = collectives.map { collective in
      StateChange.put(CollectivesState.hidden, key: CollectivesState.chainKey(collective, event.pubkey), value: event.id.bytes)
    }
    return .accepted(Effects(changes: changes, note: CollectivesNote(.deletion, first, event.pubkey).bytes, yieldsWhenFull: true))
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

  private func chains(
    named deletion: CollectiveDeletion, by pubkey: PublicKey, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable
  ) throws -> [EventID] {
    var collectives: [EventID] = []
    var seen: Set<EventID> = []
    for id in deletion.targets {
      guard let note = try CollectivesNote(try state.known(id)), note.pubkey == pubkey else { continue }
      if note.kind == .update {
        if seen.insert(note.collective).inserted { collectives.append(note.collective) }
      } else if circumstances.isLive, note.kind == .satellite, try NamedProofs.contain(id, in: note.collective, reading: state) {
        throw CollectivesRejection.undeletableProof
      }
    }
    for name in deletion.names {
      let key = CollectivesState.slotKey(pubkey, name)
      guard let slot = try state.value(CollectivesState.slots, key).map({ try SlotRecord(decoding: $0) }) else { continue }
      if seen.insert(slot.collective).inserted { collectives.append(slot.collective) }
    }
    return collectives
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
