// SPDX-License-Identifier: AGPL-3.0-or-later
import Judgement
import Nostr
import Policy
import StateStore

/// `explain`: the path of one event. Exit 0 when it would be accepted, 1 when not. Changes nothing.
enum ExplainCommand {
  static func run(_ installation: Installation, _ file: String, as source: SourceType) throws -> ExitStatus {
    var installation = installation
    var temporary: TemporaryState?
    let store: StateStore
    do {
      store = try installation.store(isReadOnly: true)
    } catch StoreError.missing {
      let state = try TemporaryState()
      Console.note("explain: there is no state in \(installation.configuration.state.path); judged on an empty one")
      installation.configuration.state.path = state.directory
      store = try installation.store()
      temporary = state
    }
    defer { withExtendedLifetime(temporary) {} }
    let judge = try installation.judge(store)
    var status = ExitStatus.done
    var seen = 0
    try EventStream(source: source, isRejudged: false).read([file]) { line, item, _ in
      seen += 1
      let explanation: Explanation
      switch item {
      case .event(let event, let circumstances, _, _): explanation = try judge.explain(raw: Array(line[event.raw]), in: circumstances)
      case .unreadable(let rejection, _): throw Failure(.failed, "\(file): \(rejection.words)")
      case .decision, .lookback: throw Failure(.failed, "\(file): neither a request nor an event")
      }
      if !explanation.decision.isAccept { status = .failed }
      installation.arguments.printsJSON ? Console.print(json(explanation).line) : print(explanation)
    }
    guard seen > 0 else { throw Failure(.failed, "\(file) holds no event") }
    return status
  }

  private static func print(_ explanation: Explanation) {
    Console.print("verification  \(explanation.verification)")
    Console.print("claimed by    \(explanation.claims.isEmpty ? "nobody" : explanation.claims.map(\.name).joined(separator: ", "))")
    if explanation.isKnown { Console.print("known         it was accepted before") }
    switch explanation.decision {
    case .accept:
      if !explanation.checks.isEmpty { Console.print("checks        \(explanation.checks.joined(separator: " ")): all passed") }
      Console.print("decision      accept")
      if let effects = explanation.effects {
        Console.print("would write   \(effects.changes.count) changes, \(effects.followUps.count) follow-ups")
      } else if !explanation.claims.isEmpty {
        Console.print("would write   nothing")
      }
    case .reject(let rejection):
      let passed = explanation.checks.dropLast()
      if !passed.isEmpty { Console.print("checks        \(passed.joined(separator: " ")): passed") }
      if let failed = explanation.checks.last { Console.print("failed        \(failed)") }
      Console.print("decision      reject, \(LogRenderer.escaped(rejection.message, maxBytes: 400))")
      if explanation.wouldPark { Console.print("would write   the event, until what it needs arrives") }
    }
  }

  private static func json(_ explanation: Explanation) -> JSONOutput {
    var message: String?
    if case .reject(let rejection) = explanation.decision { message = rejection.message }
    let isAccept = explanation.decision.isAccept
    let passed = isAccept ? explanation.checks : explanation.checks.dropLast()
    return .object([
      ("verification", .string(explanation.verification)), ("claims", .array(explanation.claims.map { .string($0.name) })),
      ("known", .boolean(explanation.isKnown)), ("passed", .array(passed.map { .string($0) })),
      ("failed", isAccept ? .null : .optional(explanation.checks.last)), ("action", .string(isAccept ? "accept" : "reject")),
      ("msg", .optional(message)), ("wouldPark", .boolean(explanation.wouldPark)),
      ("changes", .integer(Int64(explanation.effects?.changes.count ?? 0))),
      ("followUps", .integer(Int64(explanation.effects?.followUps.count ?? 0))),
    ])
  }
}
