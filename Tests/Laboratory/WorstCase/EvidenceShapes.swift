// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport

/// Collectives: rows, proofs, receipts and products, as much as one event holds.
extension HostileShape {
  static let evidence = [proofs, references, receipts, products]

  private static func proof(_ raw: [UInt8]) -> [String] { ["proof", String(decoding: raw, as: UTF8.self)] }

  /// Rows, and proofs that approve, wrap, transfer or mean nothing.
  private static let proofs = HostileShape(
    name: "collectives.proofs", state: [Dial("rows", 1...350)],
    event: [Dial("variant", 0...6), Dial("count", 1...64), Dial("inner", 1...62), Dial("padding", 0...60_000)]
  ) { scene, size in
    let creator = scene.key(0)
    var collective = Collective(scene, creator)
    try collective.ignite()
    try collective.mint(size["rows"]) { scene.key(1 + $0 % 5) }
    let stage = collective
    return { dials in
      scene.now += 1
      let room = max(1, 61_000 - 165 * stage.merits.count)
      let count = max(1, min(dials["count"], room / 700))
      let address = stage.address
      switch dials["variant"] {
      case 0:
        let (added, proofs) = stage.approved(max(1, count / 2)) { scene.key(1 + $0 % 5) }
        let rows = stage.rows + added.map { ["merit", "\($0.owner):\($0.request):0:0:\($0.amount)"] }
        return HostileEvent(rule: "approvals", raw: stage.event(proofs, rows: rows), isDry: true)
      case 1:
        let target = stage.merits[count % stage.merits.count].request
        let proofs = (0..<count).map { number in
          proof(scene.key(number).json(kind: 1410, createdAt: scene.now, tags: [["a", address], ["request", target], ["vote", "ratify"]]))
        }
        return HostileEvent(rule: "votes of strangers", raw: stage.event(proofs), isDry: true)
      case 2:
        // Wrappers: each level escapes the one below.
        let request = scene.key(1).json(kind: 1409, createdAt: scene.now, tags: [["a", address], ["merits", "1"]], content: scene.word())
        let votes = (0..<max(1, min(dials["inner"], room / 900))).map { number in
          [
            "vote",
            String(decoding: scene.key(number).json(kind: 1410, createdAt: scene.now, tags: [["a", address], ["vote", "ratify"]]), as: UTF8.self),
          ]
        }
        let wrapper = creator.json(
          kind: 1411, createdAt: scene.now, tags: [["a", address], ["request", String(decoding: request, as: UTF8.self)]] + votes)
        return HostileEvent(rule: "a wrapper of many votes", raw: stage.event([proof(wrapper)]), isDry: true)
      case 3:
        let proofs = (0..<count).map { number in
          let tags = [["a", address], ["request", stage.merits[number % stage.merits.count].request], ["p", scene.key(number).hex]]
          return proof(scene.key(1 + number % 5).json(kind: 1415, createdAt: scene.now, tags: tags))
        }
        return HostileEvent(rule: "transfers", raw: stage.event(proofs), isDry: true)
      case 4:
        let text = String(repeating: "\\", count: min(dials["padding"], room / 10, 8000))
        let profile = creator.json(kind: 0, createdAt: scene.now, content: "{\"zapper\":\"\(scene.key(1).hex)\",\"x\":\"\(text)\(text)\"}")
        return HostileEvent(rule: "a profile full of escapes", raw: stage.event([proof(profile)]), isDry: true)
      case 5:
        let tiny = (0..<min(5000, room / 12)).map { ["t", String($0 % 10)] }
        return HostileEvent(rule: "very many tags", raw: stage.event(tiny), isDry: true)
      default:
        let names = ["proof_raw", "txid:\(scene.word())"]
        return HostileEvent(rule: "transactions that are only named", raw: stage.event((0..<count).map { _ in names }), isDry: true)
      }
    }
  }

  /// Evidence that is only named, each event as large as may be.
  private static let references = HostileShape(
    name: "collectives.references", state: [Dial("satellites", 1...64), Dial("bytes", 100...64_000)],
    event: [Dial("variant", 0...1), Dial("count", 1...64)]
  ) { scene, size in
    let creator = scene.key(0)
    var collective = Collective(scene, creator)
    try collective.ignite()
    var ids: [String] = []
    for number in 0..<size["satellites"] {
      let content = String(repeating: "\\", count: size["bytes"] / 2)
      ids.append(
        try scene.send(1409, by: scene.key(1), [["a", collective.address], ["merits", String(1 + number)]], content, mayWait: true))
    }
    let stage = collective
    return { dials in
      scene.now += 1
      let named = ids.prefix(dials["count"]).map { ["proof_id", $0, "wss://relay.example"] }
      if dials["variant"] == 0 { return HostileEvent(rule: "proofs by id", raw: stage.event(named), isDry: true) }
      let raw = scene.key(3).json(
        kind: 31108, createdAt: scene.now,
        tags: collectiveTags(scene, "other\(scene.now)") + named + [["merit", "\(scene.key(3).hex):\(ids[0]):0:0:1"]])
      return HostileEvent(rule: "an ignition with proofs by id", raw: raw, isDry: true)
    }
  }

  /// Receipts, each shared among all rows.
  private static let receipts = HostileShape(
    name: "collectives.receipts", state: [Dial("rows", 1...300)],
    event: [Dial("variant", 0...2), Dial("count", 1...32), Dial("millisats", 1...1_000_000_000)]
  ) { scene, size in
    let creator = scene.key(0)
    var collective = Collective(scene, creator)
    try collective.ignite()
    try collective.mint(size["rows"]) { scene.key(1 + $0 % 5) }
    let stage = collective
    return { dials in
      scene.now += 1
      let room = max(1, 60_000 - 165 * stage.merits.count)
      let proofs = (0..<max(1, min(dials["count"], room / 1500))).map { number in
        let aim = [["a", stage.address], ["request", stage.merits[number % stage.merits.count].request], ["e", scene.word()]][dials["variant"]]
        let request = creator.json(kind: 9734, createdAt: scene.now, tags: [["p", creator.hex], aim], content: String(number))
        let tags = [
          ["p", creator.hex], ["bolt11", "lnbc\(10 * (1 + dials["millisats"]))n1qqq"], ["description", String(decoding: request, as: UTF8.self)],
        ]
        return proof(scene.key(90).json(kind: 9735, createdAt: scene.now, tags: tags))
      }
      let rule = ["receipts for all rows", "receipts for one row", "receipts for a person"][dials["variant"]]
      return HostileEvent(rule: rule, raw: stage.event(proofs), isDry: true)
    }
  }

  /// Products and their purchases.
  private static let products = HostileShape(
    name: "collectives.products", state: [Dial("products", 0...400)],
    event: [Dial("variant", 0...2), Dial("products listed", 0...800), Dial("purchases", 0...450)]
  ) { scene, size in
    let creator = scene.key(0)
    func listed(_ count: Int, _ purchases: Int = 0) -> [[String]] {
      (0..<count).map { number in
        let bought = (0..<(number == 0 ? purchases : 0)).map { _ in "\"\(scene.word()):\(scene.key(1).hex):900000\"" }
        let id = String(repeating: "0", count: 58) + String(100_000 + number)
        return ["product", "\(id):1000:0:0", ""] + (bought.isEmpty ? [] : ["[\(bought.joined(separator: ","))]"])
      }
    }
    let ignition = try scene.send(31108, by: creator, collectiveTags(scene) + listed(size["products"]))
    return { dials in
      scene.now += 1
      let pointers = [["ignition", ignition], ["previous", ignition]]
      let count = [size["products"], min(dials["products listed"], 500), 1][dials["variant"]]
      let tags = collectiveTags(scene) + pointers + listed(count, dials["variant"] == 2 ? min(dials["purchases"], 420) : 0)
      let rule = ["products as they are", "other products", "purchases"][dials["variant"]]
      return HostileEvent(rule: rule, raw: creator.json(kind: 31108, createdAt: scene.now, tags: tags), isDry: true)
    }
  }
}
