// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import TestSupport

/// Drives one plugin in lock-step through the torture, and watches its memory and its clock.
struct TortureRun {
  /// The memory of the plugin alone may be so large, in KiB…
  private static let memoryLimitKiB = 32 << 10
  /// …and grow so much after the first million of requests.
  private static let growthLimitKiB = 4 << 10
  private static let sampleEvery = 100_000
  /// What follows the id in the answer to an accepted event.
  private static let acceptance = Array("\"action\":\"accept\"".utf8)
  private static let anyID = Array("{\"id\":\"".utf8)

  private struct Worst {
    var milliseconds = 0.0
    var processorMilliseconds = 0.0
    var verification = 0.0
    var what = "nothing"
    var bytes = 0

    var text: String {
      "\(fixed(milliseconds, 2)) ms by the clock, \(fixed(processorMilliseconds, 2)) ms of the plugin's processor time, "
        + "for \(bytes) bytes (\(what)); "
        + "one verification took \(fixed(verification, 1)) µs then"
    }
  }

  private let command: String
  private let requests: Int
  private var stream: TortureStream
  private var problems: [String] = []
  private var worst = Worst()
  /// Of lines of 64 KiB and less.
  private var worstOrdinary = Worst()
  private var accepted = 0
  /// Of those, what some domain claims.
  private var claimed = (sent: 0, accepted: 0)
  private var memory: [(request: Int, kiB: Int)] = []

  init(command: String, requests: Int, seed: UInt64) {
    self.command = command
    self.requests = requests
    stream = TortureStream(seed: seed)
  }

  /// - Returns: whether all held.
  mutating func run() throws -> Bool {
    signal(SIGPIPE, SIG_IGN)
    let child = try ChildProcess(shell: command)
    var answers = AnswerReader(descriptor: child.output)
    let verification = try Yardstick()
    let began = Stopwatch.nanoseconds()
    for index in 0..<requests {
      let line = try stream.next()
      let processor = Self.processorTime(of: child.pid)
      let sent = Stopwatch.nanoseconds()
      guard line.bytes.withUnsafeBytes({ child.send($0) }), let answer = answers.next() else {
        throw LaboratoryFailure("the plugin ended at request \(index), \(line.what) (status \(child.end().map(String.init) ?? "signal"))")
      }
      let taken = Double(Stopwatch.nanoseconds() &- sent) / 1e6
      check(answer, line, index)
      if answers.ready() != nil { problem("a second answer to request \(index), \(line.what)") }
      if taken > (line.bytes.count > 70_000 ? worst : worstOrdinary).milliseconds {
        let own = Double(Self.processorTime(of: child.pid) &- processor) / 1e6
        let found = Worst(
          milliseconds: taken, processorMilliseconds: own, verification: try verification.microseconds(), what: line.what, bytes: line.bytes.count)
        if line.bytes.count > 70_000 { worst = found } else { worstOrdinary = found }
      }
      if index % Self.sampleEvery == Self.sampleEvery - 1 { sample(child.pid, index + 1, since: began) }
    }
    let seconds = Stopwatch.seconds(since: began)
    if requests % Self.sampleEvery != 0 { sample(child.pid, requests, since: began) }
    let processor = Double(Self.processorTime(of: child.pid)) / 1e9
    if child.end() != 0 { problem("the plugin did not end well at end of file") }
    return report(seconds, processor)
  }

  private mutating func check(_ answer: [UInt8], _ line: TortureLine, _ index: Int) {
    if line.isClaimed { claimed.sent += 1 }
    let start = line.answer ?? Self.anyID
    guard answer.starts(with: start), answer.last == 0x7d else {
      return problem("request \(index), \(line.what), is answered \(String(decoding: answer.prefix(200), as: UTF8.self))")
    }
    if answer.dropFirst(start.count).starts(with: Self.acceptance) {
      accepted += 1
      if line.isClaimed { claimed.accepted += 1 }
    } else if answer.contains("error: internal") || answer.contains("could not judge") || answer.contains("state unavailable") {
      problem("request \(index), \(line.what), is answered \(String(decoding: answer.prefix(300), as: UTF8.self))")
    }
  }

  private mutating func problem(_ text: String) {
    if problems.count < 20 { problems.append(text) }
  }

  private mutating func sample(_ pid: pid_t, _ request: Int, since began: UInt64) {
    guard let kiB = PingPong.anonymousKiB(of: pid) else { return problem("the plugin's memory cannot be read") }
    memory.append((request, kiB))
    if kiB >= Self.memoryLimitKiB { problem("RssAnon is \(kiB) KiB after \(request) requests") }
    let rate = Double(request) / max(0.001, Stopwatch.seconds(since: began))
    Output.note("torture: \(request) of \(requests), \(fixed(rate, 0))/s, RssAnon \(kiB) KiB, worst \(fixed(worstOrdinary.milliseconds)) ms")
  }

  private mutating func report(_ seconds: Double, _ processor: Double) -> Bool {
    // What is there after the first million, or a tenth of a shorter run, is what it needs.
    let settled = memory.first { $0.request >= min(1_000_000, requests / 10) } ?? (0, 0)
    let most = memory.filter { $0.request >= settled.request }.map(\.kiB).max() ?? 0
    if most - settled.kiB > Self.growthLimitKiB { problem("RssAnon grew from \(settled.kiB) to \(most) KiB") }
    Output.line(
      "\(requests) requests, \(accepted) accepted, \(fixed(Double(requests) / seconds, 0)) a second; "
        + "\(claimed.accepted) of \(claimed.sent) claimed ones accepted"
    )
    let own = Double(Self.processorTime(of: getpid())) / 1e9
    Output.line("processor time: \(fixed(processor)) s of the plugin, \(fixed(own)) s of this driver, in \(fixed(seconds)) s")
    Output.line("RssAnon \(settled.kiB) KiB after \(settled.request) requests, \(most) KiB at most since then")
    Output.line("worst answer up to 64 KiB: \(worstOrdinary.text)")
    Output.line("worst answer to more:      \(worst.text)")
    for problem in problems { Output.line("PROBLEM: \(problem)") }
    return problems.isEmpty
  }

  /// Of a whole process, in nanoseconds.
  private static func processorTime(of pid: pid_t) -> UInt64 {
    var time = timespec()
    // As clock_getcpuclockid makes it.
    clock_gettime(clockid_t(~pid << 3 | 2), &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}
