// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc
import Groups
import Judgement
import Nostr
import Policy
import StateStore
import TestSupport

/// `laboratory group-bench`: what groups cost: a thousand nested ones (GT-X06), and one of 10,000 members with 100,000 modifications.
enum GroupBench: Subcommand {
  static let name = "group-bench"
  static let summary = "what groups cost: a thousand nested ones, and a large one with a long history"
  static let help = """
    usage: laboratory group-bench [MODIFICATIONS] [forked]

    Judges in a group of 10,000 members with so many modifications (100,000); with `forked`, one of the first has two children.
    """

  static func run(_ arguments: [String]) throws -> Bool {
    try run(modifications: arguments.first.flatMap(Int.init) ?? 100_000, isForked: arguments.last == "forked")
    return true
  }

  private static let start: UInt64 = 1_700_000_000

  /// A state of its own, removed at the end.
  private final class Bench {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("group-bench-\(UUID().uuidString)").path
    let store: StateStore
    private(set) var judge: Judge
    let options = GroupsOptions()
    var rawBytes = 0
    var now = GroupBench.start

    init() throws {
      let validator = GroupsValidator(options: options)
      store = try StateStore(StoreOptions(directory: path, tables: validator.tables, mapSizeMiB: 4096, durability: .relaxed))
      judge = try Judge(store: store, registry: DomainRegistry([validator]))
    }

    /// As a program that was just started: nothing is cached.
    func restart() throws { judge = try Judge(store: store, registry: DomainRegistry([GroupsValidator(options: options)])) }

    func remove() { try? FileManager.default.removeItem(atPath: path) }

    func event(_ kind: UInt64, by author: TestKey, _ tags: [[String]], _ content: String) -> [UInt8] {
      now += 1
      return author.json(kind: kind, createdAt: now, tags: tags, content: content)
    }

    @discardableResult
    func send(_ json: [UInt8], _ source: SourceType = .ip4) throws -> EventID {
      let judgement = judge.judge(raw: json, in: Circumstances(receivedAt: now, source: source))
      guard judgement.decision == .accept else { throw Failure(what: "\(judgement.decision)") }
      rawBytes += json.count
      return try Event(parsing: json).id
    }

    /// Milliseconds of one judgement on a snapshot: verification and all checks, no commit. By the wall, and by this thread's processor time, which
    /// leaves out what other programs on a busy machine take.
    func judged(_ json: [UInt8]) throws -> (wall: Double, own: Double) {
      let (began, own) = (ContinuousClock.now, GroupBench.processorTime())
      let explanation = try judge.explain(raw: json, in: Circumstances(receivedAt: now, source: .ip4))
      let (taken, ownTaken) = (began.duration(to: .now), GroupBench.processorTime() - own)
      guard explanation.decision == .accept else { throw Failure(what: "\(explanation.decision)") }
      return (GroupBench.milliseconds(taken), ownTaken)
    }
  }

  private struct Failure: Error { let what: String }

  private static func milliseconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) * 1000 + Double(duration.components.attoseconds) / 1e15
  }

  /// Of this thread, in milliseconds.
  private static func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1e6
  }

  private static func report(_ name: String, _ samples: [(wall: Double, own: Double)]) {
    report(name, samples.map(\.wall))
    report("  of it processor time", samples.map(\.own))
  }

  private static func report(_ name: String, _ samples: [Double]) {
    let sorted = samples.sorted()
    guard let last = sorted.last else { return }
    func at(_ share: Double) -> Double { sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] }
    print("\(name): p50 \(format(at(0.5))) ms, p99 \(format(at(0.99))) ms, max \(format(last)) ms (\(sorted.count))")
  }

  private static func format(_ number: Double) -> String { String(format: "%.3f", number) }
  private static func names(_ range: Range<Int>) -> [String] { range.map { String(repeating: "0", count: 56) + String(format: "%08x", $0 + 1) } }
  private static func list(_ entries: [String]) -> String { entries.joined(separator: ",") }
  private static func quoted(_ keys: [String]) -> String { list(keys.map { "\"\($0)\"" }) }

  /// - Parameters:
  ///   - modifications: how many the large group gets.
  ///   - isForked: one of its first nodes gets a second child, so that every line behind it has to be followed.
  static func run(modifications: Int, isForked: Bool) throws {
    try nested()
    try large(modifications, isForked: isForked)
  }

  private static func nested() throws {
    let bench = try Bench()
    defer { bench.remove() }
    let kinds = bench.options.kinds
    let admin = TestKey("bench admin")
    var level = try names(0..<990).map { try bench.send(bench.event(kinds.initGroup, by: admin, [], "{\"members\":[\"\($0)\"]}")) }
    for _ in 0..<7 {
      level = try stride(from: 0, to: level.count, by: 200).map { start in
        let nested = level[start..<min(start + 200, level.count)].map { "[\"\($0.hex)\"]" }
        return try bench.send(bench.event(kinds.initGroup, by: admin, [], "{\"members\":[\(list(nested + ["\"\(admin.hex)\""]))]}"))
      }
    }
    let root = level[0]
    bench.now += 20 * 86_400
    func tags() -> [[String]] { [["group", root.hex], ["parent", root.hex]] }
    report(
      "a modification over a thousand nested groups",
      try (0..<50).map { try bench.judged(bench.event(kinds.modification, by: admin, tags(), "{\"add\":[\"\(names(5000 + $0..<5001 + $0)[0])\"]}")) })
    let proposal = try bench.send(bench.event(kinds.proposal, by: admin, tags(), "{\"remove\":[0]}"))
    report(
      "a vote over a thousand nested groups",
      try (0..<20).map { _ in
        try bench.judged(bench.event(kinds.vote, by: admin, [["group", root.hex], ["proposal", proposal.hex]], "true"))
      })
  }

  private static func large(_ modifications: Int, isForked: Bool) throws {
    let bench = try Bench()
    defer { bench.remove() }
    let kinds = bench.options.kinds
    let admin = TestKey("bench admin")
    let council = try bench.send(bench.event(kinds.initGroup, by: admin, [], "{\"members\":[\"\(admin.hex)\"]}"))
    let group = try bench.send(bench.event(kinds.initGroup, by: admin, [], "{\"members\":[\(quoted(names(0..<400)))],\"admin\":\"\(council.hex)\"}"))
    var tip = group
    var next = 400
    while next < 10_000 {
      let adds = names(next..<min(next + 50, 10_000))
      tip = try bench.send(bench.event(kinds.modification, by: admin, [["group", group.hex], ["parent", tip.hex]], "{\"add\":[\(quoted(adds))]}"))
      next += adds.count
    }
    let before = try bench.store.information().usedBytes
    bench.rawBytes = 0
    var random = SplitMix64(seed: 7)
    var whole: [(wall: Double, own: Double)] = []
    for index in 0..<modifications {
      let content = "{\"remove\":[\(Int.random(in: 0..<10_000, using: &random))],\"add\":[\"\(names(next..<next + 1)[0])\"]}"
      next += 1
      let json = bench.event(kinds.modification, by: admin, [["group", group.hex], ["parent", tip.hex]], content)
      let parent = tip
      let (began, own) = (ContinuousClock.now, processorTime())
      tip = try bench.send(json)
      whole.append((milliseconds(began.duration(to: .now)), processorTime() - own))
      if isForked, index == 10 {
        // The later of two children loses.
        let rival = bench.event(kinds.modification, by: admin, [["group", group.hex], ["parent", parent.hex]], "{\"add\":[\"\(admin.hex)\"]}")
        try bench.send(rival, .sync)
      }
      if index % 1000 == 999 { FileHandle.standardError.write(Data("\rmodification \(index + 1) of \(modifications)".utf8)) }
    }
    FileHandle.standardError.write(Data("\n".utf8))
    report("a modification of 10,000 members, judged and committed (relaxed)", whole)
    report(
      "the next modification, judged",
      try (0..<200).map { index in
        try bench.judged(
          bench.event(
            kinds.modification, by: admin, [["group", group.hex], ["parent", tip.hex]],
            "{\"remove\":[\(index * 49)],\"add\":[\"\(names(next..<next + 1)[0])\"]}"))
      })
    report(
      "the same, by a program just started",
      try (0..<50).map { index in
        try bench.restart()
        return try bench.judged(
          bench.event(
            kinds.modification, by: admin, [["group", group.hex], ["parent", tip.hex]],
            "{\"remove\":[\(index * 49)],\"add\":[\"\(names(next..<next + 1)[0])\"]}"))
      })
    let used = try bench.store.information().usedBytes - before
    print(
      "state: \((used - bench.rawBytes) / max(1, modifications)) bytes for each modification, "
        + "raw events (\(bench.rawBytes / max(1, modifications))) not counted"
    )
    let end = bench.now
    report(
      "group member --at, each with nothing cached",
      try (0..<100).map { _ in
        let time = UInt64.random(in: start..<end, using: &random)
        let key = names(Int.random(in: 0..<next, using: &random)..<next)[0]
        guard let account = PublicKey(hex: key) else { return 0 }
        let began = ContinuousClock.now
        _ = try bench.store.read { try HistoricalQuery(bench.options).answer(account, in: group, at: time, .claimed, now: end, reading: $0) }
        return milliseconds(began.duration(to: .now))
      })
  }
}
