// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Nostr
import Policy

extension StateWriter {
  /// Adds a row at the end of the journal and returns its number. Numbers grow by one, among all processes.
  public func appendJournal(_ row: JournalRow) throws -> UInt64 {
    // No row is ever taken away, so the last number is their count; were it not, LMDB would refuse to append.
    let sequence = UInt64(clamping: try entryCount(tables.journal)) &+ 1
    try put(tables.journal, sequence, row.encoded(), mode: .append)
    return sequence
  }

  /// Makes an accepted event known by its id, with its owner's note and the number of its journal row; replaces what was kept for the id.
  public func index(_ id: EventID, domain: Domain, note: [UInt8], sequence: UInt64) throws {
    var value = RecordWriter(capacity: 9 + note.count)
    value.put(domain.rawValue)
    value.put(sequence)
    value.put(fixed: note)
    try put(tables.events, id.value, value.bytes)
  }

  /// Remembers that an event of that author was accepted.
  public func note(author: PublicKey) throws {
    if try !isKnownAuthor(author) { try put(tables.authors, author.value, mark) }
  }
}

extension StoreReader where Self: ~Copyable {
  /// How many rows the journal has.
  public func journalCount() throws -> Int { try entryCount(tables.journal) }

  /// The row of that number; nil when there is none.
  public func journalRow(_ sequence: UInt64) throws -> JournalRow? {
    try row(tables.journal, sequence).map { try JournalRow(sequence: sequence, decoding: $0) }
  }

  /// Visits the rows from a number on, in order, until `visit` returns false. To export a large journal, read it in several snapshots:
  /// a snapshot that lasts keeps pages from being used again.
  public func journal(from sequence: UInt64 = 0, _ visit: (JournalRow) throws -> Bool) throws {
    try walk(tables.journal, from: sequence.keyBytes) { key, value in
      try visit(JournalRow(sequence: try Self.number(key: key), decoding: value))
    }
  }
}
