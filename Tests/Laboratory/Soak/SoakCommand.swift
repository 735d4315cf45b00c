// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport

/// `soak`: kill -9 at random moments, and nothing is lost or counted twice.
enum SoakCommand: Subcommand {
  static let name = "soak"
  static let summary = "kills the plugin at random moments, and compares with an undisturbed run"
  static let help = """
    usage: laboratory soak --program PATH [--kills N] [--seed S] [--lines L] [--sink none|file] [--keep DIR]

    Runs two plugin processes on one state through two seeded streams whose answers do not depend on each other, in lock-step, kills one or both
    at N random moments (500), starts them again and sends on from the unanswered line; then sends everything once more. The same without kills on
    another state. Answers, campaigns, digest, outbox and published events must be the same, and each follow-up must be there once.
      --program PATH   the commonsguard to test
      --lines L        lines of each stream (by the number of kills)
      --sink           what follow-ups are delivered to (file)
      --keep DIR       work in DIR, and leave everything there

    example:
      laboratory soak --program .build/static/release/commonsguard --kills 10
    """

  static func run(_ arguments: [String]) throws -> Bool {
    let options = try Options(arguments, values: ["program", "kills", "seed", "lines", "sink", "keep"])
    let kills = try options.number("kills", default: 500)
    let seed = UInt64(try options.number("seed", default: 1))
    let count = try options.number("lines", default: 200 + kills * 30)
    let sink = options.text("sink") ?? "file"
    guard sink == "none" || sink == "file" else { throw UsageError(message: "--sink is none or file") }
    let temporary = try options.text("keep") == nil ? TemporaryDirectory() : nil
    // Absolute: the configuration takes relative paths from where it lies itself.
    let parent = try TextFile.absolute(try options.text("keep").map(TextFile.makeDirectory) ?? temporary?.path ?? ".")

    Output.note("soak: seed \(seed), \(kills) kills, two streams of \(count) lines")
    let streams = ["A", "B"].enumerated().map { SoakStream(name: $1, seed: seed &* 1000 &+ UInt64($0), count: count) }
    func outcome(_ name: String, kills: Int) throws -> SoakRun.Outcome {
      let directory = "\(parent)/\(name)"
      try TextFile.makeDirectory(directory)
      let run = SoakRun(program: try options.required("program"), directory: directory, hasFileSink: sink == "file")
      let outcome = try run.run(streams, kills: kills, seed: seed)
      for note in outcome.notes { Output.note("soak: \(name): \(note)") }
      return outcome
    }
    let calm = try outcome("undisturbed", kills: 0)
    let killed = try outcome("killed", kills: kills)
    let differences = SoakComparison(streams, calm: calm, killed: killed).differences
    for difference in differences { Output.line("soak: \(difference)") }
    Output.line(
      differences.isEmpty
        ? "PASS: \(kills) kills, \(streams.map(\.lines.count).reduce(0, +)) lines, \(calm.outbox.count) follow-ups, seed \(seed)"
        : "FAIL: \(differences.count) differences after \(kills) kills, seed \(seed)")
    return differences.isEmpty
  }
}
