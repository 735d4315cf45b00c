// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Deletions of a campaign by its address: each covers the versions up to its own time (NIP-09), those too that arrive later. Remembered for ever.
struct AddressDeletion: Equatable, Sendable {
  let position: FoldPosition

  // author 32 · length of d 1 · d · created_at 8 · id 32
  private static func prefix(_ author: PublicKey, _ identifier: ArraySlice<UInt8>) -> [UInt8] {
    author.bytes + [UInt8(truncatingIfNeeded: identifier.count)] + identifier
  }

  /// - Parameter address: its `d` has at most 128 bytes.
  func change(_ address: Address) -> StateChange {
    .put(CrowdfundingState.addressDeletions, key: Self.key(address, position), value: [1])
  }

  private static func key(_ address: Address, _ position: FoldPosition) -> [UInt8] {
    var writer = RecordWriter(capacity: 208)
    writer.put(fixed: prefix(address.pubkey, address.identifier.bytes))
    writer.put(position)
    return writer.bytes
  }

  /// The deletions of an address at or after a time, earliest first.
  /// - Parameter limit: how many are read.
  static func all(
    of author: PublicKey, _ identifier: ArraySlice<UInt8>, from time: UInt64 = 0, limit: Int = .max, _ state: borrowing some StateReader & ~Copyable
  ) throws -> [AddressDeletion] {
    let prefix = prefix(author, identifier)
    var start = RecordWriter(capacity: 208)
    start.put(fixed: prefix)
    start.put(time)
    var deletions: [AddressDeletion] = []
    try state.scan(CrowdfundingState.addressDeletions, prefix: prefix, from: start.bytes) { key, _ in
      var reader = RecordReader(key, of: CrowdfundingState.addressDeletions)
      _ = try reader.fixed(prefix.count)
      deletions.append(AddressDeletion(position: try reader.foldPosition()))
      return deletions.count < limit
    }
    return deletions
  }
}
