// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Judgement
import Nostr
import Plugin
import Policy
import StateStore

/// `replay`: judges a recorded stream, decisions on stdout. Without `--state` on a temporary state; it never delivers.
enum ReplayCommand {
  static func run(_ installation: Installation, _ files: [String], _ source: SourceType?) throws {
    var installation = installation
    try EventStream.check(files)
    let temporary = installation.arguments.stateDirectory == nil ? try TemporaryFolder() : nil
    if let temporary { installation.configuration.state.path = temporary.path }
    defer { withExtendedLifetime(temporary) {} }
    // Nothing is lost by a crash that the recording does not still hold; the one sync is at the end.
    installation.configuration.state.durability = .relaxed
    let made = NewState(installation.configuration.state.path)
    let replay = Replay(try installation.store(creates: true), installation)
    let place = temporary == nil ? ", in \(installation.configuration.state.path)" : ""
    Interruption.watch { [tally = replay.tally] in "replay: interrupted: \(tally.accepted) accepted, \(tally.refused) rejected so far\(place)" }
    do {
      try replay.judge(files, source)
    } catch let failure as Failure {
      // An input that cannot be read leaves no state that looks like one of all of it.
      if temporary == nil, made.isNew { made.discard() }
      Console.note("replay: ended early: \(replay.tally.accepted) accepted, \(replay.tally.refused) rejected so far")
      throw failure
    }
    if temporary == nil { try replay.store.sync() }
    replay.report(source, asJSON: installation.arguments.printsJSON)
  }

  private final class Replay {
    let store: StateStore
    let tally = Tally()
    private let installation: Installation
    private let writer = AnswerWriter(descriptor: STDOUT_FILENO)
    /// Request lines, which have a source of their own.
    private var requests = 0
    private var unreadable: [String] = []

    init(_ store: StateStore, _ installation: Installation) {
      self.store = store
      self.installation = installation
    }

    func judge(_ files: [String], _ source: SourceType?) throws {
      let judge = try installation.judge(store)
      var progress = Progress("replay", total: EventStream.size(files))
      try EventStream(source: source ?? .import, isRejudged: false).read(files) { line, item, place in
        let decision: Decision
        var id: Range<Int>?
        switch item {
        case .skipped, .trailer: return
        case .decision(let operatorDecision):
          try judge.carryOut(operatorDecision)
          return
        case .unreadable(let rejection, let found):
          if unreadable.count < 10 { unreadable.append("replay: \(place.description): \(rejection.message)") }
          decision = .reject(rejection)
          id = found
        case .event(let event, let circumstances, let sourceInfo, let request):
          if request != nil { requests += 1 }
          let judgement = judge.judge(event, in: circumstances) { sourceInfo.flatMap { request?.text($0).string } ?? "" }
          if let fault = judgement.fault { throw fault }
          decision = judgement.decision
          id = event.idSlice
          // What waited for this event is judged when it has come, as the worker does beside the plugin.
          if judgement.isWritten { try judge.judgeAllReleased() }
        }
        tally.count(decision)
        do throws(AnswerWriter.Closed) {
          try writer.write(decision, id: id.map { UnsafeRawBufferPointer(rebasing: line[$0]) })
        } catch {
          Console.stdoutFailed(error.code)
        }
        progress.update(done: place.done, count: tally.accepted + tally.refused)
      }
      progress.finish()
    }

    /// Beside the decisions: stdout is theirs.
    func report(_ source: SourceType?, asJSON: Bool) {
      if asJSON {
        let summary = JSONOutput.object([
          ("accepted", .integer(Int64(tally.accepted))), ("rejected", .integer(Int64(tally.refused))), ("byReason", tally.json),
        ])
        return Console.note(summary.line)
      }
      unreadable.forEach(Console.note)
      Console.note("replay: \(tally.accepted) accepted, \(tally.refused) rejected")
      tally.lines.forEach(Console.note)
      if let source, requests > 0 {
        Console.note("replay: --as \(source.word) is for bare events: \(requests) request lines kept the source that they name")
      }
    }
  }
}
