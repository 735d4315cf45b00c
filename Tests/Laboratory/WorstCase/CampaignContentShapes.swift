// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport

/// What one campaign event can hold: JSON of every form, owners, goals, secrets to look for, references.
extension HostileShape {
  static let campaignContents = [json, owners, references]

  /// Campaigns in the JSON dialect whose content is deep, wide, escaped, or text within text.
  private static let json = HostileShape(
    name: "crowdfunding.json", state: [], event: [Dial("variant", 0...8), Dial("bytes", 100...62_000), Dial("inner", 1...200), Dial("large", 0...1)]
  ) { scene, _ in
    { dials in
      scene.now += 1
      let shape = scene.campaign("JSON-\(scene.now)")
      // From sync a line can be much larger.
      let bytes = dials["bytes"] * (dials["large"] == 1 && dials["inner"] % 2 == 0 ? 60 : 1)
      let content: String
      switch dials["variant"] {
      case 0: content = "{\"x\":" + String(repeating: "[", count: bytes / 2) + String(repeating: "]", count: bytes / 2) + "}"
      case 1: content = "{" + (0..<bytes / 12).map { "\"\($0)\":0" }.joined(separator: ",") + "}"
      case 2:
        content =
          "{\"owners\":[" + (0..<min(1000, bytes / 60)).map { "{\"email\":\"\($0)@x\",\"mode\":\"cash\",\"amount_eur\":1}" }.joined(separator: ",")
          + "]}"
      case 3: content = "{\"x\":\"" + String(repeating: "\\u0061", count: bytes / 7) + "\"}"
      case 4:
        var text = "\"salt\""
        while text.utf8.count * 2 < bytes { text = String(decoding: JSONText.quoted("{\"x\":" + text + "}"), as: UTF8.self) }
        content = "{\"x\":" + text + "}"
      case 5: content = "[" + (0..<bytes / 8).map { _ in "\"{}\"" }.joined(separator: ",") + "]"
      case 6: content = String(repeating: "nsec1", count: bytes / 5)
      case 7: content = "{\"x\":[" + (0..<bytes / 40).map { "\"{\\\"a\\\":\\\"[1,2,3]\\\"}\($0 % 10)\"" }.joined(separator: ",") + "]}"
      default:
        content = String(repeating: "{\"a\":\"", count: bytes / 12) + String(repeating: "\"}", count: bytes / 24)
      }
      let names = [
        "deep", "wide", "owners", "escapes", "texts within texts", "many small texts", "nearly secrets", "many texts with JSON", "unclosed",
      ]
      let tags = shape.tags + (dials["inner"] % 3 == 0 ? [["captain", scene.key(0).hex]] : [])
      let isLarge = bytes > 65_000
      return HostileEvent(
        rule: "a campaign, \(names[dials["variant"]])\(isLarge ? ", large" : "")",
        raw: scene.key(0).json(kind: 30904, createdAt: scene.now, tags: tags, content: content), source: isLarge ? .sync : .ip4, isDry: true)
    }
  }

  /// Tags of which a campaign has many: owners, goals, wallets, people, topics.
  private static let owners = HostileShape(
    name: "crowdfunding.tags", state: [], event: [Dial("variant", 0...5), Dial("count", 1...5000)]
  ) { scene, _ in
    { dials in
      scene.now += 1
      let shape = scene.campaign("TAGS-\(scene.now)")
      let count = dials["count"]
      let more: [[String]] =
        switch dials["variant"] {
        case 0: (0..<min(count, 480)).map { _ in ["owner", scene.word(), "commons", "1", "ZEN"] }
        case 1: (0..<min(count, 680)).map { _ in ["p", scene.word(), "", "umap"] }
        case 2: (0..<min(count, 4500)).map { _ in ["t", "x"] }
        case 3: (0..<min(count, 4500)).map { _ in ["goal", "x"] }
        case 4: (0..<min(count, 4500)).map { _ in ["", ""] }
        default: (0..<min(count, 60)).map { _ in ["description", String(repeating: "nsec", count: 250)] }
        }
      let rule = "a campaign with many \(["owners", "cells", "topics", "goals", "empty tags", "long tags"][dials["variant"]])"
      return HostileEvent(rule: rule, raw: scene.key(0).json(kind: 30904, createdAt: scene.now, tags: shape.tags + more), isDry: true)
    }
  }

  /// Reactions that name much.
  private static let references = HostileShape(
    name: "crowdfunding.references", state: [Dial("campaigns", 1...200)],
    event: [Dial("variant", 0...4), Dial("count", 1...5000), Dial("live", 0...1)]
  ) { scene, size in
    let shapes = (0..<size["campaigns"]).map { scene.campaign("R-\($0)", status: $0 % 2 == 0 ? "crowdfunding" : "vote_pending") }
    var ids: [String] = []
    for (number, shape) in shapes.enumerated() { ids.append(try scene.send(30904, by: scene.key(number % 20), shape.tags, "# R")) }
    return { dials in
      scene.now += 1
      let shape = shapes[dials["count"] % shapes.count]
      let more: [[String]] =
        switch dials["variant"] {
        case 0: (0..<min(dials["count"], mostTargets - 20)).map { ["e", ids[$0 % ids.count]] }
        case 1: (0..<min(dials["count"], mostTargets - 20)).map { ["p", shapes[$0 % shapes.count].bien] }
        case 2:
          (0..<min(dials["count"], 450)).map { ["a", "30904:\(scene.key($0 % 20).hex):crowdfund-43.60-1.44-\(shapes[$0 % shapes.count].project)"] }
        case 3: [[String]](repeating: ["project-id", shape.project], count: min(dials["count"], 1500))
        default: [[String]](repeating: ["", ""], count: min(dials["count"], 4500))
        }
      let isVote = dials["count"] % 2 == 1
      let rule = "a \(isVote ? "vote" : "contribution") with many \(["events", "people", "addresses", "project ids", "empty tags"][dials["variant"]])"
      let raw = scene.key(30).json(
        kind: 7, createdAt: scene.now, tags: more + (isVote ? shape.voteTags : shape.contributionTags), content: "+\(1 + scene.now % 1000)")
      return HostileEvent(rule: rule, raw: raw, source: dials["live"] == 1 ? .ip4 : .sync, isDry: true)
    }
  }
}
