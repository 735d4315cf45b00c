// SPDX-License-Identifier: AGPL-3.0-or-later

/// The name of a replaceable or addressable event: `kind:pubkey:d` (NIP-01). The `d` may be empty, and may hold colons.
public struct Address: Hashable, Sendable, CustomStringConvertible {
  public let kind: UInt64
  public let pubkey: PublicKey
  public let identifier: Text

  public init(kind: UInt64, pubkey: PublicKey, identifier: Text) {
    self.kind = kind
    self.pubkey = pubkey
    self.identifier = identifier
  }

  /// Parses the value of an `a` tag. nil unless the kind is a plain decimal, the pubkey 64 lowercase hex digits, and both colons there.
  public init?(parsing text: Text) {
    let parts = text.bytes.split(separator: 0x3a, maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let kind = Decimal.parse(parts[0]), let pubkey = PublicKey(hex: Text(utf8: parts[1])) else { return nil }
    self.init(kind: kind, pubkey: pubkey, identifier: Text(utf8: parts[2]))
  }

  /// The address as an `a` tag holds it.
  public var text: Text { Text(utf8: "\(kind):\(pubkey.hex):".utf8 + identifier.bytes) }
  public var description: String { text.string }
}
