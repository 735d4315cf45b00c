// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension CollectivesValidator {
  /// A kind 5 is ours when it names an update of its author's.
  func ownsDeletion(_ event: Event, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    for tag in event.tags.lazy.filter({ $0.name == "e" }).prefix(CollectiveDeletion.maxTargets) {
      guard let id = tag[1].flatMap({ EventID(hex: $0) }), let note = try CollectivesNote(try state.known(id)) else { continue }
      if note.pubkey == event.pubkey, note.kind == .update { return true }
    }
    for tag in event.tags.lazy.filter({ $0.name == "a" }).prefix(CollectiveDeletion.maxTargets) {
      guard let address = tag[1].flatMap({ Address(parsing: $0) }), address.kind == CollectivesOptions.updateKind,
        address.pubkey == event.pubkey, (1...64).contains(address.identifier.count)
      else { continue }
      if try state.contains(CollectivesState.slots, CollectivesState.slotKey(address.pubkey, address.identifier)) { return true }
    }
    return false
  }

  /// 4.5: a chain that has merits is not deleted; another one stays, hidden. A request to vanish hides all chains of its author.
  func decide(
    _ deletion: CollectiveDeletion, _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    let collectives = try deletion.isVanish ? chains(of: event.pubkey, reading: state) : chains(named: deletion, by: event.pubkey, reading: state)
    guard let first = collectives.first else { return .unchanged }
    if !deletion.isVanish, !options.allowDeletion {
      for collective in collectives {
        guard let head = try UpdateRecord.headID(collective, event.pubkey, state) else { continue }
        if try !HardState.read(head, state).rows.isEmpty { throw CollectivesRejection.undeletable }
      }
    }
    let changes = collectives.map { collective in
      StateChange.put(CollectivesState.hidden, key: CollectivesState.chainKey(collective, event.pubkey), value: event.id.bytes)
    }
    return .accepted(Effects(changes: changes, note: CollectivesNote(.deletion, first, event.pubkey).bytes))
  }

  private func chains(of pubkey: PublicKey, reading state: borrowing some StateReader & ~Copyable) throws -> [EventID] {
    var collectives: [EventID] = []
    try state.scan(CollectivesState.slots, prefix: pubkey.bytes) { _, value in
      collectives.append(try SlotRecord(decoding: value).collective)
      return true
    }
    return collectives
  }

  private func chains(
    named deletion: CollectiveDeletion, by pubkey: PublicKey, reading state: borrowing some StateReader & ~Copyable
  ) throws -> [EventID] {
    var collectives: [EventID] = []
    for id in deletion.targets {
      guard let note = try CollectivesNote(try state.known(id)), note.pubkey == pubkey, note.kind == .update else { continue }
      if !collectives.contains(note.collective) { collectives.append(note.collective) }
    }
    for address in deletion.addresses where (1...64).contains(address.identifier.count) {
      let key = CollectivesState.slotKey(address.pubkey, address.identifier)
      guard let slot = try state.value(CollectivesState.slots, key).map({ try SlotRecord(decoding: $0) }) else { continue }
      if !collectives.contains(slot.collective) { collectives.append(slot.collective) }
    }
    return collectives
  }
}
