// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// How incoming payments reach the holders of merits (S9). The raw value is stored: never renumber.
public enum PaymentMode: UInt8, Sendable {
  /// The creator receives, every row's outstanding grows, and is paid out by hand.
  case manual = 0
  /// Each payment goes whole to one holder.
  case roundrobin = 1
  /// Each payment is split at once, away from the relay.
  case cashu = 2

  public var name: String {
    switch self {
    case .manual: "manual"
    case .roundrobin: "roundrobin"
    case .cashu: "cashu"
    }
  }

  /// The `payments` tag; absent = manual. Throws a `Rejection`.
  static func parse(_ tags: [Tag]) throws -> PaymentMode {
    var mode: PaymentMode?
    for tag in tags where tag.name == "payments" {
      guard mode == nil, let value = tag[1] else { throw CollectivesRejection.malformedMode }
      if value == "manual" {
        mode = .manual
      } else if value == "roundrobin" {
        mode = .roundrobin
      } else if value == "cashu" {
        mode = .cashu
      } else {
        throw CollectivesRejection.malformedMode
      }
    }
    return mode ?? .manual
  }
}

/// `["lud16","user@host",zapper]`: where the creator is paid, and who signs the receipts (S9).
enum ZapperTag {
  /// The zappers that an event names, ascending; nil when it names no address at all. Throws a `Rejection`.
  static func parse(_ tags: [Tag]) throws -> [PublicKey]? {
    var zappers: Set<PublicKey> = []
    var isPresent = false
    for tag in tags {
      if tag.name == "lud16" {
        guard tag.count >= 3, let address = tag[1], isAddress(address), let zapper = tag[2].flatMap({ PublicKey(hex: $0) }) else {
          throw CollectivesRejection.malformedZapper
        }
        isPresent = true
        zappers.insert(zapper)
      } else if tag.name == "zap", let address = tag[1], address.bytes.contains(UInt8(ascii: "@")) {
        // The deployed form; NIP-57 uses the name for something else, without an @.
        guard isAddress(address), let zapper = tag[2].flatMap({ PublicKey(hex: $0) }) else { throw CollectivesRejection.malformedZapper }
        isPresent = true
        zappers.insert(zapper)
      }
    }
    return isPresent ? zappers.sorted() : nil
  }

  /// `user@host`, both of letters, digits and `._+-` (LUD-16, and what is seen).
  static func isAddress(_ text: Text) -> Bool {
    let parts = text.bytes.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
    guard parts.count == 2, text.count <= 320 else { return false }
    return parts.allSatisfy { part in
      !part.isEmpty
        && part.allSatisfy { byte in
          switch byte {
          case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
          case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ":"): true
          default: false
          }
        }
    }
  }
}
