// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport

/// Events of any kind whose form alone is hostile: lines, tags, escapes; what nobody claims, too.
extension HostileShape {
  static let anybodys = [forms, forgotten]

  private static let formKinds: [UInt64] = [
    0, 1, 5, 7, 62, 1040, 1409, 1410, 1411, 1412, 1413, 1414, 1415, 1602, 4830, 4831, 4832, 4833, 4834, 9735, 9742, 30023, 30904, 31108,
  ]

  /// Every kind with tags and contents of every form, up to 64 KiB, and up to 16 MB from sync.
  private static let forms = HostileShape(
    name: "any.forms", state: [],
    event: [
      Dial("variant", 0...23), Dial("tags", 0...9), Dial("content", 0...4), Dial("bytes", 100...62_000), Dial("scale", 1...200), Dial("large", 0...5),
    ]
  ) { scene, _ in
    { dials in
      scene.now += 1
      let kind = formKinds[dials["variant"]]
      let isLarge = dials["large"] == 1
      let bytes = dials["bytes"] * (isLarge ? dials["scale"] : 1)
      let inTags = dials["content"] == 0 ? bytes : bytes / 2
      let tags: [[String]]
      switch dials["tags"] {
      case 0: tags = [[String]](repeating: ["", ""], count: inTags / 8)
      case 1: tags = (0..<inTags / 72).map { _ in ["e", scene.word()] }
      case 2: tags = (0..<inTags / 72).map { _ in ["p", scene.word()] }
      case 3: tags = (0..<inTags / 150).map { _ in ["a", "30904:\(scene.key(0).hex):\(scene.word())"] }
      case 4: tags = [["t", "crowdfunding"], ["t", "vote-assets"]] + [[String]](repeating: ["t", "x"], count: inTags / 10)
      case 5: tags = [[String](repeating: "", count: inTags / 3)]
      case 6: tags = [["t", String(repeating: "\\\"", count: inTags / 4)]]
      case 7: tags = [["k", "7"]] + (0..<inTags / 72).map { _ in ["e", scene.word()] }
      case 8: tags = (0..<inTags / 150).map { _ in ["a", "31108:\(scene.word()):x"] }
      default: tags = (0..<inTags / 80).map { _ in ["proposal", scene.word()] }
      }
      let left = bytes - inTags
      let content: String
      switch dials["content"] {
      case 0: content = "+1"
      case 1: content = String(repeating: "\"", count: left / 2)
      case 2: content = String(repeating: "é", count: left / 2)
      case 3: content = "{\"members\":" + String(repeating: "[", count: left)
      default: content = "{" + (0..<left / 12).map { "\"\($0)\":0" }.joined(separator: ",") + "}"
      }
      let raw = scene.key(0).json(kind: kind, createdAt: scene.now, tags: tags, content: content)
      return HostileEvent(rule: "kind \(kind)\(raw.count > 65_536 ? ", large" : "")", raw: raw, source: isLarge ? .sync : .ip4, isDry: true)
    }
  }

  /// Kinds 5 without `k`, kept aside by the thousand, and what their limits do then.
  private static let forgotten = HostileShape(
    name: "any.forgotten", state: [Dial("deletions", 1...5000), Dial("targets", 1...900)], event: [Dial("variant", 0...3), Dial("count", 1...900)]
  ) { scene, size in
    for number in 0..<size["deletions"] where !scene.isOver {
      let targets = (0..<max(1, min(size["targets"], 880))).map { _ in ["e", scene.word()] }
      try scene.send(5, by: scene.key(number / 100), targets, mayWait: true)
    }
    return { dials in
      scene.now += 1
      let targets = (0..<min(dials["count"], 880)).map { _ in ["e", scene.word()] }
      let isLater = dials["variant"] == 2
      let author = scene.key(dials["variant"] == 3 ? 0 : 1000 + Int(scene.now % 1000))
      if dials["variant"] == 1 {
        let shape = scene.campaign("\(scene.now)")
        return HostileEvent(
          rule: "a campaign that nobody named", raw: author.json(kind: 30904, createdAt: scene.now, tags: shape.tags, content: "# X"))
      }
      let rule = ["one more kind 5", "", "one more kind 5, a week later", "one more kind 5 of a known key"][dials["variant"]]
      return HostileEvent(
        rule: rule, raw: author.json(kind: 5, createdAt: scene.now, tags: targets), receivedAt: isLater ? scene.now + 8 * 86_400 : nil)
    }
  }
}
