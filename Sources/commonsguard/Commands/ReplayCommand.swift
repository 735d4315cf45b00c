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
    var temporary: TemporaryState?
    if installation.arguments.stateDirectory == nil {
      let state = try TemporaryState()
      installation.configuration.state.path = state.directory
      installation.configuration.state.durability = .relaxed
      temporary = state
    }
    defer { withExtendedLifetime(temporary) {} }
    signal(SIGPIPE, SIG_IGN)
    let store = try installation.store()
    let judge = try installation.judge(store)
    let writer = AnswerWriter(descriptor: STDOUT_FILENO)
    var progress = Progress("replay", total: EventStream.size(files))
    var accepted = 0
    var refused = 0
    try EventStream(source: source ?? .import, isRejudged: false).read(files) { line, item, done in
      let decision: Decision
      var id: Range<Int>?
      switch item {
      case .lookback: return
      case .decision(let operatorDecision):
        try judge.carryOut(operatorDecision)
        return
      case .unreadable(let rejection, let found):
        decision = .reject(rejection)
        id = found
      case .event(let event, let circumstances, let sourceInfo, let request):
        let judgement = judge.judge(event, in: circumstances) { sourceInfo.flatMap { request?.text($0).string } ?? "" }
        if let fault = judgement.fault { throw fault }
        decision = judgement.decision
        id = event.idSlice
        // What waited for this event is judged when it has come, as the worker does beside the plugin.
        if judgement.isWritten { try judge.judgeAllReleased() }
      }
      if decision.isAccept { accepted += 1 } else { refused += 1 }
      do throws(AnswerWriter.Closed) {
        try writer.write(decision, id: id.map { UnsafeRawBufferPointer(rebasing: line[$0]) })
      } catch {
        throw Failure(.failed, "stdout cannot be written: \(String(cString: strerror(error.code)))")
      }
      progress.update(done: done, count: accepted + refused)
    }
    progress.finish()
    if installation.configuration.state.durability == .relaxed, temporary == nil { try store.sync() }
    Console.note("replay: \(accepted) accepted, \(refused) rejected")
  }
}
