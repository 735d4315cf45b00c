// SPDX-License-Identifier: AGPL-3.0-or-later
import Judgement
import Nostr
import Policy
import StateStore

/// `explain`: the path of one event, or of each in a stream. Exit 0 when all would be accepted, 1 when not. Changes nothing.
enum ExplainCommand {
  static func run(_ installation: Installation, _ file: String, as source: SourceType) throws -> ExitStatus {
    var installation = installation
    let temporary: TemporaryFolder?
    let store: StateStore
    do {
      (store, temporary) = (try installation.store(isReadOnly: true), nil)
    } catch StoreError.missing {
      let folder = try TemporaryFolder()
      Console.note("explain: there is no state in \(installation.configuration.state.path); judged on an empty one")
      installation.configuration.state.path = folder.path
      Interruption.watch { "explain: interrupted" }
      (store, temporary) = (try installation.store(creates: true), folder)
    }
    defer { withExtendedLifetime(temporary) {} }
    let judge = try installation.judge(store)
    var run = Run(asJSON: installation.arguments.printsJSON)
    if let raw = try journalled(file, store) {
      try raw.withUnsafeBytes { bytes in
        let event = try EventSlices.parse(bytes)
        run.print(try judge.explain(raw: raw, in: Circumstances(receivedAt: event.createdAt, source: source)), event, line: nil)
      }
      return run.status
    }
    try EventStream(source: source, isRejudged: false).read([file]) { line, item, place in
      switch item {
      case .event(let event, let circumstances, _, _):
        run.print(try judge.explain(raw: Array(line[event.raw]), in: circumstances), event, line: place.line)
      case .unreadable(let rejection, _): run.print(unreadable: rejection, line: place.line)
      // Lines of an export that are no events have no path.
      case .decision, .trailer, .skipped: return
      }
    }
    guard run.seen > 0 else { throw Failure(.failed, "\(file) holds no event") }
    return run.status
  }

  /// An id in the place of a file: the event of the journal.
  private static func journalled(_ word: String, _ store: StateStore) throws -> [UInt8]? {
    guard let id = EventID(hex: word) else { return nil }
    guard let raw = try store.read({ try $0.raw(id) }) else {
      throw Failure(.failed, "\(word) was never accepted here: name a file that holds the event")
    }
    return raw
  }

  private struct Run {
    let asJSON: Bool
    private(set) var seen = 0
    private(set) var status = ExitStatus.done

    init(asJSON: Bool) { self.asJSON = asJSON }

    mutating func print(_ explanation: Explanation, _ event: EventSlices, line: Int?) {
      begin(explanation.decision)
      asJSON ? Console.print(json(explanation, event, line).line) : text(explanation, event, line).forEach(Console.print)
    }

    mutating func print(unreadable rejection: Rejection, line: Int) {
      begin(.reject(rejection))
      if asJSON {
        let members: [(String, JSONOutput)] = [
          ("line", .integer(Int64(line))), ("id", .null), ("verification", .string(rejection.words)), ("claims", .array([])),
          ("action", .string("reject")), ("msg", .string(rejection.message)),
        ]
        return Console.print(JSONOutput.object(members).line)
      }
      Console.print("line \(line)        no event")
      Console.print("decision      reject, \(LogRenderer.escaped(rejection.message, maxBytes: 400))")
    }

    private mutating func begin(_ decision: Decision) {
      if seen > 0, !asJSON { Console.print("") }
      seen += 1
      if !decision.isAccept { status = .failed }
    }
  }

  private static func text(_ explanation: Explanation, _ event: EventSlices, _ line: Int?) -> [String] {
    var lines = [
      "event         \(event.id.hex)\(line.map { ", line \($0)" } ?? "")", "kind          \(event.kind), by \(event.pubkey.hex)",
      "verification  \(explanation.verification)",
      "claimed by    \(explanation.claims.isEmpty ? "nobody" : explanation.claims.map(\.name).joined(separator: ", "))",
    ]
    if explanation.isKnown { lines.append("known         it was accepted before, and is not judged again") }
    if !explanation.passed.isEmpty { lines.append("passed        \(once(explanation.passed).joined(separator: " "))") }
    switch explanation.decision {
    case .accept:
      lines.append("decision      accept")
      if let effects = explanation.effects {
        lines.append("would write   \(counted(effects.changes.count, "change")), \(counted(effects.followUps.count, "follow-up"))")
      } else if !explanation.claims.isEmpty {
        lines.append("would write   nothing")
      }
    case .reject(let rejection):
      if let failed = explanation.failed { lines.append("failed        \(failed)") }
      lines.append("decision      reject, \(LogRenderer.escaped(rejection.message, maxBytes: 400))")
      if explanation.wouldPark { lines.append("would write   the event, until what it needs arrives") }
    }
    return lines
  }

  private static func json(_ explanation: Explanation, _ event: EventSlices, _ line: Int?) -> JSONOutput {
    var message: String?
    if case .reject(let rejection) = explanation.decision { message = rejection.message }
    return .object([
      ("line", line.map { .integer(Int64($0)) } ?? .null), ("id", .string(event.id.hex)), ("kind", .unsigned(event.kind)),
      ("author", .string(event.pubkey.hex)), ("createdAt", .unsigned(event.createdAt)),
      ("verification", .string(explanation.verification)), ("claims", .array(explanation.claims.map { .string($0.name) })),
      ("known", .boolean(explanation.isKnown)), ("passed", .array(once(explanation.passed).map { .string($0) })),
      ("failed", .optional(explanation.failed)), ("action", .string(explanation.decision.isAccept ? "accept" : "reject")),
      ("msg", .optional(message)), ("wouldPark", .boolean(explanation.wouldPark)),
      ("changes", .integer(Int64(explanation.effects?.changes.count ?? 0))),
      ("followUps", .integer(Int64(explanation.effects?.followUps.count ?? 0))),
    ])
  }

  /// Each check once: some are entered by the shape and by the state.
  private static func once(_ checks: [String]) -> [String] {
    var seen: Set<String> = []
    return checks.filter { seen.insert($0).inserted }
  }
}

/// `1 member`, `2 members`.
func counted(_ count: Int, _ thing: String) -> String { "\(count) \(thing)\(count == 1 ? "" : "s")" }
