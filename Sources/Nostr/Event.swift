// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography

/// A Nostr event whose shape is right (NIP-01); neither its id nor its signature is checked: that makes a `VerifiedEvent`.
public struct Event: Sendable {
  public let id: EventID
  public let pubkey: PublicKey
  /// Seconds since 1970, as the author claims.
  public let createdAt: UInt64
  public let kind: UInt64
  public let tags: TagList
  public let content: Text
  public let signature: Signature
  /// The JSON object as it arrived, byte for byte.
  public let raw: [UInt8]

  /// Only the parser makes events, so `raw` and the fields always agree.
  init(slices: borrowing EventSlices, tags: TagList, content: Text, raw: [UInt8]) {
    id = EventID(slices.id)
    pubkey = PublicKey(slices.pubkey)
    createdAt = slices.createdAt
    kind = slices.kind
    signature = slices.signature
    self.tags = tags
    self.content = content
    self.raw = raw
  }

  /// Parses one bare event object that is the whole of `json`, by the rules of `EventSlices`.
  /// - Throws: what is wrong, in plain words.
  public init(parsing json: [UInt8]) throws(EventParseError) {
    self = try EventSlices.withParsed(json) { (slices) throws(EventParseError) in try slices.decode() }
  }

  /// How relays keep this kind.
  public var kindClass: KindClass { KindClass(kind: kind) }

  /// The address of a replaceable or addressable event, by its first `d` tag (absent: empty, NIP-01); nil for other kinds.
  public var address: Address? {
    switch kindClass {
    case .addressable: Address(kind: kind, pubkey: pubkey, identifier: tags.first(named: "d")?[1] ?? .empty)
    case .replaceable: Address(kind: kind, pubkey: pubkey, identifier: .empty)
    case .regular, .ephemeral: nil
    }
  }
}
