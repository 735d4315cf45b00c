// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Nostr
import Policy

extension StateWriter {
  /// So many expired events are dropped by one parking; the rest by the next ones.
  private static let maxDropped = 1000

  /// Keeps an event until its dependency is accepted. Those that waited for longer than the limit, by this event's receivedAt, are dropped
  /// first; where there is no room then, what is newest of whoever has most waiting goes (`makeParkingRoom`).
  ///
  /// - Returns: whether it is parked now; true as well when it was already. False when a limit forbids: nothing is kept of it.
  public func park(_ event: ParkedEvent, waitingFor dependency: Dependency, limits: ParkingLimits = .standard) throws -> Bool {
    try park(event, waitingFor: [dependency], limits)
  }

  /// Keeps a copy of an event that is nobody's for now, until one of the dependencies is there; the share of such copies is bounded.
  ///
  /// - Returns: whether it is kept now.
  public func keep(_ event: ParkedEvent, until dependencies: [Dependency], limits: ParkingLimits = .standard) throws -> Bool {
    let totals = try parkedTotals()
    let share = limits.shareOfKept
    guard !dependencies.isEmpty, totals.events < UInt64(clamping: limits.events / share), totals.bytes < UInt64(clamping: limits.bytes / share),
      try parkedStanding(of: event.pubkey)?.events ?? 0 < UInt64(clamping: limits.keptForEachPubkey)
    else { return false }
    var copy = event
    copy.isKept = true
    return try park(copy, waitingFor: Array(dependencies.prefix(limits.dependenciesOfKept)), limits)
  }

  private func park(_ event: ParkedEvent, waitingFor dependencies: [Dependency], _ limits: ParkingLimits) throws -> Bool {
    if let sequence = try number(tables.parkedIDs, event.id.bytes, of: "parked.ids") {
      if let outer = event.outer { try add(outer, to: sequence, limits) }
      return true
    }
    guard event.raw.count <= limits.bytesForEachEvent, event.outer?.count ?? 0 <= limits.bytesForEachEvent else { return false }
    try dropExpired(now: event.receivedAt, limits)
    guard try makeParkingRoom(for: event, limits) else { return false }

    var totals = try parkedTotals()
    let sequence = totals.nextSequence
    let number = sequence.keyBytes
    let size = UInt64(event.byteCount)
    try put(tables.parked, sequence, event.encoded(waitingFor: dependencies.map(\.key)))
    try put(tables.parkedIDs, event.id.bytes, number)
    for dependency in dependencies { try put(tables.parkedWaiting, dependency.waitingPrefix + number, mark) }
    try put(tables.parkedAges, event.receivedAt.keyBytes + number, mark)
    try put(tables.parkedNewest, event.newestKey, number)
    let standing = try parkedStanding(of: event.pubkey)
    let present = try standing ?? ParkedStanding(isKnown: isKnown(event.pubkey, limits))
    try setStanding(of: event.pubkey, from: standing, to: present.adding(bytes: size))
    totals.nextSequence &+= 1
    totals.events += 1
    totals.bytes += size
    try put(tables.meta, MetaName.parkedTotals, totals.encoded)
    return true
  }

  /// The archive that carried an event which waits already: once accepted, that is what is published. Only where there is room: the event waits anyway.
  private func add(_ outer: [UInt8], to sequence: UInt64, _ limits: ParkingLimits) throws {
    let size = UInt64(outer.count)
    var totals = try parkedTotals()
    guard let row = try parkedRow(sequence), row.event.outer == nil, !row.event.isKept, outer.count <= limits.bytesForEachEvent,
      totals.bytes < UInt64(clamping: limits.bytes), UInt64(clamping: limits.bytes) - totals.bytes >= size
    else { return }
    var event = row.event
    event.outer = outer
    try put(tables.parked, sequence, event.encoded(waitingFor: row.dependencies))
    if let standing = try parkedStanding(of: event.pubkey) {
      var larger = standing
      larger.bytes &+= size
      try setStanding(of: event.pubkey, from: standing, to: larger)
    }
    totals.bytes += size
    try put(tables.meta, MetaName.parkedTotals, totals.encoded)
  }

  /// So many are handed to the worker in the transaction of the event that releases them; the worker takes the others in steps of as many.
  static let releasedAtOnce = 500

  /// Hands the events that wait for the dependency to the worker, which judges them again (`releasedEvents`): the first of them now, the others in its
  /// own transactions (`releaseMore`), so that no event pays for all that wait for it. One lookup when nothing is parked. Returns how many were handed over.
  @discardableResult
  public func release(_ dependency: Dependency) throws -> Int {
    let totals = try parkedTotals()
    guard totals.events > 0 else { return 0 }
    let count = try release(dependency.waitingPrefix, before: totals.nextSequence)
    // What is parked from now on waits for the next time: else one that waits for the same thing again would go round for ever.
    if count == Self.releasedAtOnce { try put(tables.parkedProvided, dependency.waitingPrefix, totals.nextSequence.keyBytes) }
    return count
  }

  /// Hands over more of what waits for something that was provided. False when nothing does any more.
  public func releaseMore() throws -> Bool {
    guard let (prefix, end) = try firstProvided() else { return false }
    if try release(prefix, before: end) < Self.releasedAtOnce { try delete(tables.parkedProvided, prefix) }
    return true
  }

  private func release(_ prefix: [UInt8], before end: UInt64) throws -> Int {
    let waiting = try waiting(behind: prefix, limit: Self.releasedAtOnce).filter { $0 < end }
    for sequence in waiting {
      try delete(tables.parkedWaiting, prefix + sequence.keyBytes)
      try put(tables.parkedReleased, sequence, mark)
    }
    return waiting.count
  }

  /// Removes a parked event, released or not. False when it is gone: somebody else has judged it.
  @discardableResult
  public func removeParked(_ sequence: UInt64) throws -> Bool {
    guard let (event, dependencies) = try parkedRow(sequence) else { return false }
    let number = sequence.keyBytes
    try delete(tables.parked, sequence)
    try delete(tables.parkedIDs, event.id.bytes)
    for dependency in dependencies { try delete(tables.parkedWaiting, Dependency.waitingPrefix(dependency) + number) }
    try delete(tables.parkedReleased, sequence)
    try delete(tables.parkedAges, event.receivedAt.keyBytes + number)
    try delete(tables.parkedNewest, event.newestKey)
    try removeFromSums(of: event.pubkey, bytes: UInt64(event.byteCount))
    return true
  }

  /// Removes the parked event of that id, which has been accepted another way. False when there is none; one lookup when nothing is parked.
  @discardableResult
  public func removeParked(id: EventID) throws -> Bool {
    guard try parkedTotals().events > 0, let sequence = try number(tables.parkedIDs, id.bytes, of: "parked.ids") else { return false }
    return try removeParked(sequence)
  }

  private func dropExpired(now: UInt64, _ limits: ParkingLimits) throws {
    guard now > limits.seconds else { return }
    let oldest = now - limits.seconds
    var expired: [[UInt8]] = []
    try walk(tables.parkedAges) { key, _ in
      var reader = RowReader(key, of: "parked.ages")
      guard expired.count < Self.maxDropped, try reader.uint64() < oldest else { return false }
      expired.append(Array(key))
      return true
    }
    for key in expired {
      let sequence = try key.withUnsafeBytes { try Self.number(key: $0) }
      if (try? removeParked(sequence)) == true { continue }
      // Missing or unreadable: what leads to it goes all the same, so that it stops nobody.
      try delete(tables.parkedAges, key)
      try delete(tables.parkedReleased, sequence)
      try delete(tables.parked, sequence)
    }
  }
}
