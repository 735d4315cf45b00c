// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Nostr
import Policy

// What accepted deletions name, come or not, remembered for ever, whatever its domain.
//
// ```
// pubkey 32 · 1 · target 32                          → id 32   (of the first such deletion)
// pubkey 32 · 2 · address 72 · ~created_at 8         → id 32
// ```

extension StoreReader where Self: ~Copyable {
  /// The first accepted deletion, by its author, of an event; nil when there is none.
  public func deletion(of target: EventID, by author: PublicKey) throws -> EventID? {
    try Self.id(of: DeletionKey.event(target, author).withUnsafeBytes { try get(tables.deletions, $0) })
  }

  /// An accepted deletion of an address's events up to at least that time, the one that reaches furthest; nil when there is none.
  public func deletion(of address: Address, reaching createdAt: UInt64) throws -> EventID? {
    let prefix = DeletionKey.address(address)
    return try withCursor(tables.deletions) { cursor in
      guard let entry = try cursor.seek(atOrAfter: prefix), entry.key.starts(with: prefix), entry.key.count == prefix.count + 8,
        ~(try Self.number(key: entry.key)) >= createdAt
      else { return nil }
      return try Self.id(of: entry.value)
    }
  }

  private static func id(of value: UnsafeRawBufferPointer?) throws -> EventID? {
    guard let value else { return nil }
    var reader = RowReader(value, of: "deletions")
    return try reader.eventID()
  }
}

extension StateWriter {
  /// Remembers that an accepted deletion names an event.
  public func note(deletion: EventID, of target: EventID, by author: PublicKey) throws {
    try put(tables.deletions, DeletionKey.event(target, author), deletion.bytes, mode: .noOverwrite)
  }

  /// Remembers that an accepted deletion names an address: it reaches the events up to its own time (NIP-09).
  public func note(deletion: EventID, of address: Address, at createdAt: UInt64) throws {
    try put(tables.deletions, DeletionKey.address(address) + (~createdAt).keyBytes, deletion.bytes, mode: .noOverwrite)
  }
}

private enum DeletionKey {
  static func event(_ target: EventID, _ author: PublicKey) -> [UInt8] { author.bytes + [1] + target.bytes }
  static func address(_ address: Address) -> [UInt8] { address.pubkey.bytes + [2] + address.key }
}
