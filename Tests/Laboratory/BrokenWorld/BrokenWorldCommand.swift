// SPDX-License-Identifier: AGPL-3.0-or-later
import FoundationEssentials
import Glibc
import TestSupport

/// `broken-world`: damages states at random, and looks what the program does about it.
enum BrokenWorldCommand: Subcommand {
  static let name = "broken-world"
  static let summary = "damages states at random; every request is answered, or one line says why not"
  static let help = """
    usage: laboratory broken-world --program PATH [--trials N] [--seed S] [--damage NAME] [--trial I] [--keep DIR]

    Makes a state, and damages copies of it, N of each sort (500): bits, headers, cut, zeroed, lock, and any of these while the program runs
    (running). On each, the plugin is sent 52 requests, half of them known to it. It has to answer each within 10 s, or to end with status 74
    and one line that names the state; then its next start has to answer. `status` has to end by itself, with 0, 1 or 74.
      --program PATH   the commonsguard to test
      --damage NAME    one sort only
      --trial I        this trial only, to see it again
      --keep DIR       work in DIR, and leave the last state there

    example:
      laboratory broken-world --program .build/static/release/commonsguard --trials 20
    """

  static func run(_ arguments: [String]) throws -> Bool {
    let options = try Options(arguments, values: ["program", "trials", "seed", "damage", "trial", "keep"])
    let program = try TextFile.absolute(try options.required("program"))
    let trials = try options.number("trials", default: 500)
    let seed = UInt64(try options.number("seed", default: 1))
    var sorts = Damage.allCases
    if let name = options.text("damage") {
      guard let sort = Damage(rawValue: name) else { throw UsageError(message: "there is no damage \(name)") }
      sorts = [sort]
    }
    let only = try options.text("trial").map { _ in try options.number("trial", default: 0) }
    let temporary = try options.text("keep") == nil ? TemporaryDirectory() : nil
    let directory = try TextFile.absolute(try options.text("keep").map(TextFile.makeDirectory) ?? temporary?.path ?? ".")

    signal(SIGPIPE, SIG_IGN)
    Output.note("broken-world: seed \(seed), \(trials) trials of each: \(sorts.map(\.rawValue).joined(separator: ", "))")
    let world = try BrokenWorld(program: program, directory: directory, seed: seed)
    var isSound = true
    for sort in sorts {
      var sum = Tally()
      for trial in 0..<trials where only == nil || only == trial {
        try world.run(sort, trial, &sum)
        Output.progress("broken-world: \(sort.rawValue) \(trial + 1) of \(trials), \(sum.failures.count) wrong")
      }
      Output.endProgress()
      Output.line("\(sort.rawValue): \(sum.line)")
      for failure in sum.failures.prefix(20) { Output.line("  \(failure)") }
      Output.flush()
      isSound = isSound && sum.failures.isEmpty
    }
    Output.line(isSound ? "PASS, seed \(seed)" : "FAIL, seed \(seed)")
    return isSound
  }

  /// What became of the trials of one sort.
  struct Tally {
    var trials = 0
    /// Every request was answered, none with `error:`.
    var unharmed = 0
    /// Every request was answered, some with `error:`.
    var told = 0
    /// It ended with its one line, and the next start answered.
    var ended = 0
    var failures: [String] = []

    var line: String {
      "\(trials) trials: \(unharmed) unharmed, \(told) answered error:, \(ended) ended with a line and answered at the next start, "
        + "\(failures.count) wrong"
    }
  }
}

/// A state, and the requests that it is asked.
private struct BrokenWorld {
  private let program: String
  private let directory: String
  private let seed: UInt64
  private let lines: [[UInt8]]
  private var base: String { directory + "/base" }
  private var state: String { directory + "/state" }

  private static let madeLines = 150
  private static let asked = 26

  init(program: String, directory: String, seed: UInt64) throws {
    self.program = program
    self.directory = directory
    self.seed = seed
    lines = SoakStream.preparation + SoakStream(name: "broken", seed: seed, count: Self.madeLines + 100).lines
    try? FileManager.default.removeItem(atPath: base)
    let configuration = """
      { state: { durability: "relaxed" }, node: { publicKey: "\(TestKey("node").hex)" }, delivery: { sink: "none" } }
      """
    try TextFile.write(configuration, to: directory + "/config.json5")
    let made = try trial(in: base).start(Array(lines.prefix(Self.madeLines)))
    guard made.answered == Self.madeLines, made.errors == 0 else { throw LaboratoryFailure("the state cannot be made: \(made)") }
  }

  private func trial(in state: String) -> BrokenTrial {
    BrokenTrial(program: program, configuration: directory + "/config.json5", state: state, errors: directory + "/errors")
  }

  func run(_ sort: Damage, _ number: Int, _ sum: inout BrokenWorldCommand.Tally) throws {
    var random = SplitMix64(seed: seed &* 1_000_003 &+ UInt64(number) &* 31 &+ UInt64(Damage.allCases.firstIndex(of: sort) ?? 0))
    try? FileManager.default.removeItem(atPath: state)
    try FileManager.default.copyItem(atPath: base, toPath: state)
    let known = (0..<Self.asked).map { _ in lines[Int.random(in: 0..<Self.madeLines, using: &random)] }
    let new = lines[Self.madeLines...].prefix(Self.asked)
    let requests = zip(known, new).flatMap { [$0, $1] }
    var done = ""
    let first: BrokenTrial.Start
    if sort == .running {
      first = try trial(in: state).start(requests, before: Int.random(in: 1..<requests.count, using: &random)) {
        done = try sort.inflict(on: state, &random)
      }
    } else {
      done = try sort.inflict(on: state, &random)
      first = try trial(in: state).start(requests)
    }
    let next = try trial(in: state).start(Array(requests.suffix(12)))
    let words = [program, "status", "--config", directory + "/config.json5", "--state", state].map(ChildProcess.quoted).joined(separator: " ")
    let status = try ChildProcess.run(shell: "exec \(words)", keepsErrors: false).status

    sum.trials += 1
    var faults: [String] = []
    if let fault = first.fault(asked: requests.count, state: state) { faults.append(fault) }
    if first.death == nil, next.death != nil, sort != .running {
      // It got to a page that the first start had not touched: that is its own first start.
      let third = try trial(in: state).start(Array(requests.suffix(12)))
      if let fault = next.fault(asked: 12, state: state) { faults.append("the next start: \(fault)") }
      if third.death != nil || third.answered != 12 { faults.append("the start after the next: \(third.answered) answers to 12 requests") }
    } else if next.death != nil || next.answered != 12 {
      faults.append("the next start: \(next.answered) answers to 12 requests")
    }
    if status != 0, status != 1, status != 74 { faults.append("status ended with \(status.map(String.init) ?? "a signal")") }
    if faults.isEmpty {
      if first.death != nil { sum.ended += 1 } else if first.errors > 0 { sum.told += 1 } else { sum.unharmed += 1 }
    } else {
      let log = (first.log + next.log).filter { !$0.contains(": info: ") }.suffix(2).joined(separator: " | ")
      sum.failures.append("trial \(number), \(done): \(faults.joined(separator: "; ")); log: \(log)")
    }
  }
}
