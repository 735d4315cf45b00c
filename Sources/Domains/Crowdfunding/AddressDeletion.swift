// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// A deletion of a campaign by its address: it covers the versions up to its own time (NIP-09), those too that arrive later.
enum AddressDeletion {
  // author 32 · length of d 1 · d · created_at 8 · id 32
  private static func prefix(_ author: PublicKey, _ identifier: Text) -> [UInt8] {
    author.bytes + [UInt8(truncatingIfNeeded: identifier.count)] + identifier.bytes
  }

  /// - Parameter identifier: at most 128 bytes.
  static func change(_ author: PublicKey, _ identifier: Text, _ deletion: FoldPosition) -> StateChange {
    var writer = RecordWriter(capacity: 208)
    writer.put(fixed: prefix(author, identifier))
    writer.put(deletion.createdAt)
    writer.put(deletion.id)
    return .put(CrowdfundingState.addressDeletions, key: writer.bytes, value: [1])
  }

  /// The earliest deletion of an address at or after a time.
  static func earliest(
    of author: PublicKey, _ identifier: Text, from time: UInt64, _ state: borrowing some StateReader & ~Copyable
  ) throws -> FoldPosition? {
    let prefix = prefix(author, identifier)
    var start = RecordWriter()
    start.put(fixed: prefix)
    start.put(time)
    var earliest: FoldPosition?
    try state.scan(CrowdfundingState.addressDeletions, prefix: prefix, from: start.bytes) { key, _ in
      var reader = RecordReader(key, of: CrowdfundingState.addressDeletions)
      _ = try reader.fixed(prefix.count)
      earliest = FoldPosition(createdAt: try reader.uint64(), id: try reader.eventID())
      return false
    }
    return earliest
  }
}
