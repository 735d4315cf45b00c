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
  /// The SHA-256 of the NIP-01 serialisation `[0,pubkey,created_at,kind,tags,content]`.
  public let id: EventID
  /// That serialisation, which is the whole event (`init(form:)`). Its own JSON is made of the pieces.
  public let form: [UInt8]
  private let tagsRange, contentRange: Range<Int>

  /// - Parameter write: writes the tags.
  /// - Throws: `controlCharacter` when a tag or the content has one besides `\n`, `\t`, `\r` (U+007F is one too).
  public init(
    pubkey: PublicKey, createdAt: UInt64, kind: UInt64, content: String = "", tags write: (inout TagWriter) -> Void
  ) throws(UnsignedEventError) {
    var head = ByteWriter(capacity: 1024 + content.utf8.count)
    head.append("[0,\"")
    head.append(hex: pubkey.value)
    head.append("\",")
    head.append(decimal: createdAt)
    head.append(",")
    head.append(decimal: kind)
    head.append(",")
    let tagsBegin = head.count
    var writer = TagWriter(after: head)
    write(&writer)
    guard writer.isPlain, Self.isPlain(content) else { throw .controlCharacter }
    var form = writer.finish()
    tagsRange = tagsBegin..<form.count
    form.append(",")
    let contentBegin = form.count
    JSONText.append(content.utf8, to: &form)
    contentRange = contentBegin..<form.count
    form.append("]")
    id = EventID(form.withUnsafeBytes { SHA256.digest(of: $0) })
    self.pubkey = pubkey
    self.createdAt = createdAt
    self.kind = kind
    self.form = form.bytes
  }

  /// From a form that nobody has looked into: the caller sees to it that the pieces are what they should be.
  init(unchecked form: [UInt8], pubkey: PublicKey, createdAt: UInt64, kind: UInt64, tagsRange: Range<Int>, contentRange: Range<Int>) {
    id = EventID(SHA256.digest(of: form))
    self.pubkey = pubkey
    self.createdAt = createdAt
    self.kind = kind
    self.form = form
    self.tagsRange = tagsRange
    self.contentRange = contentRange
  }

  /// With the tags as lists of texts.
  public init(pubkey: PublicKey, createdAt: UInt64, kind: UInt64, tags: [[String]], content: String) throws(UnsignedEventError) {
    try self.init(pubkey: pubkey, createdAt: createdAt, kind: kind, content: content) { writer in
      for tag in tags {
        writer.begin()
        for element in tag { writer.add(text: element) }
      }
    }
  }

  // The id stands for everything else.
  public static func == (left: UnsignedEvent, right: UnsignedEvent) -> Bool { left.id == right.id }
  public func hash(into hasher: inout Hasher) { hasher.combine(id) }

  static func isPlain(_ text: String) -> Bool {
    func isPlain(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
      bytes.allSatisfy { ($0 >= 0x20 && $0 != 0x7f) || $0 == 0x0a || $0 == 0x09 || $0 == 0x0d }
    }
    return text.utf8.withContiguousStorageIfAvailable(isPlain) ?? Array(text.utf8).withUnsafeBufferPointer(isPlain)
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
    var json = ByteWriter(capacity: form.count + 256)
    form.withUnsafeBytes { form in
      json.append("{\"content\":")
      json.append(UnsafeRawBufferPointer(rebasing: form[contentRange]))
      json.append(",\"created_at\":")
      json.append(decimal: createdAt)
      json.append(",\"id\":\"")
      json.append(hex: id.value)
      json.append("\",\"kind\":")
      json.append(decimal: kind)
      json.append(",\"pubkey\":\"")
      json.append(hex: pubkey.value)
      if let signature {
        json.append("\",\"sig\":\"")
        json.append(Hex.encode(signature))
      }
      json.append("\",\"tags\":")
      json.append(UnsafeRawBufferPointer(rebasing: form[tagsRange]))
      json.append("}")
    }
    return json.bytes
  }
}
