// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import TestSupport

/// `torture`: millions of requests of every sort through one plugin process.
enum TortureCommand: Subcommand {
  static let name = "torture"
  static let summary = "millions of requests of every sort through one plugin, and what it needs for them"
  static let help = """
    usage: laboratory torture --program PATH [--requests N] [--seed S] [--keep DIR]

    Drives PATH as strfry does, one request and its one answer at a time, through N requests (20000000): notes that nobody claims, the
    ordinary life of campaigns, collectives and groups, every hostile shape of `worst-case` in many small states, broken lines, and lines of
    many megabytes. The state is new, relaxed, in a temporary directory (or in DIR, which is kept), and may grow to 4 GiB. Prints the worst
    answer by the clock, beside the plugin's own processor time for it and what one verification cost at that moment.

    Ends with 1 unless each request got exactly one answer with its id, RssAnon stayed under 32 MiB, and grew by 4 MiB at most after the
    first million.

    example:
      laboratory torture --program .build/static/release/commonsguard --requests 1000000
    """

  static func run(_ arguments: [String]) throws -> Bool {
    let options = try Options(arguments, values: ["program", "requests", "seed", "keep"])
    let program = try TextFile.absolute(try options.required("program"))
    let requests = try options.number("requests", default: 20_000_000)
    guard requests > 0 else { throw UsageError(message: "--requests wants a number above 0") }
    let temporary = try options.text("keep") == nil ? TemporaryDirectory() : nil
    let directory = try TextFile.makeDirectory(options.text("keep") ?? temporary?.path ?? ".")
    let configuration = "\(directory)/config.json5"
    let node = TestKey("laboratory node")
    try TextFile.write(Hex.string(node.secret) + "\n", to: "\(directory)/node.key", mode: 0o600)
    try TextFile.write(
      """
      {
        node: { publicKey: "\(node.hex)", secretKeyFile: "\(directory)/node.key" },
        followUps: { receipts: true, labels: true, snapshots: true },
        state: { path: "\(directory)/state", durability: "relaxed", mapSizeMiB: 4096 },
        delivery: { sink: "none" },
        log: { level: "error" },
      }
      """, to: configuration)
    let command = "exec \(ChildProcess.quoted(program)) run --config \(ChildProcess.quoted(configuration))"
    var run = TortureRun(command: command, requests: requests, seed: UInt64(try options.number("seed", default: 1)))
    return try run.run()
  }
}
