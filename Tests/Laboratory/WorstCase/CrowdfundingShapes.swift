// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport

/// Campaigns, their versions, votes, contributions and deletions.
extension HostileShape {
  static let crowdfunding = [versions, votes, retractions, folds, contributions, addresses, waiting, kept]

  /// How many `e` tags fit into 64 KiB.
  static let mostTargets = 900

  private static func deletion(_ scene: HostileScene, by author: TestKey, _ targets: [[String]], _ kinds: [String], at createdAt: UInt64? = nil)
    -> [UInt8]
  {
    scene.now += 1
    return author.json(kind: 5, createdAt: createdAt ?? scene.now, tags: kinds.map { ["k", $0] } + targets)
  }

  /// One campaign with many versions; kinds 5 that name them, by id and by address, the same or each; versions and contributions dated among them.
  private static let versions = HostileShape(
    name: "crowdfunding.versions", state: [Dial("versions", 20...5000)],
    event: [Dial("variant", 0...9), Dial("targets", 1...mostTargets), Dial("back", 0...5000)]
  ) { scene, size in
    let captain = scene.key(0)
    let shape = scene.campaign("VERSIONS", status: "draft")
    let start = scene.now
    var ids: [String] = []
    for number in 0..<size["versions"] where !scene.isOver { ids.append(try scene.send(30904, by: captain, shape.tags, "\(number)")) }
    let address = "30904:\(captain.hex):crowdfund-43.60-1.44-\(shape.project)"
    return { dials in
      let count = dials["targets"]
      let among = start + UInt64(max(1, ids.count - dials["back"]))
      let kinds = dials["targets"] % 2 == 0 ? ["30904"] : []
      switch dials["variant"] {
      case 0:
        scene.now += 1
        return HostileEvent(rule: "a version, live", raw: captain.json(kind: 30904, createdAt: scene.now, tags: shape.tags, content: scene.word()))
      case 1:
        let raw = captain.json(kind: 30904, createdAt: among, tags: shape.tags, content: scene.word())
        return HostileEvent(rule: "a version dated among others, sync", raw: raw, source: .sync)
      case 2, 3:
        let tags = [[String]](repeating: ["a", address], count: min(count, 480))
        let raw = deletion(scene, by: captain, tags, kinds, at: dials["variant"] == 2 ? nil : start + 1)
        return HostileEvent(rule: "one address many times", raw: raw, source: dials["variant"] == 2 ? .ip4 : .sync)
      case 4, 5:
        let raw = deletion(scene, by: captain, ids.suffix(count).map { ["e", $0] }, kinds)
        return HostileEvent(rule: "many versions by id", raw: raw, source: dials["variant"] == 4 ? .ip4 : .sync)
      case 6:
        return HostileEvent(rule: "another's versions by id", raw: deletion(scene, by: scene.key(1), ids.suffix(count).map { ["e", $0] }, kinds))
      case 7:
        let raw = scene.key(1).json(kind: 7, createdAt: among, tags: shape.contributionTags, content: "+\(1 + count)")
        return HostileEvent(rule: "a contribution dated among versions, sync", raw: raw, source: .sync)
      case 8:
        let raw = scene.key(2).json(kind: 7, createdAt: among, tags: shape.voteTags, content: "+\(1 + count)")
        return HostileEvent(rule: "a vote dated among versions, sync", raw: raw, source: .sync)
      default:
        scene.now += 1
        let raw = scene.key(1).json(kind: 7, createdAt: scene.now, tags: shape.contributionTags, content: "+1")
        return HostileEvent(rule: "a contribution, live", raw: raw)
      }
    }
  }

  /// A vote with very many ballots, some taken back, one dated ahead.
  private static let votes = HostileShape(
    name: "crowdfunding.votes", state: [Dial("votes", 20...20_000), Dial("deletions", 0...200), Dial("ahead", 0...1)],
    event: [Dial("variant", 0...6), Dial("targets", 1...mostTargets)]
  ) { scene, size in
    let shape = scene.campaign("VOTES", status: "vote_pending")
    try scene.send(30904, by: scene.key(0), shape.tags, "# A vote")
    let start = scene.now
    var ids: [String] = []
    for number in 0..<size["votes"] where !scene.isOver { ids.append(try scene.send(7, by: scene.key(number + 1), shape.voteTags, "+1")) }
    var left = ids.count
    for number in 0..<min(size["deletions"], ids.count) where !scene.isOver || number == 0 {
      try scene.send(5, by: scene.key(number + 1), [["k", "7"], ["e", ids[number]]])
      left -= 1
    }
    if size["ahead"] == 1 { try scene.send(7, by: scene.key(100_000), shape.voteTags, "+1", at: scene.now + 899) }
    var next = 200_000
    return { dials in
      scene.now += 1
      next += 1
      let voter = scene.key(min(ids.count, size["deletions"] + 1 + dials["targets"]))
      func vote(by key: TestKey, at time: UInt64) -> [UInt8] {
        key.json(kind: 7, createdAt: time, tags: shape.voteTags, content: "+\(1 + next % 1000)")
      }
      switch dials["variant"] {
      case 0: return HostileEvent(rule: "a vote, live", raw: vote(by: scene.key(next), at: scene.now))
      case 1: return HostileEvent(rule: "a second vote, live", raw: vote(by: voter, at: scene.now))
      case 2: return HostileEvent(rule: "a second vote, sync", raw: vote(by: voter, at: start + UInt64(dials["targets"])), source: .sync)
      case 3: return HostileEvent(rule: "a vote dated first, sync", raw: vote(by: scene.key(next), at: start + 1), source: .sync)
      case 4:
        left -= 1
        let raw = scene.key(max(1, left)).json(kind: 5, createdAt: scene.now, tags: [["k", "7"], ["e", ids[max(0, left - 1)]]])
        return HostileEvent(rule: "a vote taken back, live", raw: raw)
      case 5:
        let raw = scene.key(1).json(kind: 5, createdAt: scene.now, tags: ids.prefix(dials["targets"]).map { ["e", $0] })
        return HostileEvent(rule: "others' votes by id", raw: raw)
      default:
        let raw = scene.key(0).json(kind: 30904, createdAt: scene.now, tags: shape.tags, content: "\(next)")
        return HostileEvent(rule: "a version, live", raw: raw)
      }
    }
  }

  /// From sync: very many votes of one key, and kinds 5 that each name all of them.
  private static let retractions = HostileShape(
    name: "crowdfunding.retractions", state: [Dial("votes", 1...880), Dial("deletions", 1...500)],
    event: [Dial("variant", 0...2), Dial("back", 0...2000)]
  ) { scene, size in
    let shape = scene.campaign("RETRACTIONS", status: "vote_pending")
    try scene.send(30904, by: scene.key(0), shape.tags, "# A vote")
    let start = scene.now
    var ids: [String] = []
    for number in 0..<size["votes"] where !scene.isOver {
      ids.append(try scene.send(7, by: scene.key(1), shape.voteTags, "+\(1 + number)", at: nil, .sync))
    }
    let named = [["k", "7"]] + ids.map { ["e", $0] }
    for _ in 0..<size["deletions"] where !scene.isOver { try scene.send(5, by: scene.key(1), named, "", at: nil, .sync) }
    return { dials in
      scene.now += 1
      let time = max(start + 1, scene.now - UInt64(dials["back"]))
      switch dials["variant"] {
      case 0:
        return HostileEvent(
          rule: "a vote, live", raw: scene.key(Int(scene.now % 100_000)).json(kind: 7, createdAt: scene.now, tags: shape.voteTags, content: "+1"))
      case 1:
        let raw = scene.key(Int(scene.now % 100_000)).json(kind: 7, createdAt: time, tags: shape.voteTags, content: "+1")
        return HostileEvent(rule: "a vote, sync", raw: raw, source: .sync)
      default:
        return HostileEvent(
          rule: "all votes named once more, sync", raw: scene.key(1).json(kind: 5, createdAt: time, tags: named), source: .sync)
      }
    }
  }

  /// From sync: versions, contributions before them that are in no phase, and as many deletions that each name one version.
  private static let folds = HostileShape(
    name: "crowdfunding.folds", state: [Dial("versions", 1...400), Dial("contributions", 1...400), Dial("deletions", 1...400)],
    event: [Dial("variant", 0...4), Dial("back", 0...30_000)]
  ) { scene, size in
    let captain = scene.key(0)
    let shape = scene.campaign("FOLDS")
    let start = scene.now
    scene.now += 100_000
    try scene.send(30904, by: captain, shape.tags, "# First", at: start, .sync)
    for number in 0..<size["contributions"] {
      try scene.send(7, by: scene.key(1 + number % 50), shape.contributionTags, "+\(1 + number % 1000)", at: start + 100 + UInt64(number), .sync)
    }
    var ids: [String] = []
    for number in 0..<size["versions"] where !scene.isOver {
      ids.append(try scene.send(30904, by: captain, shape.tags, "\(number)", at: start + 10_000 + UInt64(number), .sync))
    }
    // Dated before all of it, and sent after it.
    let end = scene.campaign("FOLDS", status: "cancelled").tags
    try scene.send(30904, by: captain, end, "# Ended", at: start + 50, .sync, mayWait: true)
    for number in 0..<min(ids.count, size["deletions"]) where !scene.isOver || number == 0 {
      try scene.send(5, by: captain, [["k", "30904"], ["e", ids[number]]], at: start + 20_000 + UInt64(number), .sync)
    }
    return { dials in
      scene.now += 1
      let time = scene.now - UInt64(dials["back"])
      switch dials["variant"] {
      case 0:
        return HostileEvent(
          rule: "a stranger's contribution, live", raw: scene.key(99).json(kind: 7, createdAt: scene.now, tags: shape.contributionTags, content: "+5")
        )
      case 1:
        let raw = scene.key(98).json(kind: 7, createdAt: time, tags: shape.contributionTags, content: "+6")
        return HostileEvent(rule: "a contribution, sync", raw: raw, source: .sync)
      case 2:
        let raw = captain.json(kind: 30904, createdAt: time, tags: shape.tags, content: scene.word())
        return HostileEvent(rule: "a version, sync", raw: raw, source: .sync)
      case 3:
        let raw = captain.json(kind: 5, createdAt: time, tags: [["k", "30904"]] + ids.map { ["e", $0] })
        return HostileEvent(rule: "a deletion of all versions, sync", raw: raw, source: .sync)
      default:
        let raw = scene.key(97).json(kind: 7, createdAt: time, tags: shape.voteTags, content: "+6")
        return HostileEvent(rule: "a vote, sync", raw: raw, source: .sync)
      }
    }
  }

  /// A campaign with very many contributions, of which a version was deleted: its history matters.
  private static let contributions = HostileShape(
    name: "crowdfunding.contributions", state: [Dial("contributions", 20...20_000), Dial("deleted", 0...1)],
    event: [Dial("variant", 0...4), Dial("targets", 1...mostTargets)]
  ) { scene, size in
    let captain = scene.key(0)
    let shape = scene.campaign("MONEY")
    let start = scene.now
    let first = try scene.send(30904, by: captain, shape.tags, "# Money")
    try scene.send(30904, by: captain, shape.tags, "# Money again")
    var ids: [String] = []
    for number in 0..<size["contributions"] where !scene.isOver {
      ids.append(try scene.send(7, by: scene.key(1 + number % 500), shape.contributionTags, "+\(1 + number % 1000)"))
    }
    if size["deleted"] == 1 { try scene.send(5, by: captain, [["k", "30904"], ["e", first]], at: start + 3, .sync) }
    return { dials in
      scene.now += 1
      switch dials["variant"] {
      case 0:
        let raw = scene.key(501).json(kind: 7, createdAt: scene.now, tags: shape.contributionTags, content: "+\(dials["targets"])")
        return HostileEvent(rule: "a contribution, live", raw: raw)
      case 1:
        let raw = scene.key(502).json(
          kind: 7, createdAt: start + UInt64(dials["targets"]), tags: shape.contributionTags, content: "+\(1 + scene.now % 1000)")
        return HostileEvent(rule: "a contribution dated first, sync", raw: raw, source: .sync)
      case 2:
        let raw = captain.json(
          kind: 5, createdAt: scene.now, tags: [["k", "30904"], ["a", "30904:\(captain.hex):crowdfund-43.60-1.44-\(shape.project)"]])
        return HostileEvent(rule: "the campaign's deletion", raw: raw)
      case 3:
        let raw = scene.key(1).json(
          kind: 5, createdAt: scene.now,
          tags: [["k", "7"]] + (0..<dials["targets"]).compactMap { $0 * 500 < ids.count ? ["e", ids[$0 * 500]] : nil })
        return HostileEvent(rule: "one's contributions by id", raw: raw)
      default:
        return HostileEvent(rule: "a version, live", raw: captain.json(kind: 30904, createdAt: scene.now, tags: shape.tags, content: scene.word()))
      }
    }
  }

  /// Many campaigns of one key; a kind 5 that names them all by address.
  private static let addresses = HostileShape(
    name: "crowdfunding.addresses", state: [Dial("campaigns", 1...450), Dial("versions", 1...20)],
    event: [Dial("variant", 0...3), Dial("targets", 1...450)]
  ) { scene, size in
    let captain = scene.key(0)
    var names: [String] = []
    for number in 0..<size["campaigns"] where !scene.isOver {
      let shape = scene.campaign("\(number)", status: "draft")
      for version in 0..<size["versions"] { try scene.send(30904, by: captain, shape.tags, "\(version)") }
      names.append("crowdfund-43.60-1.44-\(shape.project)")
    }
    return { dials in
      let own = names.prefix(dials["targets"]).map { ["a", "30904:\(captain.hex):\($0)"] }
      let isLive = dials["variant"] % 2 == 0
      if dials["variant"] < 2 {
        return HostileEvent(
          rule: "many campaigns by address", raw: deletion(scene, by: captain, own, ["30904"]), source: isLive ? .ip4 : .sync)
      }
      let foreign = (0..<dials["targets"]).map { ["a", "30904:\(scene.key(1).hex):\($0)"] }
      return HostileEvent(
        rule: "many unknown addresses", raw: deletion(scene, by: scene.key(1), foreign, isLive ? ["30904"] : []), source: isLive ? .ip4 : .sync)
    }
  }

  /// Ten thousand contributions by a hundred keys that wait for one campaign; it comes, or a week passes.
  private static let waiting = HostileShape(
    name: "crowdfunding.waiting", state: [Dial("parked", 1...10_000), Dial("campaigns", 1...3)], event: [Dial("variant", 0...2)]
  ) { scene, size in
    let shapes = (0..<size["campaigns"]).map { scene.campaign("LATE-\($0)") }
    let start = scene.now
    for number in 0..<size["parked"] where !scene.isOver {
      try scene.send(
        7, by: scene.key(1 + number % 101), shapes[number % shapes.count].contributionTags, "+\(1 + number % 1000)", at: nil, .sync, mayWait: true)
    }
    var next = 0
    return { dials in
      scene.now += 1
      next += 1
      let shape = next <= shapes.count ? shapes[next - 1] : scene.campaign("OTHER-\(next)")
      if dials["variant"] == 0 {
        let raw = scene.key(0).json(kind: 30904, createdAt: start, tags: shape.tags, content: "# Late")
        return HostileEvent(rule: "what others wait for", raw: raw, source: .sync)
      }
      let isLater = dials["variant"] == 2
      let raw = scene.key(200 + next).json(kind: 7, createdAt: start, tags: scene.campaign("NEVER").contributionTags, content: "+\(1 + next % 1000)")
      return HostileEvent(
        rule: isLater ? "one more that waits, a week later" : "one more that waits", raw: raw, source: .sync,
        receivedAt: isLater ? scene.now + 8 * 86_400 : nil)
    }
  }

  /// Kinds 5 without `k` that are kept aside, each with hundreds of targets, all summoned by one event.
  private static let kept = HostileShape(
    name: "crowdfunding.kept",
    state: [Dial("deletions", 1...100), Dial("targets", 1...mostTargets), Dial("authors", 1...8), Dial("addresses", 0...1)],
    event: [Dial("variant", 0...0)]
  ) { scene, size in
    var targets: [[UInt8]] = []
    for author in 0..<size["authors"] where author == 0 || !scene.isOver {
      let key = scene.key(author)
      let shape = scene.campaign("KEPT-\(author)", status: "draft")
      let campaign = key.json(kind: 30904, createdAt: scene.now - 100, tags: shape.tags, content: "# Kept")
      let id = try Event(parsing: campaign).id.hex
      let address = "30904:\(key.hex):crowdfund-43.60-1.44-\(shape.project)"
      targets.append(campaign)
      for _ in 0..<size["deletions"] {
        let others = (1..<max(2, size["targets"])).map { _ in ["e", scene.word()] }
        let named = size["addresses"] == 1 ? [["a", address]] : [["e", id]]
        try scene.send(5, by: key, named + others.prefix(size["addresses"] == 1 ? 880 : 890), mayWait: true)
      }
    }
    var next = 0
    return { _ in
      defer { next += 1 }
      return HostileEvent(rule: next < targets.count ? "what kept deletions name" : "a known campaign", raw: targets[min(next, targets.count - 1)])
    }
  }
}
