// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// A state in memory, empty at first: a history is judged in it from its beginning, apart from the state that is stored (4.5).
final class RememberedState: StateReader {
  private(set) var tables: [Table: [[UInt8]: [UInt8]]] = [:]
  /// The events that may be asked for, by id.
  var raws: [EventID: [UInt8]] = [:]

  func apply(_ changes: [StateChange]) {
    for change in changes {
      switch change {
      case .put(let table, let key, let value), .insert(let table, let key, let value): tables[table, default: [:]][key] = value
      case .delete(let table, let key): tables[table]?[key] = nil
      }
    }
  }

  func value(_ table: Table, _ key: [UInt8]) throws -> [UInt8]? { tables[table]?[key] }

  func scan(_ table: Table, prefix: [UInt8], from start: [UInt8]?, _ visit: (_ key: [UInt8], _ value: [UInt8]) throws -> Bool) throws {
    let entries = (tables[table] ?? [:]).filter { key, _ in
      key.starts(with: prefix) && (start.map { !key.lexicographicallyPrecedes($0) } ?? true)
    }
    for (key, value) in entries.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) where try !visit(key, value) { return }
  }

  func last(_ table: Table, prefix: [UInt8], upTo key: [UInt8]) throws -> (key: [UInt8], value: [UInt8])? {
    let entries = (tables[table] ?? [:]).filter { $0.key.starts(with: prefix) && !key.lexicographicallyPrecedes($0.key) }
    return entries.max { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0.key, $0.value) }
  }

  func known(_ id: EventID) throws -> KnownEvent? { nil }
  func raw(_ id: EventID) throws -> [UInt8]? { raws[id] }
  func isParked(_ id: EventID, by author: PublicKey) throws -> Bool { false }
  func isKnownAuthor(_ author: PublicKey) throws -> Bool { false }
}
