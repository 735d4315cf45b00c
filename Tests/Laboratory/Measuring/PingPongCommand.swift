// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// `pingpong`: drives a plugin as strfry does, one request and its one answer at a time.
enum PingPongCommand: Subcommand {
  static let name = "pingpong"
  static let summary = "drives a plugin in lock-step and prints its latencies"
  static let help = """
    usage: laboratory pingpong [--pin A,B] [--warmup W] [--json] COMMAND FILE

    Starts COMMAND by /bin/sh -c, as strfry does, writes the request lines of FILE one by one, waits for each answer and checks its id.
      --pin A,B    this driver on CPU A, the plugin on CPU B
      --warmup W   the first W requests are not among the latencies (0)
      --json       one line of JSON: firstMicroseconds, p50, p99, max, accepted, rejected, rssAnonKiB

    example:
      laboratory pingpong --pin 0,0 --warmup 200 "exec commonsguard --state /tmp/state" notes.jsonl
    """

  static func run(_ arguments: [String]) throws -> Bool {
    let options = try Options(arguments, values: ["pin", "warmup"], flags: ["json"])
    let operands = try options.operands(2)
    let cpus = try options.text("pin").map { text in
      let parts = text.split(separator: ",").compactMap { Int($0) }
      guard parts.count == 2 else { throw UsageError(message: "--pin wants two CPUs, as 0,1") }
      return parts
    }
    let lines = try TextFile.lines(operands[1]).map { $0 + [0x0a] }
    guard !lines.isEmpty else { throw LaboratoryFailure("\(operands[1]) is empty") }
    let result = try PingPong(command: operands[0], cpus: cpus).run(lines, warmup: options.number("warmup", default: 0))
    Output.line(options.has("json") ? result.json : result.text)
    return result.mismatches == 0
  }
}

/// What a run of ping-pong showed.
struct PingPongResult {
  /// From the spawn to the first answer.
  let firstMicroseconds: Double
  let latencies: Samples
  let accepted: Int
  let rejected: Int
  /// Answers with another id than the request's.
  let mismatches: Int
  /// The plugin's anonymous memory at the end.
  let anonymousKiB: Int?

  var text: String {
    let parts = [
      "first answer \(fixed(firstMicroseconds / 1000, 2)) ms",
      "p50 \(at(0.5)) µs, p90 \(at(0.9)), p99 \(at(0.99)), max \(at(1))",
      "\(accepted) accepted, \(rejected) rejected, \(mismatches) wrong ids",
      "RssAnon \(anonymousKiB.map(String.init) ?? "?") KiB",
    ]
    return parts.joined(separator: "; ")
  }

  var json: String {
    let members = [
      ("firstMicroseconds", fixed(firstMicroseconds)), ("p50", at(0.5)), ("p99", at(0.99)), ("max", at(1)), ("accepted", String(accepted)),
      ("rejected", String(rejected)), ("wrongIDs", String(mismatches)), ("rssAnonKiB", anonymousKiB.map(String.init) ?? "null"),
    ]
    return "{" + members.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
  }

  private func at(_ share: Double) -> String { fixed(latencies.microseconds(at: share)) }
}
