// SPDX-License-Identifier: AGPL-3.0-or-later
import Groups
import Nostr
import TestSupport

/// Groups: their administrators, proposals, votes, modifications, chains and branches.
extension HostileShape {
  static let groups = [limiting, electorate, nested, chain, branches, ballots, attestations, removals]

  private static let kinds = GroupKinds()
  private static let day: UInt64 = 86_400

  /// 64 hex digits that stand for the account of that number.
  private static func account(_ number: Int) -> String {
    let digits = String(number + 1, radix: 16)
    return String(repeating: "0", count: 64 - digits.count) + digits
  }

  private static func quoted(_ words: some Sequence<String>) -> String { words.map { "\"\($0)\"" }.joined(separator: ",") }

  /// A group whose first members can sign, and that many others.
  ///
  /// - Parameters:
  ///   - signing: how many of its members have keys here: the scene's 0, 1, …
  ///   - size: how many members there are altogether, as many as there is time for.
  ///   - admin: another group that administers it.
  /// - Returns: the group and its tip.
  private static func group(_ scene: HostileScene, signing: Int, size: Int, admin: String? = nil) throws -> (id: String, tip: String) {
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

  private static func modification(
    _ scene: HostileScene, by author: TestKey, _ group: String, on parent: String, _ tags: [[String]] = [], _ content: String = "",
    at time: UInt64? = nil
  ) -> [UInt8] {
    author.json(kind: kinds.modification, createdAt: time ?? scene.now, tags: [["group", group], ["parent", parent]] + tags, content: content)
  }

  /// One event of each kind, at days after the present, and without being written: what an ordinary administrator sends.
  private static func ordinary(
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
      raw = author.json(kind: kinds.proposal, createdAt: time, tags: [["group", group], ["parent", parent]], content: "{\"remove\":[\(positions)]}")
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

  private static let whatHappens = [Dial("variant", 0...4), Dial("author", 0...40), Dial("days", 0...31), Dial("count", 1...32)]

  /// Open proposals that limit administrators, twenty of each sock puppet.
  private static let limiting = HostileShape(
    name: "groups.limiting", state: [Dial("proposals", 1...3200), Dial("others", 0...9000)], event: whatHappens
  ) { scene, size in
    let puppets = max(3, (size["proposals"] + 19) / 20)
    let (id, tip) = try group(scene, signing: puppets + 2, size: puppets + 2 + size["others"])
    scene.now += 20 * day
    var proposals: [String] = []
    for number in 0..<size["proposals"] where !scene.isOver {
      let tags = [["group", id], ["parent", tip]]
      // What is refused because there are too many does no harm.
      let position = number % 2 == 0 ? (puppets + number) % (puppets + 2 + min(400 - puppets, size["others"])) : number % puppets
      proposals.append(
        try scene.send(kinds.proposal, by: scene.key(number / 20), tags, "{\"remove\":[\(position)]}", mayWait: true))
    }
    scene.now += 1
    return { dials in
      let time = scene.now + UInt64(dials["days"]) * day
      let recent = Array(proposals.suffix(64).shuffled(using: &scene.random))
      return ordinary(
        scene, dials["variant"], by: scene.key(dials["author"] % (puppets + 2)), id, on: tip, recent, time, count: dials["count"])
    }
  }

  /// Very many administrators, and proposals to remove some of them.
  private static let electorate = HostileShape(
    name: "groups.electorate", state: [Dial("members", 10...9500), Dial("proposals", 1...20)], event: whatHappens
  ) { scene, size in
    let (id, tip) = try group(scene, signing: 10, size: size["members"])
    scene.now += 20 * day
    var proposals: [String] = []
    for number in 0..<size["proposals"] {
      let positions = (number * 20..<number * 20 + 20).filter { $0 < min(450, size["members"]) }.map(String.init).joined(separator: ",")
      guard !positions.isEmpty else { break }
      proposals.append(
        try scene.send(
          kinds.proposal, by: scene.key(number % 10), [["group", id], ["parent", tip]], "{\"remove\":[\(positions)]}", mayWait: true))
    }
    scene.now += 1
    return { dials in
      let time = scene.now + UInt64(dials["days"]) * day
      return ordinary(scene, dials["variant"], by: scene.key(dials["author"] % 12), id, on: tip, proposals, time, count: dials["count"])
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
      let members = (0..<size["members"]).map { account(number * 10 + $0) } + (number % 10 == 0 ? [admin.hex] : [])
      level.append(try scene.send(kinds.initGroup, by: admin, [], "{\"members\":[\(quoted(members))]}"))
    }
    for _ in 0..<size["levels"] {
      var above: [String] = []
      for start in stride(from: 0, to: level.count, by: 200) {
        let entries = level[start..<min(start + 200, level.count)].map { size["blocks"] == 1 ? "[\"\($0)\",\"groupvote\"]" : "[\"\($0)\"]" }
        above.append(try scene.send(kinds.initGroup, by: admin, [], "{\"members\":[\(entries.joined(separator: ",")),\"\(admin.hex)\"]}"))
      }
      level = above
    }
    let root = level[0]
    scene.now += 20 * day
    var proposals: [String] = []
    for number in 0..<20 {
      proposals.append(
        try scene.send(kinds.proposal, by: admin, [["group", root], ["parent", root]], "{\"remove\":[\(number % 2)]}", mayWait: true))
    }
    scene.now += 1
    return { dials in
      let time = scene.now + UInt64(dials["days"]) * day
      return ordinary(scene, dials["variant"], by: scene.key(dials["author"] % 2), root, on: root, proposals, time, count: dials["count"])
    }
  }

  /// A long history, to which events refer far back.
  private static let chain = HostileShape(
    name: "groups.chain", state: [Dial("length", 2...5000), Dial("meta", 0...1)],
    event: [Dial("variant", 0...5), Dial("back", 1...5000)]
  ) { scene, size in
    let admin = scene.key(0)
    let (id, _) = try group(scene, signing: 3, size: 20)
    var nodes = [id]
    for number in 0..<size["length"] where !scene.isOver {
      let content = size["meta"] == 1 ? "{\"meta\":{\"key\":\"\(number)\"}}" : "{\"add\":[\"\(account(1000 + number % 5000))\"]}"
      scene.now += 400
      nodes.append(try scene.send(modification(scene, by: admin, id, on: nodes[nodes.count - 1], [], content)))
    }
    let times = nodes.count
    let start = scene.now - UInt64(times) * 400
    return { dials in
      scene.now += 1
      let index = max(0, times - dials["back"])
      let parent = nodes[index]
      let then = start + UInt64(index) * 400 + 200
      let tags = [["group", id], ["parent", parent]]
      switch dials["variant"] {
      case 0:
        let raw = modification(scene, by: admin, id, on: parent, [], "{\"meta\":{\"word\":\"\(scene.word())\"}}", at: then)
        return HostileEvent(rule: "a branch far back, sync", raw: raw, source: .sync)
      case 1:
        let raw = scene.key(1).json(kind: kinds.proposal, createdAt: scene.now, tags: tags, content: "{\"remove\":[0]}")
        return HostileEvent(rule: "a proposal on an old node", raw: raw, isDry: true)
      case 2:
        let raw = scene.key(1).json(kind: kinds.proposal, createdAt: then, tags: tags, content: "{\"remove\":[0,1]}")
        return HostileEvent(rule: "an old proposal, sync", raw: raw, source: .sync, isDry: true)
      case 3:
        let raw = scene.key(0).json(kind: 5, createdAt: scene.now, tags: nodes.suffix(min(880, dials["back"])).map { ["e", $0] })
        return HostileEvent(rule: "a deletion of many nodes", raw: raw)
      case 4:
        let raw = modification(scene, by: admin, id, on: nodes[times - 1], [], "{\"meta\":{\"word\":\"\(scene.word())\"}}")
        return HostileEvent(rule: "a modification, live", raw: raw, isDry: true)
      default:
        let raw = modification(scene, by: scene.key(77), id, on: parent, [], "{\"add\":[\"\(scene.word())\"]}", at: then)
        return HostileEvent(rule: "a stranger's branch, sync", raw: raw, source: .sync)
      }
    }
  }

  /// Very many children of one node, from sync, and attestations that move the tip between them.
  private static let branches = HostileShape(
    name: "groups.branches", state: [Dial("branches", 2...3000), Dial("depth", 1...20)], event: [Dial("variant", 0...3), Dial("which", 0...3000)]
  ) { scene, size in
    let admin = scene.key(0)
    let id = try scene.send(
      kinds.initGroup, by: admin, [], "{\"members\":[\"\(admin.hex)\",\"\(scene.key(1).hex)\"],\"broadcast-attesters\":[\"\(scene.key(2).hex)\"]}")
    let start = scene.now
    scene.now += 100_000
    var nodes: [String] = []
    for branch in 0..<size["branches"] where !scene.isOver || branch == 0 {
      var parent = id
      for step in 0..<size["depth"] {
        let time = start + 10 + UInt64(branch * 20 + step)
        parent = try scene.send(
          modification(scene, by: scene.key(branch % 2), id, on: parent, [], "{\"add\":[\"\(account(branch * 20 + step))\"]}", at: time), .sync, mayWait: true)
      }
      nodes.append(parent)
    }
    return { dials in
      scene.now += 1
      let node = nodes[dials["which"] % nodes.count]
      switch dials["variant"] {
      case 0:
        let raw = scene.key(2).json(kind: kinds.attest, createdAt: scene.now, tags: [["group", id], ["e", node]])
        return HostileEvent(rule: "an attestation of a branch", raw: raw)
      case 1:
        let raw = modification(scene, by: admin, id, on: id, [], "{\"add\":[\"\(scene.word())\"]}", at: start + 5)
        return HostileEvent(rule: "one more branch, sync", raw: raw, source: .sync)
      case 2:
        let raw = modification(scene, by: admin, id, on: id, [], "{\"add\":[\"\(scene.word())\"]}")
        return HostileEvent(rule: "one more branch, live", raw: raw)
      default:
        let raw = modification(scene, by: admin, id, on: node, [], "{\"add\":[\"\(scene.word())\"]}")
        return HostileEvent(rule: "a modification of a branch, sync", raw: raw, source: .sync)
      }
    }
  }

  /// Very many votes on proposals, and modifications that name them.
  private static let ballots = HostileShape(
    name: "groups.ballots", state: [Dial("voters", 3...2000), Dial("votes", 1...5), Dial("proposals", 1...4)],
    event: [Dial("variant", 0...2), Dial("days", 0...31), Dial("named", 0...200), Dial("proposals named", 1...4)]
  ) { scene, size in
    let (id, tip) = try group(scene, signing: size["voters"], size: size["voters"])
    scene.now += 20 * day
    var proposals: [(id: String, votes: [String])] = []
    for number in 0..<size["proposals"] {
      let proposal = try scene.send(
        kinds.proposal, by: scene.key(number), [["group", id], ["parent", tip]], "{\"remove\":[\(number % size["voters"])]}", mayWait: true)
      proposals.append((proposal, []))
    }
    for round in 0..<size["votes"] {
      for voter in 0..<size["voters"] where !scene.isOver {
        let number = voter % proposals.count
        let tags = [["group", id], ["proposal", proposals[number].id]]
        proposals[number].votes.append(
          try scene.send(kinds.vote, by: scene.key(voter), tags, round % 2 == 0 ? "true" : "false", mayWait: true))
      }
    }
    scene.now += 1
    return { dials in
      let time = scene.now + UInt64(dials["days"]) * day
      switch dials["variant"] {
      case 0:
        var tags: [[String]] = []
        for proposal in proposals.prefix(dials["proposals named"]) {
          tags += [["proposal", proposal.id]] + proposal.votes.suffix(min(dials["named"], 480 / size["proposals"])).map { ["vote", $0] }
        }
        return HostileEvent(
          rule: "a modification that names votes", raw: modification(scene, by: scene.key(0), id, on: tip, tags, at: time), receivedAt: time, isDry: true)
      case 1:
        let raw = scene.key(1).json(kind: kinds.vote, createdAt: time, tags: [["group", id], ["proposal", proposals[0].id]], content: "false")
        return HostileEvent(rule: "a vote", raw: raw, receivedAt: time, isDry: true)
      default:
        let raw = modification(scene, by: scene.key(0), id, on: tip, [], "{\"add\":[\"\(scene.word())\"]}", at: time)
        return HostileEvent(rule: "an addition", raw: raw, receivedAt: time, isDry: true)
      }
    }
  }

  /// Very many attestations of one node.
  private static let attestations = HostileShape(
    name: "groups.attestations", state: [Dial("attestations", 1...10_000)], event: [Dial("variant", 0...1)]
  ) { scene, size in
    let admin = scene.key(0)
    let id = try scene.send(
      kinds.initGroup, by: admin, [], "{\"members\":[\"\(admin.hex)\"],\"broadcast-attesters\":[\"\(scene.key(1).hex)\"]}")
    for _ in 0..<size["attestations"] where !scene.isOver {
      try scene.send(kinds.attest, by: scene.key(1), [["group", id], ["e", id]], mayWait: true)
    }
    var tip = id
    return { dials in
      scene.now += 1
      if dials["variant"] == 0 {
        return HostileEvent(
          rule: "one more attestation", raw: scene.key(1).json(kind: kinds.attest, createdAt: scene.now, tags: [["group", id], ["e", id]]))
      }
      let raw = modification(scene, by: admin, id, on: tip, [], "{\"add\":[\"\(scene.word())\"]}")
      tip = try Event(parsing: raw).id.hex
      return HostileEvent(rule: "a modification", raw: raw)
    }
  }

  /// A large group that another one administers, of which thousands are removed at once.
  private static let removals = HostileShape(
    name: "groups.removals", state: [Dial("members", 10...20_000), Dial("proposals", 1...32), Dial("positions", 1...5000)],
    event: [Dial("variant", 0...2), Dial("count", 1...5000), Dial("listed", 1...32)]
  ) { scene, size in
    let (council, _) = try group(scene, signing: 2, size: 2)
    let (id, tip) = try group(scene, signing: 2, size: size["members"], admin: council)
    func positions(_ count: Int, from first: Int) -> String {
      (0..<min(count, size["members"])).map { String((first + $0) % size["members"]) }.joined(separator: ",")
    }
    var proposals: [String] = []
    for number in 0..<size["proposals"] {
      let content = "{\"remove\":[\(positions(size["positions"], from: number * 17))],\"add\":[\(quoted((0..<50).map { account(100_000 + number * 50 + $0) }))]}"
      proposals.append(
        try scene.send(kinds.proposal, by: scene.key(number % 2), [["group", id], ["parent", tip]], content, mayWait: true))
    }
    scene.now += 1
    return { dials in
      switch dials["variant"] {
      case 0:
        let raw = modification(scene, by: scene.key(0), id, on: tip, [], "{\"remove\":[\(positions(dials["count"], from: 0))]}")
        return HostileEvent(rule: "a removal of many", raw: raw, isDry: true)
      case 1:
        let raw = modification(scene, by: scene.key(0), id, on: tip, proposals.prefix(dials["listed"]).map { ["proposal", $0] })
        return HostileEvent(rule: "proposals that remove many", raw: raw, isDry: true)
      default:
        let raw = scene.key(0).json(
          kind: kinds.proposal, createdAt: scene.now, tags: [["group", id], ["parent", tip]],
          content: "{\"remove\":[\(positions(dials["count"], from: 0))]}")
        return HostileEvent(rule: "a removal of many proposed", raw: raw, isDry: true)
      }
    }
  }
}
