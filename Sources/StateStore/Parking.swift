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
  /// - Parameter passedOver: numbers that are left out.
  public func releasedEvents(limit: Int, without passedOver: Set<UInt64> = []) throws -> [ParkedEvent] {
    var released: [ParkedEvent] = []
    try walk(tables.parkedReleased) { key, _ in
      guard released.count < limit else { return false }
      let sequence = try Self.number(key: key)
      // One that is missing or cannot be read is passed over: the others are judged.
      if !passedOver.contains(sequence), let row = try? parkedRow(sequence) { released.append(row.event) }
      return released.count < limit
    }
    return released
  }

  /// Visits what is parked in the order of its parking, from a number on, until `visit` returns false. What cannot be read is left out.
  public func parkedEvents(
    from sequence: UInt64, _ visit: (_ event: ParkedEvent, _ dependencies: [Dependency], _ isReleased: Bool) throws -> Bool
  ) throws {
    try walk(tables.parked, from: sequence.keyBytes) { key, value in
      let sequence = try Self.number(key: key)
      guard let (event, dependencies) = try? ParkedEvent.decode(sequence: sequence, value) else { return true }
      return try visit(event, dependencies.compactMap(Dependency.init(key:)), row(tables.parkedReleased, sequence) != nil)
    }
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

  /// Whether something was provided for which more waits than was handed over yet.
  public func hasMoreToRelease() throws -> Bool { try entryCount(tables.parkedProvided) > 0 }

  func firstProvided() throws -> (prefix: [UInt8], end: UInt64)? {
    try withCursor(tables.parkedProvided) { cursor in
      try cursor.first().map { entry in
        var reader = RowReader(entry.value, of: "parked.provided")
        return (Array(entry.key), try reader.uint64())
      }
    }
  }

  func waiting(for dependency: Dependency, limit: Int = .max) throws -> [UInt64] { try waiting(behind: dependency.waitingPrefix, limit: limit) }

  func waiting(behind prefix: [UInt8], limit: Int) throws -> [UInt64] {
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

  func parkedStanding(of pubkey: PublicKey) throws -> ParkedStanding? {
    try pubkey.value.withUnsafeBytes { try get(tables.parkedPubkeys, $0) }.map { try ParkedStanding(decoding: $0) }
  }

  /// The key of that rank with most waiting; nil when none of that rank has anything waiting.
  func mostParked(_ measure: ParkedStanding.Measure, isKnown: Bool) throws -> (pubkey: PublicKey, amount: UInt64)? {
    let prefix = ParkedStanding.rankPrefix(measure, isKnown: isKnown)
    guard let key = try lastKey(tables.parkedRanking, prefix: prefix, tail: 40) else { return nil }
    return try key.withUnsafeBytes { bytes in
      var reader = RowReader(bytes, of: "parked.ranking")
      _ = try reader.fixed(prefix.count)
      let amount = try reader.uint64()
      return (try reader.publicKey(), amount)
    }
  }

  /// The key of the newest event of that author (created_at, then id), as `parked.newest` has it; nil when none waits.
  func newestParkedKey(of pubkey: PublicKey) throws -> [UInt8]? { try lastKey(tables.parkedNewest, prefix: pubkey.bytes, tail: 40) }

  /// The greatest key of `prefix` and `tail` bytes more.
  private func lastKey(_ table: TableHandle, prefix: [UInt8], tail: Int) throws -> [UInt8]? {
    try withCursor(table) { cursor in
      guard let entry = try cursor.seek(atOrBefore: prefix + [UInt8](repeating: 0xff, count: tail)), entry.key.starts(with: prefix) else {
        return nil
      }
      return Array(entry.key)
    }
  }
}

extension ParkedEvent {
  /// Its key in `parked.newest`.
  var newestKey: [UInt8] { pubkey.bytes + createdAt.keyBytes + id.bytes }
}

extension Dependency {
  /// The start of its rows in `parked.waiting`. The length stands first, so that no dependency's rows start with another's.
  var waitingPrefix: [UInt8] { Self.waitingPrefix(key) }

  static func waitingPrefix(_ key: [UInt8]) -> [UInt8] { [UInt8(truncatingIfNeeded: key.count)] + key }
}
