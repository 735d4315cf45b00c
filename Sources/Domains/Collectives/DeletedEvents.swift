// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// What accepted deletions name, remembered for ever: live it is not taken after its author took it back; from sync it is (histories cannot be deleted).
/// Source: constellation spec, rule 3. In the table of what updates name.
enum DeletedEvents {
  private static func key(_ id: EventID, _ author: PublicKey) -> [UInt8] { [2] + id.bytes + author.bytes }
  private static func key(_ author: PublicKey, _ name: Text) -> [UInt8] { [3] + CollectivesState.slotKey(author, name) }

  /// - Parameters:
  ///   - targets: the author's own, or unknown: nobody deletes what somebody else wrote.
  ///   - names: of the author's updates.
  static func changes(
    _ targets: [EventID], _ names: [Text], by deletion: VerifiedEvent, reading state: borrowing some StateReader & ~Copyable
  ) throws -> [StateChange] {
    var changes: [StateChange] = targets.map {
      .put(CollectivesState.named, key: key($0, deletion.pubkey), value: deletion.id.bytes)
    }
    for name in names {
      let key = key(deletion.pubkey, name)
      if let known = try time(key, state), known >= deletion.createdAt { continue }
      var writer = RecordWriter(capacity: 40)
      writer.put(deletion.createdAt)
      writer.put(deletion.id)
      changes.append(.put(CollectivesState.named, key: key, value: writer.bytes))
    }
    return changes
  }

  static func contain(_ id: EventID, by author: PublicKey, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    try state.contains(CollectivesState.named, key(id, author))
  }

  /// By its id, or by an address that was deleted when the update was written, or later (NIP-09).
  static func contain(_ update: CollectiveUpdate, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    if try contain(update.id, by: update.pubkey, reading: state) { return true }
    return try time(key(update.pubkey, update.name), state).map { update.createdAt <= $0 } ?? false
  }

  private static func time(_ key: [UInt8], _ state: borrowing some StateReader & ~Copyable) throws -> UInt64? {
    guard let bytes = try state.value(CollectivesState.named, key) else { return nil }
    var reader = RecordReader(bytes, of: CollectivesState.named)
    return try reader.uint64()
  }
}
