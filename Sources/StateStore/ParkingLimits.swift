// SPDX-License-Identifier: AGPL-3.0-or-later

/// How much may wait for what is missing, in all domains together. Source: specs/collectives.md, head.
public struct ParkingLimits: Sendable, Equatable {
  public var events = 10_000
  /// Of all raw events together.
  public var bytes = 64 << 20
  public var eventsForEachPubkey = 100
  public var bytesForEachEvent = 64 << 10
  /// Copies of events that are nobody's for now are kept while no more than this part of the limits is used: 2 is a half.
  public var shareOfKept = 2
  /// So many things at most does one of them wait for: the first that it names. Each is a row, to be written now and removed later.
  public var dependenciesOfKept = 200
  /// By receivedAt.
  public var seconds: UInt64 = 7 * 86_400

  public init() {}

  /// Those of the spec.
  public static let standard = ParkingLimits()

  /// For a rebuild, whose input is the operator's own and comes in any order: only the events' size is bounded, by that of a line.
  public static let rebuild: ParkingLimits = {
    var limits = ParkingLimits()
    limits.events = .max
    limits.bytes = .max
    limits.eventsForEachPubkey = .max
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
}
