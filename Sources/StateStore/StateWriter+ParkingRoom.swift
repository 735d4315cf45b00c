// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Nostr
import Policy

/// Who makes room when too much waits: no key has a share while there is room; then the newest event of the unknown key with most waiting goes, then of the
/// known one. Newest, since a chain is judged from its oldest link on. Whoever floods is whoever has most, and loses what it sent last.
/// Source: specs/constellation.md, 5.
extension StateWriter {
  /// So many events at most make room for one: the shortest are 330 bytes, so this is more than an event of the usual size needs; only where a limit was
  /// lowered is it not enough, and the next ones go on.
  private static let maxPushedOut = 1000
  /// So many keys at most are found to have become known by one parking; each is found once.
  private static let maxAsked = 64

  /// Pushes out what has to go before the event can wait. What is short decides who has most: events, or bytes.
  ///
  /// - Returns: false where the event itself is what would go, or so much would have to go that it is not done at once.
  func makeParkingRoom(for event: ParkedEvent, _ limits: ParkingLimits) throws -> Bool {
    let size = UInt64(event.byteCount)
    guard var measure = try parkedTotals().shortage(adding: size, limits) else { return true }
    guard limits.events > 0, size <= UInt64(clamping: limits.bytes) else { return false }
    let isKnown = try isKnown(event.pubkey, limits)
    if isKnown { try rankAsKnown(event.pubkey) }
    var asked = 0
    for _ in 0..<Self.maxPushedOut {
      let own = (try parkedStanding(of: event.pubkey) ?? ParkedStanding(isKnown: isKnown)).adding(bytes: size)
      guard let victim = try whoHasMost(measure, event.pubkey, own, &asked, limits), let newest = try newestParkedKey(of: victim),
        victim != event.pubkey || event.newestKey.lexicographicallyPrecedes(newest)
      else { return false }
      try pushOut(newest)
      guard let short = try parkedTotals().shortage(adding: size, limits) else { return true }
      measure = short
    }
    return false
  }

  /// The key with most waiting, the arriving event counted: an unknown one while there is any.
  private func whoHasMost(
    _ measure: ParkedStanding.Measure, _ arriving: PublicKey, _ own: ParkedStanding, _ asked: inout Int, _ limits: ParkingLimits
  ) throws -> PublicKey? {
    while let most = try mostParked(measure, isKnown: false) {
      if most.pubkey == arriving || (!own.isKnown && own.precedes(most, in: measure, arriving)) { return arriving }
      // It may have become known while its events waited.
      guard asked < Self.maxAsked, try isKnown(most.pubkey, limits) else { return most.pubkey }
      asked += 1
      try rankAsKnown(most.pubkey)
    }
    guard own.isKnown, let most = try mostParked(measure, isKnown: true) else { return arriving }
    return own.precedes(most, in: measure, arriving) ? arriving : most.pubkey
  }

  /// - Parameter key: in `parked.newest`.
  private func pushOut(_ key: [UInt8]) throws {
    guard let sequence = try number(tables.parkedNewest, key, of: "parked.newest") else { return }
    if (try? removeParked(sequence)) == true { return }
    // Missing or unreadable: what leads to it goes all the same, so that it takes nobody's room.
    try delete(tables.parkedNewest, key)
    try delete(tables.parked, sequence)
    try delete(tables.parkedReleased, sequence)
    let (pubkey, id) = try key.withUnsafeBytes { bytes in
      var reader = RowReader(bytes, of: "parked.newest")
      let pubkey = try reader.publicKey()
      _ = try reader.uint64()
      return (pubkey, try reader.eventID())
    }
    try delete(tables.parkedIDs, id.bytes)
    try removeFromSums(of: pubkey, bytes: 0)
  }

  /// Whether a key's events go only after those of all others.
  func isKnown(_ pubkey: PublicKey, _ limits: ParkingLimits) throws -> Bool { try limits.knownKeys.contains(pubkey) || isKnownAuthor(pubkey) }

  private func rankAsKnown(_ pubkey: PublicKey) throws {
    guard let standing = try parkedStanding(of: pubkey), !standing.isKnown else { return }
    var known = standing
    known.isKnown = true
    try setStanding(of: pubkey, from: standing, to: known)
  }

  /// One event less, in the sums of all and of its key.
  func removeFromSums(of pubkey: PublicKey, bytes: UInt64) throws {
    if let standing = try parkedStanding(of: pubkey) { try setStanding(of: pubkey, from: standing, to: standing.removing(bytes: bytes)) }
    var totals = try parkedTotals()
    totals.events -= min(1, totals.events)
    totals.bytes -= min(bytes, totals.bytes)
    try put(tables.meta, MetaName.parkedTotals, totals.encoded)
  }

  /// Writes how much of a key waits, and its place among the others.
  func setStanding(of pubkey: PublicKey, from old: ParkedStanding?, to new: ParkedStanding) throws {
    if let old {
      for measure in ParkedStanding.Measure.allCases { try delete(tables.parkedRanking, old.rankKey(measure, pubkey)) }
    }
    guard new.events > 0 else {
      try delete(tables.parkedPubkeys, pubkey.bytes)
      return
    }
    for measure in ParkedStanding.Measure.allCases { try put(tables.parkedRanking, new.rankKey(measure, pubkey), mark) }
    try put(tables.parkedPubkeys, pubkey.bytes, new.encoded)
  }
}

extension ParkedStanding {
  /// Whether this key has more waiting than the one with most; of equals the greater key goes first.
  fileprivate func precedes(_ most: (pubkey: PublicKey, amount: UInt64), in measure: Measure, _ pubkey: PublicKey) -> Bool {
    let amount = amount(of: measure)
    return amount == most.amount ? most.pubkey.bytes.lexicographicallyPrecedes(pubkey.bytes) : amount > most.amount
  }
}
