// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport

/// Collectives: their chains, members, slots and satellites.
extension HostileShape {
  static let collectives = [updates, members, slots, satellites]

  /// Tags of a collective's updates: its name and who zaps.
  static func collectiveTags(_ scene: HostileScene, _ name: String = "hostile") -> [[String]] {
    [["d", name], ["lud16", "pay@hostile", scene.key(90).hex]]
  }

  /// A long chain without merits; what continues it, what comes too late, and deletions that name all of it.
  private static let updates = HostileShape(
    name: "collectives.updates", state: [Dial("length", 2...5000), Dial("forks", 0...300)],
    event: [Dial("variant", 0...6), Dial("targets", 1...mostTargets), Dial("back", 1...5000)]
  ) { scene, size in
    let creator = scene.key(0)
    var ids = [try scene.send(31108, by: creator, collectiveTags(scene))]
    let start = scene.now
    scene.now += 10_000
    func tags(on previous: String) -> [[String]] { collectiveTags(scene) + [["ignition", ids[0]], ["previous", previous]] }
    for number in 0..<size["length"] where !scene.isOver {
      ids.append(try scene.send(31108, by: creator, tags(on: ids[ids.count - 1]), at: start + 1 + UInt64(number), .sync))
    }
    for number in 0..<size["forks"] where !scene.isOver {
      try scene.send(31108, by: creator, tags(on: ids[ids.count / 2]), "\(number)", at: start + 9000 + UInt64(number), .sync, mayWait: true)
    }
    return { dials in
      scene.now += 1
      let index = max(0, ids.count - 1 - dials["back"])
      switch dials["variant"] {
      case 0:
        let raw = creator.json(kind: 31108, createdAt: scene.now, tags: tags(on: ids[ids.count - 1]), content: scene.word())
        return HostileEvent(rule: "an update, live", raw: raw, isDry: true)
      case 1:
        let raw = creator.json(kind: 31108, createdAt: scene.now, tags: tags(on: ids[index]), content: scene.word())
        return HostileEvent(rule: "a stale update, live", raw: raw)
      case 2:
        let raw = creator.json(kind: 31108, createdAt: start + UInt64(index) + 2, tags: tags(on: ids[index]), content: scene.word())
        return HostileEvent(rule: "a fork far back, sync", raw: raw, source: .sync)
      case 3, 4:
        let raw = creator.json(kind: 5, createdAt: scene.now, tags: ids.suffix(dials["targets"]).map { ["e", $0] })
        return HostileEvent(rule: "many updates by id", raw: raw, source: dials["variant"] == 3 ? .ip4 : .sync, isDry: true)
      case 5:
        let address = [[String]](repeating: ["a", "31108:\(creator.hex):hostile"], count: min(550, dials["targets"]))
        return HostileEvent(rule: "one address many times", raw: creator.json(kind: 5, createdAt: scene.now, tags: address), isDry: true)
      default:
        let raw = creator.json(kind: 31108, createdAt: scene.now, tags: tags(on: ids[index]), content: scene.word())
        return HostileEvent(rule: "a fork that is newest, sync", raw: raw, source: .sync)
      }
    }
  }

  /// Many members, each with a chain of their own.
  private static let members = HostileShape(
    name: "collectives.members", state: [Dial("rows", 1...40), Dial("boosts", 1...500)], event: [Dial("variant", 0...2), Dial("back", 0...500)]
  ) { scene, size in
    let creator = scene.key(0)
    var collective = Collective(scene, creator)
    try collective.ignite()
    try collective.mint(size["rows"]) { _ in creator }
    // The creator's own merit gets votepower, so that others may be members by it.
    var heads = [collective.head]
    for number in 0..<size["boosts"] where !scene.isOver {
      try collective.publish(content: "\(number)")
      heads.append(collective.head)
    }
    return { dials in
      scene.now += 1
      let boost = heads[max(0, heads.count - 1 - dials["back"])]
      let author = scene.key(50)
      switch dials["variant"] {
      case 0:
        let raw = author.json(
          kind: 31108, createdAt: scene.now,
          tags: collectiveTags(scene) + [["ignition", collective.ignition], ["boostpoint", boost]] + collective.rows)
        return HostileEvent(rule: "a first update by a stranger, sync", raw: raw, source: .sync)
      case 1:
        return HostileEvent(rule: "an update with rows", raw: collective.event(content: scene.word()), isDry: true)
      default:
        let raw = creator.json(
          kind: 31108, createdAt: scene.now,
          tags: collectiveTags(scene) + [["ignition", collective.ignition], ["previous", boost]] + collective.rows, content: scene.word())
        return HostileEvent(rule: "an update of an old one, sync", raw: raw, source: .sync)
      }
    }
  }

  /// One key with very many collectives, from sync; it deletes them, or vanishes.
  private static let slots = HostileShape(
    name: "collectives.slots", state: [Dial("collectives", 1...20_000)], event: [Dial("variant", 0...3), Dial("targets", 1...mostTargets)]
  ) { scene, size in
    let creator = scene.key(0)
    var ids: [String] = []
    for number in 0..<size["collectives"] where !scene.isOver {
      ids.append(try scene.send(31108, by: creator, collectiveTags(scene, "h\(number)"), "", at: nil, .sync, mayWait: true))
    }
    return { dials in
      scene.now += 1
      switch dials["variant"] {
      case 0:
        return HostileEvent(rule: "a wish to vanish", raw: creator.json(kind: 62, createdAt: scene.now, tags: [["relay", "ALL_RELAYS"]]))
      case 1:
        let raw = creator.json(kind: 5, createdAt: scene.now, tags: ids.suffix(dials["targets"]).map { ["e", $0] })
        return HostileEvent(rule: "many collectives by id", raw: raw)
      case 2:
        let targets = (0..<min(480, dials["targets"])).map { ["a", "31108:\(creator.hex):h\($0)"] }
        return HostileEvent(rule: "many collectives by address", raw: creator.json(kind: 5, createdAt: scene.now, tags: targets))
      default:
        let raw = creator.json(kind: 31108, createdAt: scene.now, tags: collectiveTags(scene, "x\(scene.now)"))
        return HostileEvent(rule: "one more collective", raw: raw, source: dials["targets"] % 2 == 0 ? .ip4 : .sync)
      }
    }
  }

  /// Very many satellites of one collective, and satellites that name very many.
  private static let satellites = HostileShape(
    name: "collectives.satellites", state: [Dial("satellites", 1...20_000), Dial("collectives", 1...100)],
    event: [Dial("variant", 0...4), Dial("targets", 1...mostTargets), Dial("kind", 0...6)]
  ) { scene, size in
    var ignitions: [String] = []
    for number in 0..<size["collectives"] { ignitions.append(try scene.send(31108, by: scene.key(number), collectiveTags(scene))) }
    let address = "31108:\(scene.key(0).hex):hostile"
    var ids: [String] = []
    for number in 0..<size["satellites"] where !scene.isOver {
      ids.append(try scene.send(1409, by: scene.key(number % 50), [["a", address], ["merits", "1"]], "\(number)"))
    }
    return { dials in
      scene.now += 1
      let kind = [UInt64(1409), 1410, 1411, 1412, 1414, 1415, 9735][dials["kind"]]
      let author = scene.key(dials["targets"] % 50)
      switch dials["variant"] {
      case 0:
        let tags = (0..<dials["targets"]).map { ["e", $0 % 2 == 0 ? ignitions[$0 % ignitions.count] : scene.word()] }
        return HostileEvent(rule: "a satellite of many by id", raw: author.json(kind: kind, createdAt: scene.now, tags: tags))
      case 1:
        let tags = (0..<min(480, dials["targets"])).map { ["a", "31108:\($0 == 400 ? scene.key(0).hex : scene.word()):hostile"] }
        let source = dials["kind"] % 2 == 0 ? SourceType.ip4 : .sync
        return HostileEvent(rule: "a satellite of many by address", raw: author.json(kind: kind, createdAt: scene.now, tags: tags), source: source)
      case 2:
        let raw = scene.key(dials["kind"]).json(kind: 5, createdAt: scene.now, tags: ids.suffix(dials["targets"]).map { ["e", $0] })
        return HostileEvent(rule: "a deletion of many satellites", raw: raw)
      case 3:
        let raw = author.json(
          kind: kind, createdAt: scene.now, tags: [["a", address]], content: String(repeating: "\\\"x", count: dials["targets"] * 12))
        return HostileEvent(rule: "a large satellite", raw: raw)
      default:
        let raw = author.json(kind: kind, createdAt: scene.now, tags: (0..<dials["targets"]).map { _ in ["e", scene.word()] })
        return HostileEvent(rule: "a satellite that waits for many, sync", raw: raw, source: .sync)
      }
    }
  }
}
