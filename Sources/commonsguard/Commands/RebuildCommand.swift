// SPDX-License-Identifier: AGPL-3.0-or-later
import Judgement
import Nostr
import Policy
import StateStore

/// `rebuild`: makes a state from a journal export, or from bare events. The state has to be empty: what is there is never mixed with it.
enum RebuildCommand {
  static func run(_ installation: Installation, _ files: [String], withFollowUps: Bool) throws -> ExitStatus {
    var installation = installation
    // Nothing is lost by a crash that the input does not still hold; the one sync is at the end.
    installation.configuration.state.durability = .relaxed
    let store = try installation.store()
    guard try store.read({ try $0.journalCount() }) == 0 else {
      throw Failure(
        .failed, "the state in \(installation.configuration.state.path) is not empty: move it away, or name another one with --state")
    }
    let judge = try installation.judge(store, writesFollowUps: withFollowUps)
    judge.options.parking = .rebuild
    var progress = Progress("rebuild", total: EventStream.size(files))
    var summary = Summary()
    try EventStream(source: .import, isRejudged: true).read(files) { _, item, done in
      switch item {
      case .lookback: return
      case .decision(let decision):
        try judge.carryOut(decision)
        summary.decisions += 1
      case .unreadable: summary.unreadable += 1
      case .event(let event, let circumstances, let sourceInfo, let request):
        if request == nil { summary.bare += 1 }
        let judgement = judge.judge(event, in: circumstances) { sourceInfo.flatMap { request?.text($0).string } ?? "" }
        if let fault = judgement.fault { throw fault }
        summary.count(judgement)
        if judgement.isWritten {
          let released = try judge.judgeAllReleased(releasing: circumstances)
          summary.accepted += released.accepted
        }
      }
      progress.update(done: done, count: summary.seen)
    }
    progress.finish()
    try store.sync()
    summary.parked = try store.read { try $0.parkedCount() }
    let digest = try StateDigest.read(store, installation.registry)
    report(summary, digest, asJSON: installation.arguments.printsJSON)
    return summary.isComplete ? .done : .failed
  }

  private struct Summary {
    var accepted = 0
    var unclaimed = 0
    var refused = 0
    var decisions = 0
    var unreadable = 0
    /// Events without a receivedAt and a source of their own.
    var bare = 0
    /// Still waiting for something that the input did not hold.
    var parked = 0
    /// The first refusals, for the operator.
    var reasons: [String: Int] = [:]

    var seen: Int { accepted + unclaimed + refused + decisions + unreadable }
    /// An export is complete when every line of it was accepted again; of bare events some are always refused.
    var isComplete: Bool { unreadable == 0 && (bare > 0 || refused == 0) }

    mutating func count(_ judgement: Judgement) {
      switch judgement.decision {
      case .accept where judgement.owner == nil: unclaimed += 1
      case .accept: accepted += 1
      case .reject(let rejection):
        refused += 1
        // The fixed words name the rule; what varies behind a bracket or a figure would make every refusal its own reason.
        let reason = String(rejection.message.prefix { $0 != "(" && !$0.isNumber })
        if reasons.count < 50 || reasons[reason] != nil { reasons[reason, default: 0] += 1 }
      }
    }
  }

  private static func report(_ summary: Summary, _ digest: StateDigest, asJSON: Bool) {
    if asJSON {
      let reasons = summary.reasons.sorted { $0.key < $1.key }.map { ($0.key, JSONOutput.integer(Int64($0.value))) }
      Console.print(
        JSONOutput.object([
          ("accepted", .integer(Int64(summary.accepted))), ("unclaimed", .integer(Int64(summary.unclaimed))),
          ("refused", .integer(Int64(summary.refused))),
          ("reasons", .object(reasons)), ("decisions", .integer(Int64(summary.decisions))), ("unreadable", .integer(Int64(summary.unreadable))),
          ("parked", .integer(Int64(summary.parked))), ("bare", .integer(Int64(summary.bare))), ("digest", .string(digest.all.hex)),
        ]).line)
      return
    }
    Console.print(
      "accepted \(summary.accepted), unclaimed \(summary.unclaimed), refused \(summary.refused), operator's decisions \(summary.decisions)")
    for (reason, count) in summary.reasons.sorted(by: { $0.value > $1.value }).prefix(10) {
      Console.print("  refused \(count): \(LogRenderer.escaped(reason, maxBytes: 300))")
    }
    if summary.unreadable > 0 { Console.print("  \(summary.unreadable) lines are neither requests nor events") }
    if summary.parked > 0 { Console.print("missing: \(summary.parked) events wait for something that the input did not hold") }
    if summary.bare > 0 {
      Console.print(
        "missing: \(summary.bare) events came without receivedAt and source; older versions of addressable events are not in a relay's export")
    }
    Console.print("digest \(digest.all.hex)")
  }
}
