// SPDX-License-Identifier: AGPL-3.0-or-later
import StateStore

/// `commit-cost`: what a claimed, accepted event costs, split at the commit.
enum CommitCostCommand: Subcommand {
  static let name = "commit-cost"
  static let summary = "splits the cost of an accepted event at the commit"
  static let help = """
    usage: laboratory commit-cost [--events N] [--state DIR] [--durability full|relaxed]

    Judges N contributions (2000) in this process, on a new state in a temporary directory or in DIR, once with durability full and once relaxed
    (or with one of them only).
    The judgement (parsing, id and signature, the decision, all writes) is timed up to the call of mdb_txn_commit, and that call apart.
    Without pipes and without strfry: `pingpong` measures those.

    example:
      laboratory commit-cost --events 2000
    """

  static func run(_ arguments: [String]) throws -> Bool {
    let options = try Options(arguments, values: ["events", "state", "durability"])
    let count = try options.number("events", default: 2000)
    let only = options.text("durability")
    for durability in [Durability.full, .relaxed] where only == nil || only == "\(durability)" {
      let temporary = try options.text("state") == nil ? TemporaryDirectory() : nil
      let parent = options.text("state") ?? temporary?.path ?? "."
      let clock = CommitClock()
      let state = try LaboratoryState(directory: "\(parent)/\(durability)", durability: durability, clock: clock)
      var (before, commit) = (Samples(capacity: count), Samples(capacity: count))
      for (index, event) in ClaimedCommand.events(count + 200, seed: 1, authors: 100).enumerated() {
        let began = Stopwatch.nanoseconds()
        try state.accept(event.raw, receivedAt: event.createdAt + 1)
        let ended = Stopwatch.nanoseconds()
        if index < 200 { continue }  // the first ones warm the caches
        before.add(clock.last &- began)
        commit.add(ended &- clock.last)
      }
      Output.line(
        "durability \(durability): besides the commit p50 \(fixed(before.median)) µs, p99 \(fixed(before.microseconds(at: 0.99))); "
          + "the commit p50 \(fixed(commit.median)) µs, p99 \(fixed(commit.microseconds(at: 0.99))) (\(before.count) contributions)")
    }
    return true
  }
}
