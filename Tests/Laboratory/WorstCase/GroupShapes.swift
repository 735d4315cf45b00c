// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport

/// Groups: very many administrators, proposals and votes.
extension HostileShape {
  static let groups = [limiting, electorate, nested, ballots, removals]

  static let whatHappens = [Dial("variant", 0...4), Dial("author", 0...40), Dial("days", 0...31), Dial("count", 1...32)]

  /// Open proposals that limit administrators, twenty of each sock puppet.
  private static let limiting = HostileShape(
    name: "groups.limiting", state: [Dial("proposals", 1...3200), Dial("others", 0...9000)], event: whatHappens
  ) { scene, size in
    let puppets = max(3, (size["proposals"] + 19) / 20)
    let (id, tip) = try HostileGroup.group(scene, signing: puppets + 2, size: puppets + 2 + size["others"])
    scene.now += 20 * HostileGroup.day
    var proposals: [String] = []
    for number in 0..<size["proposals"] where !scene.isOver {
      let tags = [["group", id], ["parent", tip]]
      // What is refused because there are too many does no harm.
      let position = number % 2 == 0 ? (puppets + number) % (puppets + 2 + min(400 - puppets, size["others"])) : number % puppets
      proposals.append(
        try scene.send(HostileGroup.kinds.proposal, by: scene.key(number / 20), tags, "{\"remove\":[\(position)]}", mayWait: true))
    }
    scene.now += 1
    return { dials in
      let time = scene.now + UInt64(dials["days"]) * HostileGroup.day
      let recent = Array(proposals.suffix(64).shuffled(using: &scene.random))
      return HostileGroup.ordinary(
        scene, dials["variant"], by: scene.key(dials["author"] % (puppets + 2)), id, on: tip, recent, time, count: dials["count"])
    }
  }

  /// Very many administrators, and proposals to remove some of them.
  private static let electorate = HostileShape(
    name: "groups.electorate", state: [Dial("members", 10...9500), Dial("proposals", 1...20)], event: whatHappens
  ) { scene, size in
    let (id, tip) = try HostileGroup.group(scene, signing: 10, size: size["members"])
    scene.now += 20 * HostileGroup.day
    var proposals: [String] = []
    for number in 0..<size["proposals"] {
      let positions = (number * 20..<number * 20 + 20).filter { $0 < min(450, size["members"]) }.map(String.init).joined(separator: ",")
      guard !positions.isEmpty else { break }
      proposals.append(
        try scene.send(
          HostileGroup.kinds.proposal, by: scene.key(number % 10), [["group", id], ["parent", tip]], "{\"remove\":[\(positions)]}", mayWait: true))
    }
    scene.now += 1
    return { dials in
      let time = scene.now + UInt64(dials["days"]) * HostileGroup.day
      return HostileGroup.ordinary(scene, dials["variant"], by: scene.key(dials["author"] % 12), id, on: tip, proposals, time, count: dials["count"])
    }
  }

  /// Groups within groups, some with one vote together.
  private static let nested = HostileShape(
    name: "groups.nested", state: [Dial("groups", 2...990), Dial("members", 1...9), Dial("blocks", 0...1), Dial("levels", 1...7)],
    event: whatHappens
  ) { scene, size in
    let admin = scene.key(0)
    var level: [String] = []
    for number in 0..<size["groups"] where !scene.isOver {
      let members = (0..<size["members"]).map { HostileGroup.account(number * 10 + $0) } + (number % 10 == 0 ? [admin.hex] : [])
      level.append(try scene.send(HostileGroup.kinds.initGroup, by: admin, [], "{\"members\":[\(HostileGroup.quoted(members))]}"))
    }
    for _ in 0..<size["levels"] {
      var above: [String] = []
      for start in stride(from: 0, to: level.count, by: 200) {
        let entries = level[start..<min(start + 200, level.count)].map { size["blocks"] == 1 ? "[\"\($0)\",\"groupvote\"]" : "[\"\($0)\"]" }
        above.append(
          try scene.send(HostileGroup.kinds.initGroup, by: admin, [], "{\"members\":[\(entries.joined(separator: ",")),\"\(admin.hex)\"]}"))
      }
      level = above
    }
    let root = level[0]
    scene.now += 20 * HostileGroup.day
    var proposals: [String] = []
    for number in 0..<20 {
      proposals.append(
        try scene.send(HostileGroup.kinds.proposal, by: admin, [["group", root], ["parent", root]], "{\"remove\":[\(number % 2)]}", mayWait: true))
    }
    scene.now += 1
    return { dials in
      let time = scene.now + UInt64(dials["days"]) * HostileGroup.day
      return HostileGroup.ordinary(
        scene, dials["variant"], by: scene.key(dials["author"] % 2), root, on: root, proposals, time, count: dials["count"])
    }
  }

  /// Very many votes on proposals, and modifications that name them.
  private static let ballots = HostileShape(
    name: "groups.ballots", state: [Dial("voters", 3...2000), Dial("votes", 1...5), Dial("proposals", 1...4)],
    event: [Dial("variant", 0...2), Dial("days", 0...31), Dial("named", 0...200), Dial("proposals named", 1...4)]
  ) { scene, size in
    let (id, tip) = try HostileGroup.group(scene, signing: size["voters"], size: size["voters"])
    scene.now += 20 * HostileGroup.day
    var proposals: [(id: String, votes: [String])] = []
    for number in 0..<size["proposals"] {
      let proposal = try scene.send(
        HostileGroup.kinds.proposal, by: scene.key(number), [["group", id], ["parent", tip]], "{\"remove\":[\(number % size["voters"])]}",
        mayWait: true)
      proposals.append((proposal, []))
    }
    for round in 0..<size["votes"] {
      for voter in 0..<size["voters"] where !scene.isOver {
        let number = voter % proposals.count
        let tags = [["group", id], ["proposal", proposals[number].id]]
        proposals[number].votes.append(
          try scene.send(HostileGroup.kinds.vote, by: scene.key(voter), tags, round % 2 == 0 ? "true" : "false", mayWait: true))
      }
    }
    scene.now += 1
    return { dials in
      let time = scene.now + UInt64(dials["days"]) * HostileGroup.day
      switch dials["variant"] {
      case 0:
        var tags: [[String]] = []
        for proposal in proposals.prefix(dials["proposals named"]) {
          tags += [["proposal", proposal.id]] + proposal.votes.suffix(min(dials["named"], 480 / size["proposals"])).map { ["vote", $0] }
        }
        return HostileEvent(
          rule: "a modification that names votes", raw: HostileGroup.modification(scene, by: scene.key(0), id, on: tip, tags, at: time),
          receivedAt: time, isDry: true)
      case 1:
        let raw = scene.key(1).json(
          kind: HostileGroup.kinds.vote, createdAt: time, tags: [["group", id], ["proposal", proposals[0].id]], content: "false")
        return HostileEvent(rule: "a vote", raw: raw, receivedAt: time, isDry: true)
      default:
        let raw = HostileGroup.modification(scene, by: scene.key(0), id, on: tip, [], "{\"add\":[\"\(scene.word())\"]}", at: time)
        return HostileEvent(rule: "an addition", raw: raw, receivedAt: time, isDry: true)
      }
    }
  }

  /// A large group that another one administers, of which thousands are removed at once.
  private static let removals = HostileShape(
    name: "groups.removals", state: [Dial("members", 10...20_000), Dial("proposals", 1...32), Dial("positions", 1...5000)],
    event: [Dial("variant", 0...2), Dial("count", 1...5000), Dial("listed", 1...32)]
  ) { scene, size in
    let (council, _) = try HostileGroup.group(scene, signing: 2, size: 2)
    let (id, tip) = try HostileGroup.group(scene, signing: 2, size: size["members"], admin: council)
    func positions(_ count: Int, from first: Int) -> String {
      (0..<min(count, size["members"])).map { String((first + $0) % size["members"]) }.joined(separator: ",")
    }
    var proposals: [String] = []
    for number in 0..<size["proposals"] {
      let added = (0..<50).map { HostileGroup.account(100_000 + number * 50 + $0) }
      let content =
        "{\"remove\":[\(positions(size["positions"], from: number * 17))],\"add\":[\(HostileGroup.quoted(added))]}"
      proposals.append(
        try scene.send(HostileGroup.kinds.proposal, by: scene.key(number % 2), [["group", id], ["parent", tip]], content, mayWait: true))
    }
    scene.now += 1
    return { dials in
      switch dials["variant"] {
      case 0:
        let raw = HostileGroup.modification(scene, by: scene.key(0), id, on: tip, [], "{\"remove\":[\(positions(dials["count"], from: 0))]}")
        return HostileEvent(rule: "a removal of many", raw: raw, isDry: true)
      case 1:
        let raw = HostileGroup.modification(scene, by: scene.key(0), id, on: tip, proposals.prefix(dials["listed"]).map { ["proposal", $0] })
        return HostileEvent(rule: "proposals that remove many", raw: raw, isDry: true)
      default:
        let raw = scene.key(0).json(
          kind: HostileGroup.kinds.proposal, createdAt: scene.now, tags: [["group", id], ["parent", tip]],
          content: "{\"remove\":[\(positions(dials["count"], from: 0))]}")
        return HostileEvent(rule: "a removal of many proposed", raw: raw, isDry: true)
      }
    }
  }
}
