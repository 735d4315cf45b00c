// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Judgement
import Nostr
import Policy
import StateStore

/// `state merge`: takes another node's export into a state that may be in use. Source: constellation spec, rule 8.
///
/// Everything is judged as from sync, with the time of the run as its receipt: here it is received now, and rule 11 asks about the future as of anything
/// that is judged for the first time. The input is read to its end before anything is judged, so that of a cut export nothing is taken. What is accepted
/// is not handed to the relay, which pulls it from the other one; what waited here is, as ever, once.
enum MergeCommand {
  static func run(_ installation: Installation, _ file: String, withoutTrailer: Bool) throws -> ExitStatus {
    try EventStream.check([file])
    let store = try installation.existingStore()
    // Beside the state: what is set down is as large as the input, and where temporary files go may be memory.
    let spool = try MergeSpool(in: installation.configuration.state.path)
    let summary = MergeSummary()
    try fill(spool, from: file, summary)
    if let cut = summary.rows.cut, !withoutTrailer {
      throw Failure(.failed, "\(cut): it was cut or damaged, and nothing is merged; --no-trailer takes it as it is")
    }
    let judged = Counter()
    Interruption.watch { [judged] in
      "merge: interrupted after \(judged.value) events: what was accepted stays; the same file can be merged again"
    }
    try Merge(try installation.judge(store), store, spool, summary, judged).run()
    summary.report(asJSON: installation.arguments.printsJSON)
    return summary.isComplete ? .done : .failed
  }

  private static func fill(_ spool: MergeSpool, from file: String, _ summary: MergeSummary) throws {
    var progress = Progress("merge: reading", total: EventStream.size([file]))
    try EventStream(source: .import, isRejudged: false).read([file]) { _, item, place in
      summary.see(item, at: place)
      guard case .event(let event, let circumstances, let sourceInfo, let request) = item else { return }
      try spool.add(event, circumstances.source, sourceInfo.flatMap { request?.text($0).string } ?? "")
      progress.update(done: place.done, count: spool.count)
    }
    progress.finish()
    try spool.finish()
    summary.endOfInput()
  }
}

/// The passes over what was read: each judges what was not accepted before it, until one brings nothing more.
private final class Merge {
  /// What one pass leaves, the next one nearly always takes: it waited for too much at once.
  private static let maxPasses = 10

  private let judge: Judge
  private let store: StateStore
  private let spool: MergeSpool
  private let summary: MergeSummary
  private let judged: Counter
  private let receivedAt = UInt64(max(0, time(nil)))
  private var progress: Progress

  init(_ judge: Judge, _ store: StateStore, _ spool: MergeSpool, _ summary: MergeSummary, _ judged: Counter) {
    self.judge = judge
    self.store = store
    self.spool = spool
    self.summary = summary
    self.judged = judged
    progress = Progress("merge", total: spool.count)
  }

  func run() throws {
    var released = 0
    var isFirst = true
    repeat {
      let before = summary.accepted
      summary.passes += 1
      summary.refused = Tally()
      summary.waiting = 0
      var done = 0
      try spool.visitRest { entry in
        let outcome = try take(entry, isFirst: isFirst, &released)
        done += 1
        judged.add(1)
        progress.update(done: done, count: judged.value)
        return outcome
      }
      isFirst = false
      if summary.accepted == before { break }
    } while summary.refused.refused + summary.waiting > 0 && summary.passes < Self.maxPasses
    progress.finish()
    // What the input itself had let wait is counted where it was met again.
    summary.released = max(0, released - acceptedLater)
  }

  /// Met again in a later pass, and accepted meanwhile.
  private var acceptedLater = 0

  /// Judges one. Returns whether it need not be judged again.
  private func take(_ entry: MergeSpool.Entry, isFirst: Bool, _ released: inout Int) throws -> Bool {
    let circumstances = Circumstances(receivedAt: receivedAt, source: entry.source)
    if let waiting = try waiting(entry) { return try take(waiting, &released) }
    let judgement = judge.judge(raw: entry.raw, in: circumstances, sourceInfo: entry.sourceInfo)
    if let fault = judgement.fault { throw fault }
    if judgement.isWritten { released += try judge.judgeAllReleased().accepted }
    switch judgement.decision {
    case .reject where judgement.isParked:
      summary.waiting += 1
      return false
    case .reject(let rejection):
      summary.refused.countRefusal(rejection)
      return false
    case .accept where judgement.owner == nil: summary.unclaimed += 1
    case .accept where judgement.isWritten: summary.accepted += 1
    case .accept where isFirst: summary.known += 1
    case .accept:
      summary.accepted += 1
      acceptedLater += 1
    }
    return true
  }

  /// The event as it waits here already: its relay was told that it is not taken, so that it has to be handed over when it is.
  private func waiting(_ entry: MergeSpool.Entry) throws -> ParkedEvent? {
    guard let id = entry.raw.withUnsafeBytes({ (try? EventSlices.parse($0)).map { EventID($0.id) } }) else { return nil }
    let parked = try store.read { try $0.parkedCount() > 0 ? $0.parkedEvent(id) : nil }
    return parked.flatMap { $0.isKept ? nil : $0 }
  }

  private func take(_ waiting: ParkedEvent, _ released: inout Int) throws -> Bool {
    switch try judge.judgeParked(waiting)?.decision {
    case .accept:
      summary.accepted += 1
      released += try judge.judgeAllReleased().accepted
      return true
    case .reject(let rejection):
      // It waits again, for the same or for something else.
      if try store.read({ try $0.parkedEvent(waiting.id) }) != nil { summary.waiting += 1 } else { summary.refused.countRefusal(rejection) }
      return false
    case nil: return false
    }
  }
}
