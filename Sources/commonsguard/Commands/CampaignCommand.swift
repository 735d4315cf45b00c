// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import FoundationEssentials
import Glibc
import Nostr
import Policy
import StateStore

/// `campaign list|show|trust|vote-status`.
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
    let (view, claimed) = try view(installation, id)
    if installation.arguments.printsJSON {
      Console.print(CampaignOutput.json(view, claimed, installation).line)
    } else {
      for line in CampaignOutput.lines(view, claimed, installation) { Console.print(line) }
    }
  }

  static func voteStatus(_ installation: Installation, _ id: String) throws {
    let (view, _) = try view(installation, id)
    if installation.arguments.printsJSON {
      Console.print(
        JSONOutput.object([("projectId", .string(view.record.project.description))] + CampaignOutput.vote(view, installation)).line)
    } else {
      Console.print(CampaignOutput.voteLine(view, installation))
    }
  }

  static func trust(_ installation: Installation, _ id: String, by: String?, reason: String?) throws {
    let project = try projectID(id)
    let store = try installation.existingStore()
    let judge = try installation.judge(store)
    do {
      try judge.carryOut(
        OperatorDecision(
          domain: .crowdfunding, action: "trust", subject: project.description, by: by ?? userName, reason: reason ?? "",
          at: UInt64(max(0, Date().timeIntervalSince1970))))
    } catch let rejection as Rejection {
      throw Failure(.failed, "\(project): \(rejection.words)")
    }
    if installation.arguments.printsJSON {
      Console.print(JSONOutput.object([("projectId", .string(project.description)), ("trusted", .boolean(true))]).line)
    } else {
      Console.note("campaign: \(project) is trusted")
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

  private static func view(_ installation: Installation, _ id: String) throws -> (CampaignView, CampaignClaims?) {
    let project = try projectID(id)
    return try installation.store(isReadOnly: true).read { state in
      guard let view = try CampaignView.read(project, reading: state) else { throw Failure(.failed, "there is no campaign \(project)") }
      guard let head = view.record.head, let raw = try state.raw(head.id), let event = try? Event(parsing: raw) else { return (view, nil) }
      return (view, CampaignClaims(event))
    }
  }
}
