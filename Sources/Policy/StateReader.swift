// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// What a validator may ask of the state: one consistent snapshot, valid for the time of one judgement.
///
/// Every method throws a `Fault` when the state cannot be read.
public protocol StateReader: ~Copyable {
  /// The value under a key, copied out; nil when there is none.
  func value(_ table: Table, _ key: [UInt8]) throws -> [UInt8]?

  /// Visits the entries whose keys start with `prefix`, from the first key ≥ `start` (default: the prefix), ascending,
  /// until `visit` returns false.
  func scan(_ table: Table, prefix: [UInt8], from start: [UInt8]?, _ visit: (_ key: [UInt8], _ value: [UInt8]) throws -> Bool) throws

  /// The entry with the greatest key ≤ `key` that starts with `prefix`; nil when there is none.
  func last(_ table: Table, prefix: [UInt8], upTo key: [UInt8]) throws -> (key: [UInt8], value: [UInt8])?

  /// An accepted event, by id.
  func known(_ id: EventID) throws -> KnownEvent?

  /// The JSON object of an accepted event, as it arrived; nil when it was never accepted.
  func raw(_ id: EventID) throws -> [UInt8]?

  /// Whether an event of that author is parked: it may still be accepted.
  func isParked(_ id: EventID, by author: PublicKey) throws -> Bool

  /// Whether an event of that author was ever accepted.
  func isKnownAuthor(_ author: PublicKey) throws -> Bool
}

extension StateReader where Self: ~Copyable {
  public func scan(_ table: Table, prefix: [UInt8], _ visit: (_ key: [UInt8], _ value: [UInt8]) throws -> Bool) throws {
    try scan(table, prefix: prefix, from: nil, visit)
  }

  public func contains(_ table: Table, _ key: [UInt8]) throws -> Bool { try value(table, key) != nil }

  public func hasEntry(_ table: Table, prefix: [UInt8]) throws -> Bool {
    var found = false
    try scan(table, prefix: prefix) { _, _ in
      found = true
      return false
    }
    return found
  }
}

/// What the state keeps for each accepted event, beside its journal row.
public struct KnownEvent: Sendable {
  public let domain: Domain
  /// The owner's own note about the event: what it is and where its record lies.
  public let note: [UInt8]
  /// The number of its journal row.
  public let sequence: UInt64

  public init(domain: Domain, note: [UInt8], sequence: UInt64) {
    self.domain = domain
    self.note = note
    self.sequence = sequence
  }
}
