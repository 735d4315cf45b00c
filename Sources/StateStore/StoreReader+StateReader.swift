// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Nostr
import Policy

extension StoreReader where Self: ~Copyable {
  public func value(_ table: Table, _ key: [UInt8]) throws -> [UInt8]? {
    try get(try tables.handle(of: table), key)
  }

  public func contains(_ table: Table, _ key: [UInt8]) throws -> Bool {
    let handle = try tables.handle(of: table)
    return try key.withUnsafeBytes { try get(handle, $0) != nil }
  }

  public func scan(
    _ table: Table, prefix: [UInt8], from start: [UInt8]?, _ visit: (_ key: [UInt8], _ value: [UInt8]) throws -> Bool
  ) throws {
    var first = prefix
    if let start, prefix.lexicographicallyPrecedes(start) { first = start }
    try walk(try tables.handle(of: table), from: first.isEmpty ? nil : first) { key, value in
      try key.starts(with: prefix) && visit(Array(key), Array(value))
    }
  }

  public func last(_ table: Table, prefix: [UInt8], upTo key: [UInt8]) throws -> (key: [UInt8], value: [UInt8])? {
    guard !key.isEmpty, !key.lexicographicallyPrecedes(prefix) else { return nil }
    return try withCursor(try tables.handle(of: table)) { cursor in
      let entry: Cursor.Entry?
      if key.starts(with: prefix) {
        entry = try cursor.seek(atOrBefore: key)
      } else if let end = Self.successor(of: prefix), try cursor.seek(atOrAfter: end) != nil {
        // The key lies behind all that start with the prefix: the last of those stands before the prefix's successor.
        entry = try cursor.previous()
      } else {
        entry = try cursor.last()
      }
      guard let entry, entry.key.starts(with: prefix) else { return nil }
      return (Array(entry.key), Array(entry.value))
    }
  }

  public func known(_ id: EventID) throws -> KnownEvent? {
    guard let value = try id.value.withUnsafeBytes({ try get(tables.events, $0) }) else { return nil }
    var reader = RowReader(value, of: "events")
    let domain = try reader.domain()
    let sequence = try reader.uint64()
    return KnownEvent(domain: domain, note: Array(reader.rest()), sequence: sequence)
  }

  public func raw(_ id: EventID) throws -> [UInt8]? {
    guard let known = try known(id), case .event(let raw, _, _, _)? = try journalRow(known.sequence)?.content else { return nil }
    return raw
  }

  public func isParked(_ id: EventID, by author: PublicKey) throws -> Bool {
    guard try parkedTotals().events > 0 else { return false }
    return try parkedEvent(id)?.pubkey == author
  }

  public func isKnownAuthor(_ author: PublicKey) throws -> Bool {
    try author.value.withUnsafeBytes { try get(tables.authors, $0) } != nil
  }

  /// The least bytes that come after everything that starts with `prefix`; nil when nothing does.
  private static func successor(of prefix: [UInt8]) -> [UInt8]? {
    var bytes = prefix
    while let byte = bytes.popLast() {
      if byte < 0xff { return bytes + [byte + 1] }
    }
    return nil
  }
}
