// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
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
    Before every second one its event is parsed and verified once alone, at the same moment after a commit, and that one's judgement is left out:
    a yardstick under the same conditions, since a processor that waited for the disk has forgotten much. It is slower then itself: to compare with
    another machine, take the relaxed run's.
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
      Output.line("durability \(durability): \(try CommitCost(count, on: "\(parent)/\(durability)", durability: durability).text)")
    }
    return true
  }
}

/// One run of `commit-cost`.
private struct CommitCost {
  private var before: Samples
  private var commit: Samples
  private var verification: Samples
  /// The first ones warm the caches and are not counted.
  private static let warmup = 200

  init(_ count: Int, on directory: String, durability: Durability) throws {
    let clock = CommitClock()
    let state = try LaboratoryState(directory: directory, durability: durability, clock: clock)
    let verifier = try EventVerifier()
    (before, commit, verification) = (Samples(capacity: count), Samples(capacity: count), Samples(capacity: count))
    for (index, event) in ClaimedCommand.events(count + Self.warmup, seed: 1, authors: 100).enumerated() {
      let isYardstick = index % 2 == 1
      if isYardstick {
        let began = Stopwatch.nanoseconds()
        let result = try event.raw.withUnsafeBytes { verifier.verify(try EventSlices.parse($0)) }
        let ended = Stopwatch.nanoseconds()
        guard result == .valid else { throw LaboratoryFailure("an event of the laboratory is not valid: \(result)") }
        if index >= Self.warmup { verification.add(ended &- began) }
      }
      let began = Stopwatch.nanoseconds()
      try state.accept(event.raw, receivedAt: event.createdAt + 1)
      let ended = Stopwatch.nanoseconds()
      if index < Self.warmup || isYardstick { continue }
      before.add(clock.last &- began)
      commit.add(ended &- clock.last)
    }
  }

  var text: String {
    let ratio = verification.median > 0 ? before.median / verification.median : 0
    return "besides the commit p50 \(fixed(before.median)) µs, p99 \(fixed(before.microseconds(at: 0.99))), "
      + "\(fixed(ratio, 2)) times parsing and verifying alone (p50 \(fixed(verification.median)) µs); "
      + "the commit p50 \(fixed(commit.median)) µs, p99 \(fixed(commit.microseconds(at: 0.99))) (\(before.count) contributions)"
  }
}
