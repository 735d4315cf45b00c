// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport

/// Groups: long chains, branches, and what refers to them.
extension HostileShape {
  static let groupHistories = [chain, branches, implemented, tenure, attestations]

  /// A long history, to which events refer far back.
  private static let chain = HostileShape(
    name: "groups.chain", state: [Dial("length", 2...5000), Dial("meta", 0...1)],
    event: [Dial("variant", 0...5), Dial("back", 1...5000)]
  ) { scene, size in
    let admin = scene.key(0)
    let (id, _) = try HostileGroup.group(scene, signing: 3, size: 20)
    var nodes = [id]
    for number in 0..<size["length"] where !scene.isOver {
      let content = size["meta"] == 1 ? "{\"meta\":{\"key\":\"\(number)\"}}" : "{\"add\":[\"\(HostileGroup.account(1000 + number % 5000))\"]}"
      scene.now += 400
      nodes.append(try scene.send(HostileGroup.modification(scene, by: admin, id, on: nodes[nodes.count - 1], [], content)))
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
        let raw = HostileGroup.modification(scene, by: admin, id, on: parent, [], "{\"meta\":{\"word\":\"\(scene.word())\"}}", at: then)
        return HostileEvent(rule: "a branch far back, sync", raw: raw, source: .sync)
      case 1:
        let raw = scene.key(1).json(kind: HostileGroup.kinds.proposal, createdAt: scene.now, tags: tags, content: "{\"remove\":[0]}")
        return HostileEvent(rule: "a proposal on an old node", raw: raw, isDry: true)
      case 2:
        let raw = scene.key(1).json(kind: HostileGroup.kinds.proposal, createdAt: then, tags: tags, content: "{\"remove\":[0,1]}")
        return HostileEvent(rule: "an old proposal, sync", raw: raw, source: .sync, isDry: true)
      case 3:
        let raw = scene.key(0).json(kind: 5, createdAt: scene.now, tags: nodes.suffix(min(880, dials["back"])).map { ["e", $0] })
        return HostileEvent(rule: "a deletion of many nodes", raw: raw)
      case 4:
        let raw = HostileGroup.modification(scene, by: admin, id, on: nodes[times - 1], [], "{\"meta\":{\"word\":\"\(scene.word())\"}}")
        return HostileEvent(rule: "a modification, live", raw: raw, isDry: true)
      default:
        let raw = HostileGroup.modification(scene, by: scene.key(77), id, on: parent, [], "{\"add\":[\"\(scene.word())\"]}", at: then)
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
      HostileGroup.kinds.initGroup, by: admin, [],
      "{\"members\":[\"\(admin.hex)\",\"\(scene.key(1).hex)\"],\"broadcast-attesters\":[\"\(scene.key(2).hex)\"]}")
    let start = scene.now
    scene.now += 100_000
    var nodes: [String] = []
    for branch in 0..<size["branches"] where !scene.isOver || branch == 0 {
      var parent = id
      for step in 0..<size["depth"] {
        let time = start + 10 + UInt64(branch * 20 + step)
        parent = try scene.send(
          HostileGroup.modification(
            scene, by: scene.key(branch % 2), id, on: parent, [], "{\"add\":[\"\(HostileGroup.account(branch * 20 + step))\"]}", at: time), .sync,
          mayWait: true)
      }
      nodes.append(parent)
    }
    return { dials in
      scene.now += 1
      let node = nodes[dials["which"] % nodes.count]
      switch dials["variant"] {
      case 0:
        let raw = scene.key(2).json(kind: HostileGroup.kinds.attest, createdAt: scene.now, tags: [["group", id], ["e", node]])
        return HostileEvent(rule: "an attestation of a branch", raw: raw)
      case 1:
        let raw = HostileGroup.modification(scene, by: admin, id, on: id, [], "{\"add\":[\"\(scene.word())\"]}", at: start + 5)
        return HostileEvent(rule: "one more branch, sync", raw: raw, source: .sync)
      case 2:
        let raw = HostileGroup.modification(scene, by: admin, id, on: id, [], "{\"add\":[\"\(scene.word())\"]}")
        return HostileEvent(rule: "one more branch, live", raw: raw)
      default:
        let raw = HostileGroup.modification(scene, by: admin, id, on: node, [], "{\"add\":[\"\(scene.word())\"]}")
        return HostileEvent(rule: "a modification of a branch, sync", raw: raw, source: .sync)
      }
    }
  }

  /// Very many attestations of one node.
  private static let attestations = HostileShape(
    name: "groups.attestations", state: [Dial("attestations", 1...10_000)], event: [Dial("variant", 0...1)]
  ) { scene, size in
    let admin = scene.key(0)
    let id = try scene.send(
      HostileGroup.kinds.initGroup, by: admin, [], "{\"members\":[\"\(admin.hex)\"],\"broadcast-attesters\":[\"\(scene.key(1).hex)\"]}")
    for _ in 0..<size["attestations"] where !scene.isOver {
      try scene.send(HostileGroup.kinds.attest, by: scene.key(1), [["group", id], ["e", id]], mayWait: true)
    }
    var tip = id
    return { dials in
      scene.now += 1
      if dials["variant"] == 0 {
        return HostileEvent(
          rule: "one more attestation",
          raw: scene.key(1).json(kind: HostileGroup.kinds.attest, createdAt: scene.now, tags: [["group", id], ["e", id]]))
      }
      let raw = HostileGroup.modification(scene, by: admin, id, on: tip, [], "{\"add\":[\"\(scene.word())\"]}")
      tip = try Event(parsing: raw).id.hex
      return HostileEvent(rule: "a modification", raw: raw)
    }
  }

  /// One proposal that is carried out on very many branches.
  private static let implemented = HostileShape(
    name: "groups.implemented", state: [Dial("branches", 1...2000), Dial("proposals", 1...32)],
    event: [Dial("variant", 0...2), Dial("listed", 1...32)]
  ) { scene, size in
    let (id, _) = try HostileGroup.group(scene, signing: 3, size: 40)
    scene.now += 3 * HostileGroup.day
    var proposals: [[String]] = []
    for number in 0..<size["proposals"] {
      let proposal = try scene.send(
        HostileGroup.kinds.proposal, by: scene.key(number % 3), [["group", id], ["parent", id]], "{\"add\":[\"\(scene.word())\"]}", mayWait: true)
      proposals.append(["proposal", proposal])
    }
    let start = scene.now
    scene.now += 2 * HostileGroup.day
    for branch in 0..<size["branches"] where !scene.isOver || branch == 0 {
      let raw = HostileGroup.modification(scene, by: scene.key(branch % 3), id, on: id, proposals, at: start + 1 + UInt64(branch))
      try scene.send(raw, .sync, mayWait: true)
    }
    return { dials in
      scene.now += 1
      let listed = Array(proposals.prefix(dials["listed"]))
      switch dials["variant"] {
      case 0:
        let raw = HostileGroup.modification(scene, by: scene.key(0), id, on: id, listed)
        return HostileEvent(rule: "one more that carries it out, sync", raw: raw, source: .sync, isDry: true)
      case 1:
        let tags = [["group", id]] + proposals.prefix(1)
        return HostileEvent(
          rule: "a vote on what was carried out",
          raw: scene.key(1).json(kind: HostileGroup.kinds.vote, createdAt: scene.now, tags: tags, content: "true"), isDry: true)
      default:
        let raw = scene.key(2).json(
          kind: HostileGroup.kinds.proposal, createdAt: scene.now, tags: [["group", id], ["parent", id]], content: "{\"remove\":[0]}")
        return HostileEvent(rule: "a proposal", raw: raw, isDry: true)
      }
    }
  }

  /// A group whose administrators are another's, which changed thousands of times in the last days.
  private static let tenure = HostileShape(
    name: "groups.tenure", state: [Dial("changes", 1...5000), Dial("levels", 1...6), Dial("members", 3...450)], event: whatHappens
  ) { scene, size in
    let (council, first) = try HostileGroup.group(scene, signing: 3, size: size["members"])
    var above = council
    for _ in 0..<size["levels"] {
      let content = "{\"members\":[[\"\(above)\"],[\"\(council)\",\"groupvote\"]],\"meta\":{\"level\":\"\(scene.word())\"}}"
      let nested = above == council ? "{\"members\":[[\"\(above)\"]]}" : content
      above = try scene.send(HostileGroup.kinds.initGroup, by: scene.key(0), [], nested)
    }
    let club = try scene.send(
      HostileGroup.kinds.initGroup, by: scene.key(0), [], "{\"members\":[\"\(scene.key(0).hex)\"],\"admin\":\"\(above)\"}")
    scene.now += 12 * HostileGroup.day
    var tip = first
    let step = 9 * HostileGroup.day / UInt64(size["changes"] + 1)
    for number in 0..<size["changes"] where !scene.isOver || number == 0 {
      scene.now += step
      let raw = HostileGroup.modification(scene, by: scene.key(0), council, on: tip, [], "{\"add\":[\"\(HostileGroup.account(5000 + number))\"]}")
      tip = try scene.send(raw)
    }
    scene.now += 1
    var proposals: [String] = []
    for number in 0..<20 {
      proposals.append(
        try scene.send(
          HostileGroup.kinds.proposal, by: scene.key(number % 3), [["group", club], ["parent", club]],
          number % 2 == 0 ? "{\"admin\":\"\(council)\"}" : "{\"remove\":[0]}", mayWait: true))
    }
    scene.now += 1
    return { dials in
      let time = scene.now + UInt64(dials["days"]) * HostileGroup.day
      return HostileGroup.ordinary(
        scene, dials["variant"], by: scene.key(dials["author"] % 4), club, on: club, proposals, time, count: dials["count"])
    }
  }
}
