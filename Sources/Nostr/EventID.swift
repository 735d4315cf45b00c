// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography

/// The id of an event: the SHA-256 of its NIP-01 serialisation. Ordered bytewise.
public struct EventID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let value: Bytes32

  public init(_ value: Bytes32) { self.value = value }

  /// Decodes exactly 64 lowercase hex digits; nil for anything else.
  public init?(hex: some StringProtocol) {
    guard let value = Bytes32(hex: hex.utf8) else { return nil }
    self.init(value)
  }

  /// Decodes the 64 lowercase hex digits of a tag's element; nil for anything else.
  public init?(hex: Text) {
    guard let value = hex.bytes32 else { return nil }
    self.init(value)
  }

  /// 64 lowercase hex digits.
  public var hex: String { value.hex }
  /// The 32 bytes.
  public var bytes: [UInt8] { value.bytes }
  /// The first 8 hex digits, for messages.
  public var short: String { String(hex.prefix(8)) }
  public var description: String { hex }

  public static func < (left: EventID, right: EventID) -> Bool { left.value < right.value }
}
