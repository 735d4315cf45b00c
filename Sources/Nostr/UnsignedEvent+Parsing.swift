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
}
