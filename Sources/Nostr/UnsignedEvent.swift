// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography

/// An event that we make ourselves, before its signature.
///
/// Holds no control characters but `\n`, `\t` and `\r`: clients serialise the others in different ways, so an id over them would not hold
/// everywhere.
public struct UnsignedEvent: Sendable, Hashable {
  public let pubkey: PublicKey
  /// Seconds since 1970.
  public let createdAt: UInt64
  public let kind: UInt64
  public let tags: [[String]]
  public let content: String
  /// The SHA-256 of the NIP-01 serialisation `[0,pubkey,created_at,kind,tags,content]`.
  public let id: EventID

  /// - Throws: `controlCharacter` when a tag or the content has one besides `\n`, `\t`, `\r` (U+007F is one too).
  public init(pubkey: PublicKey, createdAt: UInt64, kind: UInt64, tags: [[String]], content: String) throws(UnsignedEventError) {
    guard Self.isPlain(content), tags.allSatisfy({ $0.allSatisfy(Self.isPlain) }) else { throw .controlCharacter }
    self.pubkey = pubkey
    self.createdAt = createdAt
    self.kind = kind
    self.tags = tags
    self.content = content
    var form = Array("[0,\"\(pubkey.hex)\",\(createdAt),\(kind),".utf8)
    Self.append(tags, to: &form)
    form.append(UInt8(ascii: ","))
    JSONText.append(content.utf8, to: &form)
    form.append(UInt8(ascii: "]"))
    id = EventID(SHA256.digest(of: form))
  }

  private static func isPlain(_ text: String) -> Bool {
    text.utf8.allSatisfy { ($0 >= 0x20 && $0 != 0x7f) || $0 == 0x0a || $0 == 0x09 || $0 == 0x0d }
  }

  /// The event as a JSON object, with id and without sig, keys in alphabetical order: the same event always gives the same bytes.
  public var json: [UInt8] { json(signature: nil) }

  /// The whole event as a JSON object, keys in alphabetical order as strfry writes them.
  /// - Throws: `foreignKey` when `key` is not the author's; `signing` when signing fails.
  public func signed(by key: SigningKey) throws(UnsignedEventError) -> [UInt8] {
    guard key.publicKey == pubkey.value else { throw .foreignKey }
    do {
      return json(signature: try key.sign(id.value))
    } catch {
      throw .signing(error)
    }
  }

  private func json(signature: [UInt8]?) -> [UInt8] {
    var json = Array("{\"content\":".utf8)
    JSONText.append(content.utf8, to: &json)
    json += ",\"created_at\":\(createdAt),\"id\":\"\(id.hex)\",\"kind\":\(kind),\"pubkey\":\"\(pubkey.hex)\"".utf8
    if let signature { json += ",\"sig\":\"\(Hex.string(signature))\"".utf8 }
    json += ",\"tags\":".utf8
    Self.append(tags, to: &json)
    json.append(UInt8(ascii: "}"))
    return json
  }

  private static func append(_ tags: [[String]], to json: inout [UInt8]) {
    json.append(UInt8(ascii: "["))
    for (index, tag) in tags.enumerated() {
      if index > 0 { json.append(UInt8(ascii: ",")) }
      json.append(UInt8(ascii: "["))
      for (index, element) in tag.enumerated() {
        if index > 0 { json.append(UInt8(ascii: ",")) }
        JSONText.append(element.utf8, to: &json)
      }
      json.append(UInt8(ascii: "]"))
    }
    json.append(UInt8(ascii: "]"))
  }
}
