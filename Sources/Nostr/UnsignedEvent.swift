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
  /// The tags as JSON: the id is made of it, and then the event.
  private let tagsJSON: [UInt8]

  /// - Throws: `controlCharacter` when a tag or the content has one besides `\n`, `\t`, `\r` (U+007F is one too).
  public init(pubkey: PublicKey, createdAt: UInt64, kind: UInt64, tags: [[String]], content: String) throws(UnsignedEventError) {
    guard Self.isPlain(content), tags.allSatisfy({ $0.allSatisfy(Self.isPlain) }) else { throw .controlCharacter }
    self.pubkey = pubkey
    self.createdAt = createdAt
    self.kind = kind
    self.tags = tags
    self.content = content
    var form: [UInt8] = []
    form.reserveCapacity(Self.estimatedBytes(tags, content))
    JSONText.append("[0,\"", to: &form)
    pubkey.value.appendHex(to: &form)
    JSONText.append("\",", to: &form)
    JSONText.append(createdAt, to: &form)
    JSONText.append(",", to: &form)
    JSONText.append(kind, to: &form)
    JSONText.append(",", to: &form)
    let tagsBegin = form.count
    Self.append(tags, to: &form)
    tagsJSON = Array(form[tagsBegin...])
    JSONText.append(",", to: &form)
    JSONText.append(content.utf8, to: &form)
    JSONText.append("]", to: &form)
    id = EventID(SHA256.digest(of: form))
  }

  // The id stands for everything else.
  public static func == (left: UnsignedEvent, right: UnsignedEvent) -> Bool { left.id == right.id }
  public func hash(into hasher: inout Hasher) { hasher.combine(id) }

  private static func isPlain(_ text: String) -> Bool {
    func isPlain(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
      bytes.allSatisfy { ($0 >= 0x20 && $0 != 0x7f) || $0 == 0x0a || $0 == 0x09 || $0 == 0x0d }
    }
    return text.utf8.withContiguousStorageIfAvailable(isPlain) ?? Array(text.utf8).withUnsafeBufferPointer(isPlain)
  }

  /// About how long a JSON form is, so that most are written without moving.
  private static func estimatedBytes(_ tags: [[String]], _ content: String) -> Int {
    tags.reduce(512 + content.utf8.count) { sum, tag in tag.reduce(sum + 3) { $0 + $1.utf8.count + 3 } }
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
    var json: [UInt8] = []
    json.reserveCapacity(tagsJSON.count + content.utf8.count + 512)
    JSONText.append("{\"content\":", to: &json)
    JSONText.append(content.utf8, to: &json)
    JSONText.append(",\"created_at\":", to: &json)
    JSONText.append(createdAt, to: &json)
    JSONText.append(",\"id\":\"", to: &json)
    id.value.appendHex(to: &json)
    JSONText.append("\",\"kind\":", to: &json)
    JSONText.append(kind, to: &json)
    JSONText.append(",\"pubkey\":\"", to: &json)
    pubkey.value.appendHex(to: &json)
    if let signature {
      JSONText.append("\",\"sig\":\"", to: &json)
      json += Hex.encode(signature)
    }
    JSONText.append("\",\"tags\":", to: &json)
    json += tagsJSON
    JSONText.append("}", to: &json)
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
