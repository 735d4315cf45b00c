// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// How much of one key waits. Source: specs/constellation.md, 5.
///
/// `known 1 · events 8 · bytes 8`
struct ParkedStanding: Equatable {
  /// What may run short.
  enum Measure: UInt8, CaseIterable {
    case events = 0
    case bytes = 1
  }

  /// A key whose events are pushed out only after all those of unknown keys.
  var isKnown = false
  var events: UInt64 = 0
  var bytes: UInt64 = 0

  init(isKnown: Bool) { self.isKnown = isKnown }

  init(decoding value: UnsafeRawBufferPointer) throws {
    var reader = RowReader(value, of: "parked.pubkeys")
    isKnown = try reader.bool()
    events = try reader.uint64()
    bytes = try reader.uint64()
  }

  var encoded: [UInt8] {
    var writer = RecordWriter(capacity: 17)
    writer.put(isKnown)
    writer.put(events)
    writer.put(bytes)
    return writer.bytes
  }

  func amount(of measure: Measure) -> UInt64 { measure == .events ? events : bytes }

  /// With one event more.
  func adding(bytes size: UInt64) -> ParkedStanding {
    var more = self
    more.events &+= 1
    more.bytes &+= size
    return more
  }

  /// With one event less.
  func removing(bytes size: UInt64) -> ParkedStanding {
    var less = self
    less.events -= min(1, events)
    less.bytes -= min(size, bytes)
    return less
  }

  /// The start of its rows in `parked.ranking`: of one measure and rank, the last has most waiting.
  static func rankPrefix(_ measure: Measure, isKnown: Bool) -> [UInt8] { [measure.rawValue, isKnown ? 1 : 0] }

  func rankKey(_ measure: Measure, _ pubkey: PublicKey) -> [UInt8] {
    Self.rankPrefix(measure, isKnown: isKnown) + amount(of: measure).keyBytes + pubkey.bytes
  }
}
