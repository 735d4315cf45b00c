// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography

extension UnsignedEvent {
  /// Parses what `json` wrote (a `sig`, when there, is ignored). nil when it is no event, a tag has an element that is no string,
  /// a text has a control character that `init` refuses, or the id is not the event's.
  public init?(parsing json: [UInt8]) {
    guard let event = try? EventSlices.withParsed(json, requiresSignature: false, { (slices) throws(EventParseError) in try slices.decode() })
    else { return nil }
    var tags: [[String]] = []
    for tag in event.tags {
      let elements = (0..<tag.count).compactMap { tag[$0]?.string }
      guard elements.count == tag.count else { return nil }
      tags.append(elements)
    }
    guard
      let parsed = try? UnsignedEvent(
        pubkey: event.pubkey, createdAt: event.createdAt, kind: event.kind, tags: tags, content: event.content.string),
      parsed.id == event.id
    else { return nil }
    self = parsed
  }

  /// Reads `form` again. nil when the bytes are not the form of an event that `init` would make, byte for byte.
  public init?(form: [UInt8]) {
    let json: [UInt8]? = form.withUnsafeBytes { bytes in
      guard let pieces = FormPieces(bytes) else { return nil }
      var json = ByteWriter(capacity: form.count + 256)
      json.append("{\"content\":")
      json.append(pieces.content)
      json.append(",\"created_at\":")
      json.append(pieces.createdAt)
      json.append(",\"id\":\"")
      json.append(hex: SHA256.digest(of: bytes))
      json.append("\",\"kind\":")
      json.append(pieces.kind)
      json.append(",\"pubkey\":")
      json.append(pieces.pubkey)
      json.append(",\"tags\":")
      json.append(pieces.tags)
      json.append("}")
      return json.bytes
    }
    // Its id is the hash of these very bytes, so an event that reads back with it has this form.
    guard let json, let event = UnsignedEvent(parsing: json) else { return nil }
    self = event
  }
}

/// The members of `[0,pubkey,created_at,kind,tags,content]`, cut where commas stand outside of strings and inner lists. Whether each is what it should be,
/// the parser says.
private struct FormPieces {
  let pubkey, createdAt, kind, tags, content: UnsafeRawBufferPointer

  init?(_ form: UnsafeRawBufferPointer) {
    guard form.starts(with: "[0,".utf8), form.last == UInt8(ascii: "]") else { return nil }
    var members: [UnsafeRawBufferPointer] = []
    var (begin, depth, isInString) = (3, 0, false)
    var position = begin
    let end = form.count - 1
    while position < end {
      switch (form[position], isInString) {
      case (UInt8(ascii: "\""), _): isInString.toggle()
      case (UInt8(ascii: "\\"), true): position += 1
      case (UInt8(ascii: "["), false): depth += 1
      case (UInt8(ascii: "]"), false): depth -= 1
      case (UInt8(ascii: ","), false) where depth == 0 && members.count < 4:
        members.append(UnsafeRawBufferPointer(rebasing: form[begin..<position]))
        begin = position + 1
      default: break
      }
      position += 1
    }
    guard begin <= end, members.count == 4 else { return nil }
    (pubkey, createdAt, kind, tags) = (members[0], members[1], members[2], members[3])
    content = UnsafeRawBufferPointer(rebasing: form[begin..<end])
  }
}
