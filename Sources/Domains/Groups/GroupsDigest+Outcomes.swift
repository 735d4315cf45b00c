// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension GroupsDigest {
  /// The canonical bytes of what this relay decides: of each group its own tip at a time, and how far its chain is confirmed. Relays may differ in it,
  /// and should not for long. Source: contract, *state digest*, outcomes.
  func feedOutcomes(reading state: borrowing some StateReader & ~Copyable, at now: UInt64, into feed: ([UInt8]) -> Void) throws {
    try state.scan(GroupsState.groups, prefix: []) { key, value in
      var keys = RecordReader(key, of: GroupsState.groups)
      let group = try GroupRecord(id: try keys.eventID(), decoding: value).followed(at: now, reading: state)
      var writer = RecordWriter(capacity: 97)
      writer.put(group.id)
      writer.put(group.tip)
      writer.put(optional: try state.deepestConfirmed(group)?.id) { $0.put($1) }
      feed(writer.bytes)
      return true
    }
  }
}
