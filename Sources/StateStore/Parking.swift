// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Nostr
import Policy

extension StoreReader where Self: ~Copyable {
  /// How many events are parked, those that are released and not judged yet included.
  public func parkedCount() throws -> Int { Int(clamping: try parkedTotals().events) }

  /// The bytes of all parked events together.
  public func parkedBytes() throws -> Int { Int(clamping: try parkedTotals().bytes) }

  /// Parked events whose dependency has arrived, in the order of their parking, at most `limit`: to be judged again, each in a write
  /// transaction that first removes it with `removeParked`.
  public func releasedEvents(limit: Int) throws -> [ParkedEvent] {
    var released: [ParkedEvent] = []
    try walk(tables.parkedReleased) { key, _ in
      guard released.count < limit else { return false }
      let sequence = try Self.number(key: key)
      // One that is missing or cannot be read is passed over: the others are judged.
      if let row = try? parkedRow(sequence) { released.append(row.event) }
      return true
    }
    return released
  }

  /// The parked event of that id; nil when there is none.
  public func parkedEvent(_ id: EventID) throws -> ParkedEvent? {
    try number(tables.parkedIDs, id.bytes, of: "parked.ids").flatMap { try parkedRow($0)?.event }
  }

  /// What waits for the dependency, in the order of its parking, at most `limit`.
  public func events(waitingFor dependency: Dependency, limit: Int) throws -> [ParkedEvent] {
    guard try parkedTotals().events > 0 else { return [] }
    return try waiting(for: dependency, limit: limit).compactMap { (try? parkedRow($0))?.event }
  }

  func waiting(for dependency: Dependency, limit: Int = .max) throws -> [UInt64] {
    let prefix = dependency.waitingPrefix
    var waiting: [UInt64] = []
    try walk(tables.parkedWaiting, from: prefix) { key, _ in
      guard waiting.count < limit, key.starts(with: prefix) else { return false }
      if key.count == prefix.count + 8 { waiting.append(try Self.number(key: key)) }
      return true
    }
    return waiting
  }

  func parkedRow(_ sequence: UInt64) throws -> (event: ParkedEvent, dependencies: [[UInt8]])? {
    try row(tables.parked, sequence).map { try ParkedEvent.decode(sequence: sequence, $0) }
  }

  func parkedTotals() throws -> ParkedTotals {
    try ParkedTotals(decoding: MetaName.parkedTotals.withUnsafeBytes { try get(tables.meta, $0) })
  }

  func parkedCount(of pubkey: PublicKey) throws -> UInt32 {
    guard let value = try pubkey.value.withUnsafeBytes({ try get(tables.parkedPubkeys, $0) }) else { return 0 }
    var reader = RowReader(value, of: "parked.pubkeys")
    return try reader.uint32()
  }
}

extension Dependency {
  /// The start of its rows in `parked.waiting`. The length stands first, so that no dependency's rows start with another's.
  var waitingPrefix: [UInt8] { Self.waitingPrefix(key) }

  static func waitingPrefix(_ key: [UInt8]) -> [UInt8] { [UInt8(truncatingIfNeeded: key.count)] + key }
}
