// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import FoundationEssentials
import Glibc
import Nostr
import Policy
import StateStore

/// `campaign list|show|trust|resolve|vote-status`.
enum CampaignCommand {
  static func list(_ installation: Installation, _ filter: Arguments.Command.CampaignFilter) throws {
    try installation.store(isReadOnly: true).read { state in
      try CampaignView.all(reading: state) { record, derived in
        let isOver = derived.map { $0.status.isFinal } ?? true
        guard filter == .all || (filter == .completed) == isOver else { return true }
        let view = try CampaignView(record, newest: 0, reading: state)
        Console.print(
          installation.arguments.printsJSON ? JSONOutput.object(CampaignOutput.summary(view, installation)).line : CampaignOutput.line(view))
        return true
      }
    }
  }

  static func show(_ installation: Installation, _ id: String) throws {
    let (view, agreed, claimed) = try view(installation, id)
    if installation.arguments.printsJSON {
      Console.print(CampaignOutput.json(view, agreed, claimed, installation).line)
    } else {
      for line in CampaignOutput.lines(view, agreed, claimed, installation) { Console.print(line) }
    }
  }

  static func voteStatus(_ installation: Installation, _ id: String) throws {
    let (view, agreed, _) = try view(installation, id)
    if installation.arguments.printsJSON {
      let members: [(String, JSONOutput)] = [("agreed", CampaignOutput.json(agreed)), ("disputed", .boolean(view.record.isDisputed))]
      Console.print(
        JSONOutput.object([("projectId", .string(view.record.project.description))] + CampaignOutput.vote(view, installation) + members).line)
    } else {
      Console.print(CampaignOutput.voteLine(view, installation))
      if let line = CampaignOutput.agreedLine(view, agreed) { Console.print(line) }
    }
  }

  static func trust(_ installation: Installation, _ id: String, by: String?, reason: String?) throws {
    let project = try projectID(id)
    try carryOut("trust", on: project, by: by, reason: reason, installation, try installation.existingStore())
    if installation.arguments.printsJSON {
      Console.print(JSONOutput.object([("projectId", .string(project.description)), ("trusted", .boolean(true))]).line)
    } else {
      Console.note("campaign: \(project) is trusted")
    }
  }

  /// Ends a dispute. Where nothing was ever disputed there is nothing to end: other nodes would take the decision over.
  static func resolve(_ installation: Installation, _ id: String, as resolution: Resolution, by: String?, reason: String) throws {
    let project = try projectID(id)
    let store = try installation.existingStore()
    guard let view = try store.read({ try CampaignView.read(project, reading: $0) }) else {
      throw Failure(.failed, "there is no campaign \(project)")
    }
    guard view.record.isDisputed || view.record.isResolved(resolution) else { throw Failure(.failed, "\(project): nothing is disputed") }
    try carryOut(resolution.action, on: project, by: by, reason: reason, installation, store)
    let isDisputed = try store.read { try CampaignView.read(project, reading: $0)?.record.isDisputed ?? false }
    if installation.arguments.printsJSON {
      Console.print(
        JSONOutput.object([
          ("projectId", .string(project.description)), ("resolved", .string(resolution.rawValue)), ("disputed", .boolean(isDisputed)),
        ]).line)
    } else {
      let rest = isDisputed ? "; it stays disputed until the nodes that decided otherwise resolve it as well" : ""
      Console.note("campaign: \(project) is resolved as \(resolution.rawValue)\(rest)")
    }
  }

  private static func carryOut(
    _ action: String, on project: ProjectID, by: String?, reason: String?, _ installation: Installation, _ store: StateStore
  ) throws {
    let decision = OperatorDecision(
      domain: .crowdfunding, action: action, subject: project.description, by: by ?? userName, reason: reason ?? "",
      at: UInt64(max(0, Date().timeIntervalSince1970)))
    do {
      try installation.judge(store).carryOut(decision)
    } catch let rejection as Rejection {
      throw Failure(.failed, "\(project): \(rejection.words)")
    }
  }

  /// Who runs the command, for the journal.
  private static var userName: String {
    let environment = Installation.environment
    let named = [environment["SUDO_USER"], environment["USER"], environment["LOGNAME"]].compactMap { $0 }.first { !$0.isEmpty }
    // cron and systemd set none of them.
    return named ?? UserName.of(getuid())
  }

  private static func projectID(_ id: String) throws -> ProjectID {
    guard let project = ProjectID(id) else {
      throw Failure(.usage, "\(LogRenderer.escaped(id, maxBytes: 80)) is not a project id: CF- and 1 to 64 letters, digits or hyphens")
    }
    return project
  }

  private static func view(_ installation: Installation, _ id: String) throws -> (CampaignView, AgreedView, CampaignClaims?) {
    let project = try projectID(id)
    return try installation.store(isReadOnly: true).read { state in
      guard let view = try CampaignView.read(project, reading: state) else { throw Failure(.failed, "there is no campaign \(project)") }
      let agreed = try AgreedView(view.record, installation.configuration.crowdfunding, reading: state)
      guard let head = view.record.head, let raw = try state.raw(head.id), let event = try? Event(parsing: raw) else { return (view, agreed, nil) }
      return (view, agreed, CampaignClaims(event))
    }
  }
}
