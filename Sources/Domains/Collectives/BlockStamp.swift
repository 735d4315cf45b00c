// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// A Bitcoin block as a `bitcoin` tag names it: the clock of leadtimes (S5).
public struct BlockStamp: Hashable, Sendable {
  /// At most nine digits.
  public let height: UInt32
  /// As the tag writes it, leading zeros first.
  public let hash: Bytes32

  public init(height: UInt32, hash: Bytes32) {
    self.height = height
    self.hash = hash
  }

  /// The block of an event; nil when the tag is absent or empty. Throws a `Rejection`.
  init?(parsing tags: [Tag], createdAt: UInt64) throws {
    var tag: Tag?
    for candidate in tags where candidate.name == "bitcoin" {
      guard tag == nil else { throw CollectivesRejection.malformedBlock }
      tag = candidate
    }
    guard let tag else { return nil }
    guard let value = tag[1] else { throw CollectivesRejection.malformedBlock }
    if value.isEmpty { return nil }
    guard let stamp = BlockStamp(text: value) else { throw CollectivesRejection.malformedBlock }
    guard stamp.isPlausible(at: createdAt) else { throw CollectivesRejection.implausibleHeight }
    self = stamp
  }

  /// Reads `height:hash`: one to nine digits without a leading zero, 64 lowercase hex digits of which the first eight are zeros.
  public init?(text: Text) {
    let parts = text.fields
    guard parts.count == 2, (1...9).contains(parts[0].count), let height = parts[0].decimal, height > 0,
      parts[1].count == 64, parts[1].hasPrefix("00000000"), let hash = Bytes32(hex: parts[1].bytes)
    else { return nil }
    self.init(height: UInt32(truncatingIfNeeded: height), hash: hash)
  }

  /// Whether there can have been just so many blocks at a time (S5): they come every ten minutes, with some slack on both sides.
  ///
  /// Both sides of each bound are multiplied by 60,000, so that nothing is rounded; 128 bits hold every time and height.
  func isPlausible(at time: UInt64) -> Bool {
    let slack: Int128 = 2016 * Self.scale
    let since = Int128(time) - Self.halvingTime
    if since >= 0 {
      let blocks = (Int128(height) - Self.halvingHeight) * Self.scale
      return blocks <= since * 105 + slack && blocks >= since * 95 - slack
    }
    let sinceGenesis = Int128(time) - Self.genesisTime
    let blocks = Int128(height) * Self.scale
    return blocks <= sinceGenesis * 110 + slack && blocks >= sinceGenesis * 60 - slack
  }

  /// Whether a chain that reached a height at one time may name this one at another (R7): a chain of invented heights, each a little higher, would
  /// give years of leadtime within minutes.
  func isPaced(after height: UInt32, since time: UInt64, at now: UInt64) -> Bool {
    let blocks = (Int128(self.height) - Int128(height)) * Self.scale
    return blocks <= (Int128(now) - Int128(time)) * 125 + 288 * Self.scale
  }

  /// The seconds of a block, times the hundredths in which the bounds' factors are given.
  private static let scale: Int128 = 60_000
  private static let genesisTime: Int128 = 1_231_006_505
  private static let halvingTime: Int128 = 1_713_571_767
  private static let halvingHeight: Int128 = 840_000

  /// As a tag writes it.
  public var text: String { "\(height):\(hash.hex)" }
}

extension Text {
  /// What stands between colons.
  var fields: [Text] { bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map { Text(utf8: $0) } }
}
