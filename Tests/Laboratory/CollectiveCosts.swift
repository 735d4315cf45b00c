// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Cryptography
import Foundation
import Judgement
import Nostr
import Policy
import StateStore
import TestSupport

/// What the dearest events of collectives cost: each at most 64 KiB, on states that an attacker prepared with keys of their own.
enum CollectiveCosts: Subcommand {
  static let name = "collective-costs"
  static let summary = "what hostile events of collectives cost"
  static let help = """
    usage: laboratory collective-costs [UPDATES]

    Prints a line for each kind and rule: the event's bytes, the processor's time for judging it (the dearest of five), and the answer. Chains that
    are long have UPDATES (2000) updates.
    """

  static func run(_ arguments: [String]) throws -> Bool {
    let length = arguments.first.flatMap(Int.init) ?? 2000
    try shapes()
    try evidence()
    try rows()
    try chains(length)
    try forks(length)
    try deletions(length)
    try history()
    return true
  }

  private static let (creator, member, zapper) = (TestKey("cost creator"), TestKey("cost member"), TestKey("cost zapper"))
  private static let began: UInt64 = 1_718_800_000
  private static let address = ["a", "31108:\(creator.hex):cost"]

  private static func block(_ height: Int) -> [String] { ["bitcoin", "\(height):" + String(repeating: "0", count: 64)] }

  private static func update(_ time: UInt64, by key: TestKey = creator, name: String = "cost", _ tags: [[String]]) -> [UInt8] {
    key.json(kind: 31108, createdAt: time, tags: [["d", name]] + tags)
  }

  private static func proof(_ raw: [UInt8]) -> [String] { ["proof", String(decoding: raw, as: UTF8.self)] }
  private static func id(_ raw: [UInt8]) throws -> String { try Event(parsing: raw).id.hex }

  private static func request(_ owner: TestKey, _ number: Int, merits: Int = 1) -> [UInt8] {
    owner.json(kind: 1409, createdAt: began, tags: [address, ["merits", String(merits)]], content: String(number))
  }

  private static func vote(_ request: String, by key: TestKey = creator) -> [UInt8] {
    key.json(kind: 1410, createdAt: began, tags: [address, ["request", request], ["vote", "ratify"]])
  }

  private static func row(_ request: String, _ owner: TestKey, leadtime: Int = 0, height: Int = 0) -> [String] {
    ["merit", "\(owner.hex):\(request):\(leadtime):\(height):1"]
  }

  /// - Returns: whether it was accepted.
  @discardableResult
  private static func measure(_ title: String, _ raw: [UInt8], on stage: CostStage, from source: SourceType = .ip4) throws -> Bool {
    let before = stage.seconds()
    var answer = ""
    var dearest = 0.0
    var last = before
    // A refused one can come again and again; an accepted one is known the second time.
    for _ in 0..<5 {
      let said = try stage.judge(raw, from: source)
      if answer.isEmpty { answer = said }
      let now = stage.seconds()
      dearest = max(dearest, now - last)
      last = now
    }
    let milliseconds = String(format: "%8.2f ms", dearest * 1000)
    Output.line("\(milliseconds)  \(raw.count) bytes  \(title): \(answer.prefix(90))")
    Output.flush()
    return answer == "accept"
  }

  private static func filled(_ tags: [[String]], with next: (Int) -> [String]) -> [UInt8] {
    let tag = next(100)
    let size = JSONSize.of(tag)
    return update(began, tags + (0..<((63_500 - tags.reduce(0) { $0 + JSONSize.of($1) }) / size)).map { next($0 + 100) })
  }

  private static func hex(_ number: Int) -> String { String(repeating: "a", count: 56) + String(format: "%08d", number) }

  /// S2–S9: what is refused or accepted without a state.
  private static func shapes() throws {
    let stage = try CostStage()
    try measure("31108 S4, short tags", filled([]) { _ in ["x"] }, on: stage)
    try measure("31108 S6, rows", filled([["x"]]) { row(hex($0), creator) }, on: try CostStage())
    try measure("31108 S6, rows in falling order", filled([["y"]]) { row(hex(9_000_000 - $0), creator) }, on: try CostStage())
    try measure("31108 S8, products", filled([["z"]]) { ["product", hex($0) + ":1:0:0"] }, on: try CostStage())
    let purchases = (0..<400).map { "\"\(hex($0)):\(member.hex):848500\"" }.joined(separator: ",")
    try measure("31108 S8, purchases", update(began, [["product", hex(1) + ":1:0:0", "", "[\(purchases)]"]]), on: try CostStage())
    try measure("31108 S9, zappers", filled([["w"]]) { ["lud16", "a@b", hex($0)] }, on: try CostStage())
  }

  /// S10, S11, 4.8.
  private static func evidence() throws {
    let small = (0..<60).map { proof(TestKey("cost \($0)").json(kind: 1409, createdAt: began, tags: [address, ["merits", "1"]])) }
    try measure("31108 S10, 60 proofs of 60 keys", update(began, small), on: try CostStage())
    for (name, content) in [
      ("numbers", "[" + Array(repeating: "1", count: 15_000).joined(separator: ",") + "]"),
      ("lists", "[" + Array(repeating: "[]", count: 10_000).joined(separator: ",") + "]"),
      ("backslashes", String(repeating: "\\", count: 7500)),
      ("keys", "{" + (0..<2500).map { "\\u00e9\($0)" }.map { "\"\($0)\":1" }.joined(separator: ",") + "}"),
    ] {
      let profile = creator.json(kind: 0, createdAt: began, content: content)
      try measure("31108 P5, a kind 0 of \(name)", update(began, [proof(profile)]), on: try CostStage())
    }
    let tags = Array(repeating: ["e"], count: 4000)
    try measure(
      "31108 S10, a proof of short tags", update(began, [proof(member.json(kind: 1409, createdAt: began, tags: tags))]), on: try CostStage())
    let inner = (0..<60).map { ["vote", String(decoding: TestKey("cost \($0)").json(kind: 1410, createdAt: began), as: UTF8.self)] }
    let wrapper = creator.json(kind: 1411, createdAt: began, tags: inner)
    try measure("31108 P1, a wrapper of 60", update(began, [proof(wrapper)]), on: try CostStage())
    let stage = try CostStage()
    try stage.set(update(began, []))
    let large = try (0..<3).map { number -> String in
      let raw = member.json(kind: 1409, createdAt: began, tags: [address], content: String(repeating: "x", count: 21_000) + "\(number)")
      try stage.set(raw)
      return try id(raw)
    }
    let first = try id(update(began, []))
    try measure(
      "31108 S11, proofs by id, together 64 KiB",
      update(began + 10, [["ignition", first], ["previous", first]] + large.map { ["proof_id", $0] }), on: stage)
  }

  /// D1–D12 and the receipts.
  private static func rows() throws {
    let stage = try CostStage()
    var head = update(began, [["lud16", "pay@cost", zapper.hex]])
    try stage.set(head)
    let first = try id(head)
    var merits: [String] = []
    var time = began
    func next(_ tags: [[String]], rows: [[String]]) throws -> [UInt8] {
      time += 100
      return update(time, [["ignition", first], ["previous", try id(head)]] + rows + tags)
    }
    while merits.count < 400 {
      let count = min(10, 400 - merits.count)
      let requests = (0..<count).map { request(creator, merits.count + $0) }
      merits += try requests.map { try id($0) }
      let approvals = try requests.flatMap { [proof($0), proof(vote(try id($0)))] }
      guard JSONSize.of(approvals[0]) * approvals.count + merits.count * 155 < 62_000 else {
        merits.removeLast(count)
        break
      }
      head = try next(approvals, rows: merits.map { row($0, creator) })
      try stage.set(head)
    }
    let count = merits.count
    /// What is accepted is the head of what comes next.
    func follow(_ title: String, _ raw: [UInt8]) throws {
      if try measure(title, raw, on: stage) { head = raw }
    }
    try follow("31108 D8, \(count) rows as they are", try next([], rows: merits.map { row($0, creator) }))
    let locked = merits.map { row($0, creator, leadtime: 1, height: 848_600) }
    let receipt = { (number: Int) -> [UInt8] in
      let asked = creator.json(kind: 9734, createdAt: began, tags: [["p", creator.hex], address], content: String(number))
      return zapper.json(
        kind: 9735, createdAt: began,
        tags: [["p", creator.hex], ["bolt11", "lnbc\(1_000_000 + number)0n1q"], ["description", String(decoding: asked, as: UTF8.self)]])
    }
    let few = Array(merits.prefix(count))
    let room = (63_000 - count * 150) / JSONSize.of(proof(receipt(1)))
    let earning = try next((0..<room).map { proof(receipt($0)) }, rows: few.map { row($0, creator) })
    // The rows say nothing of the sats: refused once all of them are shared out.
    try follow("31108 D8, \(few.count) rows and \(room) receipts", earning)
    let transfers = few.prefix(20).map {
      proof(creator.json(kind: 1415, createdAt: began, tags: [address, ["request", $0], ["p", member.hex]]))
    }
    let moved = few.enumerated().map { row($1, $0 < 20 ? member : creator) }
    try follow("31108 D4, 20 transfers among \(count) rows", try next(transfers, rows: moved))
    let raised = zip(moved, locked).enumerated().map { $0 < 20 ? $1.0 : $1.1 }
    try follow("31108 D5, \(count - 20) leadtimes", try next([block(848_600)], rows: raised))
    try measure("9735, of a collective with \(count) rows", zapper.json(kind: 9735, createdAt: began, tags: [address]), on: stage)
    try measure("1409, of a collective with \(count) rows", member.json(kind: 1409, createdAt: began, tags: [address]), on: stage)
    let names = (0..<700).map { ["a", "31108:\(creator.hex):x\($0)"] }
    try measure("1409, 700 addresses", member.json(kind: 1409, createdAt: began, tags: names), on: stage)
  }

  /// R3–R8 at the end of a long chain.
  private static func chains(_ length: Int) throws {
    let stage = try CostStage()
    var head = update(began, [block(848_500)])
    let first = try id(head)
    var previous = first
    try stage.set(head)
    for number in 1...length {
      previous = try id(head)
      head = update(began + UInt64(number), [["ignition", first], ["previous", previous]])
      try stage.set(head)
    }
    let own = ["ignition", first]
    let time = began + UInt64(length) + 100
    try measure("31108 R3, stale after \(length)", update(time, [own, ["previous", previous]]), on: stage)
    try measure("31108 R3, stale after \(length), from sync", update(time, [own, ["previous", first]]), on: stage, from: .sync)
    try measure("31108 R7, too high after \(length)", update(time, [own, ["previous", try id(head)], block(848_900)]), on: stage)
    try measure("31108 R9, after \(length)", update(time, [own, ["previous", try id(head)], block(848_600)]), on: stage)
  }

  /// `forkPolicy: nip01`: a long branch loses.
  private static func forks(_ length: Int) throws {
    let stage = try CostStage { $0.forkPolicy = .nip01 }
    let first = update(began, [])
    let own = ["ignition", try id(first)]
    try stage.set(first)
    var previous = try id(first)
    for number in 1...length {
      let raw = update(began + UInt64(number), [own, ["previous", previous]])
      try stage.set(raw)
      previous = try id(raw)
    }
    let time = began + UInt64(length) + 100
    try measure("31108 nip01, \(length) updates lose", update(time, [own, ["previous", try id(first)], ["mission", "x"]]), on: stage)
  }

  /// Kinds 5 and 62.
  private static func deletions(_ length: Int) throws {
    let stage = try CostStage()
    let first = update(began, [])
    try stage.set(first)
    var targets = [["e", try id(first)]]
    for number in 0..<850 {
      let raw = creator.json(kind: 1409, createdAt: began, tags: [address], content: String(number))
      try stage.set(raw)
      targets.append(["e", try id(raw)])
    }
    try measure("5, 850 satellites", creator.json(kind: 5, createdAt: began, tags: targets), on: stage)
    try measure(
      "5, one address 700 times", creator.json(kind: 5, createdAt: began, tags: Array(repeating: address, count: 700)), on: stage)
    for number in 0..<31 { try stage.set(update(began, name: "other \(number)", (0..<700).map { ["product", hex($0) + ":1:0:0"] })) }
    let all = (0..<31).map { ["a", "31108:\(creator.hex):other \($0)"] }
    try measure("5, 31 collectives of 700 products", creator.json(kind: 5, createdAt: began, tags: all), on: stage)
    try measure("62, 32 chains", creator.json(kind: 62, createdAt: began, tags: [["relay", "ALL_RELAYS"]]), on: stage)
  }

  /// `checkpoint`: the last event of a history that is judged as a whole.
  private static func history() throws {
    for (title, size, count) in [("small updates", 0, 120), ("updates of 1 KiB", 1000, 120), ("more than is judged at once", 3000, 120)] {
      let stage = try CostStage { $0.checkpoint = true }
      var raws = [update(began, [])]
      let own = ["ignition", try id(raws[0])]
      for number in 1...count {
        raws.append(update(began + UInt64(number), [own, ["previous", try id(raws[number - 1])], ["x", String(repeating: "x", count: size)]]))
      }
      try stage.set(raws[count], from: .sync)
      for raw in raws[1..<count] { try stage.set(raw, from: .sync) }
      try measure("31108 checkpoint, \(count) \(title)", raws[0], on: stage, from: .sync)
    }
  }
}

private enum JSONSize {
  /// What a tag takes in an event.
  static func of(_ tag: [String]) -> Int {
    tag.reduce(2) { sum, text in sum + 3 + text.utf8.reduce(0) { $0 + ($1 == UInt8(ascii: "\"") || $1 == UInt8(ascii: "\\") ? 2 : 1) } }
  }
}

/// A state for one measurement.
private final class CostStage {
  struct Failure: Error { let message: String }

  private let folder: URL
  private let judge: Judge

  init(_ change: (inout CollectivesOptions) -> Void = { _ in }) throws {
    var options = CollectivesOptions()
    change(&options)
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("commonsguard-costs-\(UUID().uuidString)")
    let registry = DomainRegistry([CollectivesValidator(options: options)])
    let store = try StateStore(StoreOptions(directory: folder.path, tables: registry.tables, mapSizeMiB: 2048, durability: .relaxed))
    judge = try Judge(store: store, registry: registry)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func judge(_ raw: [UInt8], from source: SourceType) throws -> String {
    switch judge.judge(raw: raw, in: Circumstances(receivedAt: 1_730_000_000, source: source)).decision {
    case .accept: "accept"
    case .reject(let rejection): rejection.message
    }
  }

  func set(_ raw: [UInt8], from source: SourceType = .ip4) throws {
    let answer = try judge(raw, from: source)
    guard answer == "accept" else { throw Failure(message: "the stage is not set: \(answer)") }
  }

  /// This process's own time.
  func seconds() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }
}
