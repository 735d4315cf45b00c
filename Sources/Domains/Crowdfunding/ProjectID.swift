// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// A campaign's project id: `^CF-[A-Za-z0-9-]{1,64}$` (C3).
public struct ProjectID: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// ASCII, 4 to 67 bytes.
  public let bytes: [UInt8]

  public init?(_ text: Text) { self.init(ascii: text.bytes) }

  public init?(_ string: String) { self.init(ascii: Array(string.utf8)) }

  init?(ascii bytes: some Collection<UInt8>) {
    guard bytes.count <= Self.maxBytes else { return nil }
    self.init(checking: Array(bytes))
  }

  private static let maxBytes = 67

  private init?(checking bytes: [UInt8]) {
    guard (4...Self.maxBytes).contains(bytes.count), bytes[0] == UInt8(ascii: "C"), bytes[1] == UInt8(ascii: "F"), bytes[2] == UInt8(ascii: "-"),
      bytes.allSatisfy(Self.isAllowed)
    else { return nil }
    self.bytes = bytes
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
    default: false
    }
  }

  public var description: String { String(decoding: bytes, as: UTF8.self) }

  public static func < (left: ProjectID, right: ProjectID) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }

  /// As the first part of a composite key: its length, then itself, so that no project's keys begin like another's.
  var keyPrefix: [UInt8] { [UInt8(bytes.count)] + bytes }
}
