// SPDX-License-Identifier: AGPL-3.0-or-later
import Ledger
import Nostr
import Policy

/// A state in a dictionary: what the ledger's rules are tried on.
struct MemoryState: StateReader {
  private var rows: [Table: [[UInt8]: [UInt8]]] = [:]

  /// Throws where a row is inserted that is there; what stood before it is applied.
  mutating func apply(_ changes: [StateChange]) throws {
    for change in changes {
      switch change {
      case .put(let table, let key, let value): rows[table, default: [:]][key] = value
      case .insert(let table, let key, let value):
        guard rows[table]?[key] == nil else { throw Fault.invariant("a row is there already") }
        rows[table, default: [:]][key] = value
      case .delete(let table, let key): rows[table, default: [:]][key] = nil
      }
    }
  }

  private func sorted(_ table: Table, _ prefix: [UInt8]) -> [(key: [UInt8], value: [UInt8])] {
    (rows[table] ?? [:]).filter { $0.key.starts(with: prefix) }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
  }

  func value(_ table: Table, _ key: [UInt8]) throws -> [UInt8]? { rows[table]?[key] }

  func scan(_ table: Table, prefix: [UInt8], from start: [UInt8]?, _ visit: (_ key: [UInt8], _ value: [UInt8]) throws -> Bool) throws {
    for (key, value) in sorted(table, prefix) {
      if let start, key.lexicographicallyPrecedes(start) { continue }
      if try !visit(key, value) { return }
    }
  }

  func last(_ table: Table, prefix: [UInt8], upTo key: [UInt8]) throws -> (key: [UInt8], value: [UInt8])? {
    sorted(table, prefix).last { !key.lexicographicallyPrecedes($0.key) }
  }

  func known(_ id: EventID) throws -> KnownEvent? { nil }
  func raw(_ id: EventID) throws -> [UInt8]? { nil }
  func isParked(_ id: EventID, by author: PublicKey) throws -> Bool { false }
  func isKnownAuthor(_ author: PublicKey) throws -> Bool { false }
}

extension Ledger {
  /// On the pot as it is.
  static func open(_ transfer: Transfer, reading state: MemoryState) throws -> [StateChange] {
    try open(transfer, on: totals(of: transfer.subject, target: transfer.target, reading: state))
  }
}
