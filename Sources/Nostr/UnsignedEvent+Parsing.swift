// SPDX-License-Identifier: AGPL-3.0-or-later

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
    guard let members = Self.members(of: form), let pubkey = PublicKey(hex: Text(utf8: form[members[0]].dropFirst().dropLast())),
      let createdAt = Text(utf8: form[members[1]]).decimal, let kind = Text(utf8: form[members[2]]).decimal
    else { return nil }
    let event = UnsignedEvent(
      unchecked: form, pubkey: pubkey, createdAt: createdAt, kind: kind, tagsRange: members[3], contentRange: members[4])
    // Its id is the hash of these very bytes, so what reads back with it has this form.
    guard let checked = UnsignedEvent(parsing: event.json) else { return nil }
    self = checked
  }

  /// Where the members of `[0,pubkey,created_at,kind,tags,content]` lie, cut at the commas that stand outside of strings and inner lists.
  private static func members(of form: [UInt8]) -> [Range<Int>]? {
    guard form.starts(with: "[0,".utf8), form.last == UInt8(ascii: "]") else { return nil }
    var members: [Range<Int>] = []
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
        members.append(begin..<position)
        begin = position + 1
      default: break
      }
      position += 1
    }
    return members.count == 4 ? members + [begin..<end] : nil
  }
}
