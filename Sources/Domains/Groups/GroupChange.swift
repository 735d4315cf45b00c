// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// A setting that a change names: cleared, or given a value.
enum Setting<Value: Sendable & Equatable>: Sendable, Equatable {
  case clear
  case set(Value)

  var value: Value? { if case .set(let value) = self { value } else { nil } }
}

/// One key of a group's meta; without a value it is deleted.
struct MetaChange: Sendable, Equatable {
  let key: Text
  let value: Text?
}

/// What a proposal or a modification's content asks for, as it is written: positions refer to the state it was written against.
struct GroupChange: Sendable, Equatable {
  var positions: [Int] = []
  var adds: [Member] = []
  var admin: Setting<EventID>?
  var meta: [MetaChange] = []
  var attesters: Setting<[PublicKey]>?

  /// With its positions resolved to entries; nil when one is out of range.
  func resolved(in state: GroupSnapshot) -> ResolvedChange? {
    var removes: [EntryID] = []
    for position in positions {
      guard state.entries.indices.contains(position) else { return nil }
      removes.append(state.entries[position].id)
    }
    return ResolvedChange(removes: removes, adds: adds, admin: admin, meta: meta, attesters: attesters)
  }
}

/// A change that names entries for good: it can be applied to any later state.
struct ResolvedChange: Sendable, Equatable {
  var removes: [EntryID] = []
  var adds: [Member] = []
  var admin: Setting<EventID>?
  var meta: [MetaChange] = []
  var attesters: Setting<[PublicKey]>?

  var isEmpty: Bool { removes.isEmpty && adds.isEmpty && admin == nil && meta.isEmpty && attesters == nil }
  /// It could take somebody's vote away.
  var mayLimit: Bool { !removes.isEmpty || admin != nil }
  /// The groups that it names.
  var references: [EventID] { adds.compactMap(\.group) + (admin?.value.map { [$0] } ?? []) }
}

extension RecordWriter {
  // removes n×8 · adds n×33 · admin ? · meta n×(key, value ?) · attesters ?
  mutating func put(_ change: ResolvedChange) {
    put(list: change.removes) { $0.put($1.value) }
    put(list: change.adds) { $0.put($1) }
    put(optional: change.admin) { $0.put(optional: $1.value) { $0.put($1) } }
    put(list: change.meta) {
      $0.put(counted: $1.key.bytes)
      $0.put(optional: $1.value) { $0.put(counted: $1.bytes) }
    }
    put(optional: change.attesters) { $0.put(optional: $1.value) { $0.put(list: $1) { $0.put($1) } } }
  }
}

extension RecordReader {
  /// As `list` would read them; but there may be thousands.
  private mutating func entryIDs() throws -> [EntryID] {
    let count = Int(try uint32())
    return try fixed(8 * count).withUnsafeBytes { bytes in
      (0..<count).map { EntryID(value: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self))) }
    }
  }

  mutating func resolvedChange(of table: Table) throws -> ResolvedChange {
    let removes = try entryIDs()
    let adds = try list { try $0.member(of: table) }
    let admin = try optional { reader in try reader.optional { try $0.eventID() }.map { Setting.set($0) } ?? .clear }
    let meta = try list { reader in
      MetaChange(key: Text(utf8: try reader.counted()[...]), value: try reader.optional { Text(utf8: try $0.counted()[...]) })
    }
    let attesters = try optional { reader in
      try reader.optional { try $0.list { try $0.publicKey() } }.map { Setting.set($0) } ?? .clear
    }
    return ResolvedChange(removes: removes, adds: adds, admin: admin, meta: meta, attesters: attesters)
  }
}
