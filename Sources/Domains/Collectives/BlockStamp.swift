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
    guard UInt128(stamp.height) <= Self.highest(at: createdAt) else { throw CollectivesRejection.implausibleHeight }
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

  /// The greatest height that is plausible at a time: blocks come every ten minutes, with some slack (S5).
  static func highest(at time: UInt64) -> UInt128 {
    let halving: UInt64 = 1_713_571_767
    let genesis: UInt64 = 1_231_006_505
    if time >= halving { return 840_000 + UInt128(time - halving) * 105 / 60_000 + 2016 }
    return UInt128(time > genesis ? time - genesis : 0) * 110 / 60_000 + 2016
  }

  /// As a tag writes it.
  public var text: String { "\(height):\(hash.hex)" }
}

extension Text {
  /// What stands between colons.
  var fields: [Text] { bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false).map { Text(utf8: $0) } }
}
