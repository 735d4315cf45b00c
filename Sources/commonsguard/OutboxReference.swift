// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import StateStore

/// How an operator names a row of the outbox: by its event's id, by the first 8 digits of it or more, or by its number.
struct OutboxReference: Sendable, Equatable {
  /// Fewer digits are always a number.
  private static let minIDDigits = 8

  let word: String
  /// The first digits of an id.
  private let digits: String?
  private let number: UInt64?

  /// Nil when the word can be neither.
  init?(_ word: String) {
    self.word = word
    let isDecimal = word.utf8.allSatisfy { (0x30...0x39).contains($0) }
    let lower = word.lowercased()
    let isHex = lower.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    digits = isHex && (Self.minIDDigits...64).contains(lower.utf8.count) ? lower : nil
    number = isDecimal ? UInt64(word) : nil
    if digits == nil, number == nil { return nil }
  }

  /// The row. Throws a `Failure` when there is none, or more than one.
  func find(in state: borrowing some StoreReader & ~Copyable) throws -> OutboxEntry {
    var found: [OutboxEntry] = []
    if let digits {
      for id in try state.outboxIDs(beginningWith: digits, limit: 2) { if let entry = try state.outboxEntry(id: id) { found.append(entry) } }
    }
    if let number, let entry = try state.outboxEntry(number), !found.contains(where: { $0.sequence == entry.sequence }) { found.append(entry) }
    guard let entry = found.first else { throw Failure(.failed, "there is no follow-up \(word)") }
    guard found.count == 1 else { throw Failure(.failed, "more than one follow-up begins with \(word): give more of its id") }
    return entry
  }
}
