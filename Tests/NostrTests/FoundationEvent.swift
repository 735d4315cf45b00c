// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr

/// An event as Foundation's JSON parser reads it: an oracle that shares no code with ours.
struct FoundationEvent {
  let content: String
  let tags: [[Any]]

  init(_ json: [UInt8]) throws {
    let object = try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any]
    content = object?["content"] as? String ?? ""
    tags = object?["tags"] as? [[Any]] ?? []
  }

  func agrees(with event: Event) -> Bool {
    event.content.equals(content) && event.tags.count == tags.count
      && zip(event.tags, tags).allSatisfy { tag, expected in
        tag.count == expected.count && expected.indices.allSatisfy { index in agrees(tag[index], expected[index]) }
      }
  }

  private func agrees(_ text: Text?, _ expected: Any) -> Bool {
    guard let string = expected as? String else { return text == nil }
    return text.map { $0.equals(string) } ?? false
  }
}
