// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// What stands in an event of our own, read from its JSON: the program writes it and never asks.
extension UnsignedEvent {
  private subscript(_ key: StaticString) -> JSONValue? { JSONValue(parsing: Text(utf8: json[...]))?[key] }

  public var content: String { self["content"]?.text?.string ?? "" }

  public var tags: [[String]] {
    guard case .array(let tags)? = self["tags"] else { return [] }
    return tags.map { tag in
      guard case .array(let elements) = tag else { return [] }
      return elements.compactMap { $0.text?.string }
    }
  }
}
