// SPDX-License-Identifier: AGPL-3.0-or-later
import Groups
import Nostr
import TestSupport

/// What the shapes of groups build with.
enum HostileGroup {
  static let kinds = GroupKinds()
  static let day: UInt64 = 86_400

  /// 64 hex digits that stand for the account of that number.
  static func account(_ number: Int) -> String {
    let digits = String(number + 1, radix: 16)
    return String(repeating: "0", count: 64 - digits.count) + digits
  }

  static func quoted(_ words: some Sequence<String>) -> String { words.map { "\"\($0)\"" }.joined(separator: ",") }

  /// A group whose first members can sign, and that many others.
  ///
  /// - Parameters:
  ///   - signing: how many of its members have keys here: the scene's 0, 1, …
  ///   - size: how many members there are altogether, as many as there is time for.
  ///   - admin: another group that administers it.
  /// - Returns: the group and its tip.
  static func group(_ scene: HostileScene, signing: Int, size: Int, admin: String? = nil) throws -> (id: String, tip: String) {
    let keys = (0..<signing).map { scene.key($0).hex }
    let others = max(0, size - signing)
    let first = keys.prefix(450) + (0..<max(0, min(450 - keys.count, others))).map { account($0) }
    let administered = admin.map { ",\"admin\":\"\($0)\"" } ?? ""
    let id = try scene.send(kinds.initGroup, by: scene.key(0), [], "{\"members\":[\(quoted(first))]\(administered)}")
    var tip = id
    var rest = (keys.dropFirst(450) + (max(0, 450 - keys.count)..<max(others, max(0, 450 - keys.count))).map { account($0) })[...]
    while !rest.isEmpty, !scene.isOver {
      tip = try scene.send(kinds.modification, by: scene.key(0), [["group", id], ["parent", tip]], "{\"add\":[\(quoted(rest.prefix(50)))]}")
      rest = rest.dropFirst(50)
    }
    return (id, tip)
  }

  static func modification(
    _ scene: HostileScene, by author: TestKey, _ group: String, on parent: String, _ tags: [[String]] = [], _ content: String = "",
    at time: UInt64? = nil
  ) -> [UInt8] {
    author.json(kind: kinds.modification, createdAt: time ?? scene.now, tags: [["group", group], ["parent", parent]] + tags, content: content)
  }

  /// One event of each kind, at days after the present, and without being written: what an ordinary administrator sends.
  static func ordinary(
    _ scene: HostileScene, _ variant: Int, by author: TestKey, _ group: String, on parent: String, _ proposals: [String], _ time: UInt64, count: Int
  ) -> HostileEvent {
    let listed = proposals.prefix(min(32, count)).map { ["proposal", $0] }
    let rule: String
    let raw: [UInt8]
    switch variant {
    case 0:
      rule = "an addition"
      raw = modification(scene, by: author, group, on: parent, [], "{\"add\":[\"\(scene.word())\"]}", at: time)
    case 1:
      rule = "a removal proposed"
      let positions = Set((0..<count).map { _ in Int.random(in: 0..<400, using: &scene.random) }).map(String.init).joined(separator: ",")
      raw = author.json(
        kind: kinds.proposal, createdAt: time, tags: [["group", group], ["parent", parent]], content: "{\"remove\":[\(positions)]}")
    case 2:
      rule = "a vote"
      raw = author.json(kind: kinds.vote, createdAt: time, tags: [["group", group], ["proposal", proposals.last ?? group]], content: "true")
    case 3:
      rule = "proposals carried out"
      raw = modification(scene, by: author, group, on: parent, listed, at: time)
    default:
      rule = "another administrator proposed"
      raw = author.json(
        kind: kinds.proposal, createdAt: time, tags: [["group", group], ["parent", parent]], content: "{\"admin\":\"\(group)\"}")
    }
    return HostileEvent(rule: rule, raw: raw, receivedAt: time, isDry: true)
  }
}
