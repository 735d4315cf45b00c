// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Nostr
import Policy

extension Migration {
  /// Schema 3 gave each key a share of the room for what waits, and counted its events. From here on the key with most waiting makes room: how much of each
  /// waits, in which order, is read once from the parked events.
  static let waitsFairly = Migration(toVersion: 4) { try $0.rankParkedEvents() }
}

extension StateWriter {
  /// Makes the indexes by key anew from what is parked: 10,000 events at most under the limits of schema 3, and few facts of each.
  func rankParkedEvents() throws {
    for table in [tables.parkedPubkeys, tables.parkedNewest, tables.parkedRanking] {
      var keys: [[UInt8]] = []
      try walk(table) { key, _ in
        keys.append(Array(key))
        return true
      }
      for key in keys { try delete(table, key) }
    }
    var newest: [(key: [UInt8], sequence: UInt64)] = []
    var standings: [PublicKey: ParkedStanding] = [:]
    try walk(tables.parked) { key, value in
      let sequence = try Self.number(key: key)
      // One that cannot be read waits in vain, and goes when it has expired.
      guard let event = try? ParkedEvent.decode(sequence: sequence, value).event else { return true }
      newest.append((event.newestKey, sequence))
      let standing = try standings[event.pubkey] ?? ParkedStanding(isKnown: isKnownAuthor(event.pubkey))
      standings[event.pubkey] = standing.adding(bytes: UInt64(event.byteCount))
      return true
    }
    for (key, sequence) in newest { try put(tables.parkedNewest, key, sequence.keyBytes) }
    for (pubkey, standing) in standings { try setStanding(of: pubkey, from: nil, to: standing) }
  }
}
