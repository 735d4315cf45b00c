// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// How much may wait for what is missing, in all domains together. Source: specs/constellation.md, 5.
public struct ParkingLimits: Sendable, Equatable {
  /// `parking.maxEvents`.
  public var events = 50_000
  /// `parking.maxMiB`: of all events together, an eighth of the map where nothing else is configured.
  public var bytes = 128 << 20
  /// The longest event that is kept: what relays store can wait.
  public var bytesForEachEvent = 64 << 10
  /// `parking.keepDays`, by receivedAt.
  public var seconds: UInt64 = 7 * 86_400
  /// Keys that count as known besides the authors of accepted events: captains, and the nodes that archive.
  public var knownKeys: Set<PublicKey> = []
  /// Copies of events that are nobody's for now are kept while no more than this part of the limits is used: 2 is a half,
  public var shareOfKept = 2
  /// and while fewer events of their author wait.
  public var keptForEachPubkey = 100
  /// So many things at most does one of them wait for: the first that it names. Each is a row, to be written now and removed later.
  public var dependenciesOfKept = 200

  public init() {}

  /// The defaults of the spec, for a map of 1 GiB.
  public static let standard = ParkingLimits()

  /// What all events together may take of a map of that size where nothing else is configured.
  public static func bytes(mapSizeMiB: Int) -> Int { max(1, mapSizeMiB) << 17 }

  /// For a rebuild, whose input is the operator's own and comes in any order: only the events' size is bounded, by that of a line.
  public static let rebuild: ParkingLimits = {
    var limits = ParkingLimits()
    limits.events = .max
    limits.bytes = .max
    limits.keptForEachPubkey = .max
    limits.bytesForEachEvent = 32 << 20
    limits.seconds = .max
    return limits
  }()
}

/// The sums of what is parked: one row of `meta`, so that nothing parked costs one lookup.
///
/// `next number 8 · events 8 · bytes 8`
struct ParkedTotals {
  var nextSequence: UInt64 = 1
  var events: UInt64 = 0
  var bytes: UInt64 = 0

  var encoded: [UInt8] { nextSequence.keyBytes + events.keyBytes + bytes.keyBytes }

  init(decoding value: UnsafeRawBufferPointer?) throws {
    guard let value else { return }
    var reader = RowReader(value, of: "meta")
    nextSequence = try reader.uint64()
    events = try reader.uint64()
    bytes = try reader.uint64()
  }

  /// What has no room beside what waits, under these limits; nil when the event has its room.
  func shortage(adding size: UInt64, _ limits: ParkingLimits) -> ParkedStanding.Measure? {
    if events >= UInt64(clamping: limits.events) { return .events }
    let (sum, overflow) = bytes.addingReportingOverflow(size)
    return overflow || sum > UInt64(clamping: limits.bytes) ? .bytes : nil
  }
}
