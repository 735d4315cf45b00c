// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Glibc
import Nostr
import TestSupport

/// One run of two plugin processes on one fresh state, with or without kills.
struct SoakRun {
  let program: String
  let directory: String
  let hasFileSink: Bool

  /// What is compared between runs.
  struct Outcome {
    /// By stream and line: the first answer and, after everything was sent again, the last.
    var first: [[Int: [UInt8]]] = []
    var last: [[Int: [UInt8]]] = []
    var campaigns = ""
    var digest = ""
    /// Rows of the outbox, without what changes between runs, sorted.
    var outbox: [String] = []
    /// The published lines, sorted; those that are there twice, byte for byte, once.
    var published: [[UInt8]] = []
    /// Lines of the sink that are no event.
    var torn = 0
    var notes: [String] = []
  }

  private var configuration: String { "\(directory)/config.json5" }
  private var sink: String { "\(directory)/published.jsonl" }
  private var log: String { "\(directory)/log" }

  /// - Parameter kills: how many times a process is killed at a random moment.
  func run(_ streams: [SoakStream], kills: Int, seed: UInt64) throws -> Outcome {
    try configure()
    let command = "exec \(ChildProcess.quoted(program)) run --config \(ChildProcess.quoted(configuration)) 2>>\(ChildProcess.quoted(log))"
    try prepare(command)
    var outcome = Outcome()
    var drivers = try streams.enumerated().map { index, stream in
      try SoakDriver(command: command, lines: stream.lines, seed: seed &+ UInt64(index))
    }
    try drive(&drivers, kills: kills, seed: seed)
    outcome.first = drivers.map(\.first)
    outcome.notes.append("\(drivers.map(\.starts).reduce(0, +)) starts, \(drivers.map(\.repeated).reduce(0, +)) lines sent again on purpose")
    for driver in drivers { try driver.end() }

    // Everything once more, undisturbed.
    drivers = try streams.map { try SoakDriver(command: command, lines: $0.lines, seed: 0) }
    try drive(&drivers, kills: 0, seed: 0)
    outcome.last = drivers.map(\.last)
    for driver in drivers { try driver.end() }
    try collect(streams, into: &outcome)
    return outcome
  }

  private func configure() throws {
    let node = TestKey("soak node")
    let secret = "\(directory)/node.key"
    try TextFile.write(Hex.string(node.secret) + "\n", to: secret, mode: 0o600)
    let delivery = hasFileSink ? "{ sink: \"file\", file: \"\(sink)\", inProcess: true }" : "{ sink: \"none\" }"
    try TextFile.write(
      """
      {
        state: { path: "\(directory)/state", durability: "full" },
        node: { publicKey: "\(node.hex)", secretKeyFile: "\(secret)" },
        // Snapshots are debounced, so they depend on the time that passes.
        followUps: { receipts: true, labels: true, snapshots: false },
        delivery: \(delivery),
      }

      """, to: configuration)
  }

  private func prepare(_ command: String) throws {
    var driver = try SoakDriver(command: command, lines: SoakStream.preparation, seed: 0)
    while !driver.isDone {
      driver.sendNext(idles: false)
      try driver.receive()
    }
    guard driver.first.values.allSatisfy({ $0.contains("\"accept\"") }) else {
      throw LaboratoryFailure("the campaigns were not accepted: \(driver.first.values.map { String(decoding: $0, as: UTF8.self) })")
    }
    try driver.end()
  }

  private func drive(_ drivers: inout [SoakDriver], kills: Int, seed: UInt64) throws {
    signal(SIGPIPE, SIG_IGN)
    var random = SplitMix64(seed: seed)
    var killed = 0
    var nextKill = Stopwatch.nanoseconds()
    let began = nextKill
    while killed < kills || !drivers.allSatisfy(\.isDone) {
      for index in drivers.indices { drivers[index].sendNext(idles: killed < kills) }
      var polled = drivers.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
      let now = Stopwatch.nanoseconds()
      let wait = killed < kills ? Int32(clamping: (max(nextKill, now) - now) / 1_000_000) : 30_000
      let ready = poll(&polled, nfds_t(polled.count), wait)
      if ready == 0, killed >= kills { throw LaboratoryFailure("no answer for 30 s") }
      for index in drivers.indices where polled[index].revents != 0 { try drivers[index].receive() }
      guard killed < kills, Stopwatch.nanoseconds() >= nextKill else { continue }
      // One of them, or both.
      let choice = Int.random(in: 0...drivers.count, using: &random)
      for index in drivers.indices where choice == index || choice == drivers.count { drivers[index].kill() }
      killed += 1
      // Mostly soon; now and then late enough for the delivery to be at work.
      let isLate = Int.random(in: 0..<8, using: &random) == 0
      nextKill = Stopwatch.nanoseconds() + UInt64.random(in: isLate ? 200_000_000...700_000_000 : 2_000_000...60_000_000, using: &random)
      let state = drivers.map { String($0.answered) }.joined(separator: " + ")
      if killed % 50 == 0 { Output.note("soak: \(killed) of \(kills) kills, \(state) lines answered, \(fixed(Stopwatch.seconds(since: began))) s") }
    }
  }

  private func collect(_ streams: [SoakStream], into outcome: inout Outcome) throws {
    if hasFileSink { _ = try commonsguard("deliver --once") }
    let listed = try commonsguard("campaign list --all --json")
    let shown = try ([SoakStream.sharedFund.project, SoakStream.sharedVote.project] + streams.flatMap { $0.projects.prefix(4) })
      .map { String(decoding: try commonsguard("campaign show \($0) --json"), as: UTF8.self) }
    outcome.campaigns = String(decoding: listed, as: UTF8.self) + shown.joined()
    outcome.digest = String(decoding: try commonsguard("state digest --json"), as: UTF8.self)
    outcome.outbox = try commonsguard("outbox list --json").split(separator: 0x0a).map { try SoakRow(Array($0)).text }.sorted()
    let faults = try TextFile.lines(log).filter { $0.contains("fault") || $0.contains("error") }
    outcome.notes += faults.prefix(5).map { "log: \(String(decoding: $0, as: UTF8.self))" }
    guard hasFileSink else { return }
    let written = try TextFile.lines(sink)
    // A kill may tear a line; its reader skips it, and the event comes again.
    let lines = written.filter { (try? Event(parsing: $0)) != nil }
    outcome.published = Set(lines).sorted { $0.lexicographicallyPrecedes($1) }
    outcome.torn = written.count - lines.count
    let again = lines.count - outcome.published.count
    outcome.notes.append("\(lines.count) events published, \(again) of them again, byte for byte; \(outcome.torn) torn lines")
  }

  private func commonsguard(_ arguments: String) throws -> [UInt8] {
    let (status, output) = try ChildProcess.run(
      shell: "exec \(ChildProcess.quoted(program)) \(arguments) --config \(ChildProcess.quoted(configuration)) 2>>\(ChildProcess.quoted(log))")
    guard status == 0 else { throw LaboratoryFailure("commonsguard \(arguments) ended with \(status.map(String.init) ?? "a signal"); see \(log)") }
    return output
  }
}
