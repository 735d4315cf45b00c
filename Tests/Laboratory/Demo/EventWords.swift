// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// An event in a few words, for people who read the demo.
struct EventWords {
  private let event: Event

  init(_ event: Event) { self.event = event }

  var author: String { DemoCast.name(ofKey: event.pubkey.hex) ?? event.pubkey.short }

  var kind: String {
    let tags = event.tags
    switch event.kind {
    case 1: return "note"
    case 5: return "deletion"
    case 7:
      if tags.contains("t", value: "vote-assets") || tags.contains("target", value: "VOTE") { return "vote" }
      guard tags.contains("t", value: "crowdfunding") else { return "reaction" }
      return event.content.hasPrefix("+") ? "contribution" : "reaction"
    case 1985: return "label"
    case 9742: return "receipt"
    case 30904: return tags.contains("role", value: "snapshot") ? "snapshot" : "campaign"
    default: return "kind \(event.kind)"
    }
  }

  /// What it says: the amount, the title, the beginning of the text.
  var content: String {
    let tags = event.tags
    let project = tags.first(named: "project-id")?[1]?.string
    switch kind {
    case "campaign", "snapshot": return "\(project ?? "?"), \(tags.first(named: "status")?[1]?.string ?? "draft")"
    case "contribution":
      let target = tags.first(named: "target")?[1].map { " (\($0.string))" } ?? ""
      return "\(event.content.string) to \(project ?? "?")\(target)"
    case "vote": return "\(event.content.string) for \(project ?? "?")"
    case "receipt":
      let amount = tags.first(named: "amount")?[1]?.string ?? "?"
      return "\(amount) \(tags.first(named: "currency")?[1]?.string ?? "") by \(subject) to \(project ?? "?")"
    case "label":
      return "\(tags.first(named: "l")?[1]?.string ?? "?") of \(subject)"
    case "deletion": return "of \(event.tags.first(named: "e")?[1].map { String($0.string.prefix(8)) } ?? "?")"
    case "reaction": return "\(event.content.string) to \(project ?? "?")"
    default: return String(event.content.string.prefix(60))
    }
  }

  /// Whom a receipt or a label is about.
  private var subject: String {
    event.tags.first(named: "p")?[1].map { DemoCast.name(ofKey: $0.string) ?? String($0.string.prefix(8)) } ?? "?"
  }
}
