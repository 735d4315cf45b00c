// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Crowdfunding
import Policy

/// How campaigns are printed; the fields of the contract, and more.
enum CampaignOutput {
  static func json(_ view: CampaignView, _ agreed: AgreedView, _ claimed: CampaignClaims?, _ installation: Installation) -> JSONOutput {
    let contributions = view.contributions.map { contribution in
      JSONOutput.object([
        ("eventId", .string(contribution.id.hex)), ("pubkey", .string(contribution.pubkey.hex)),
        ("amount", .amount(contribution.amount, hundredthsPerUnit: contribution.target.hundredthsPerUnit)),
        ("target", .string(contribution.target.name)), ("state", .string(contribution.state.name)), ("createdAt", .unsigned(contribution.createdAt)),
      ])
    }
    var members = summary(view, installation, claimed)
    members += [("agreed", json(agreed)), ("contributions", .array(contributions))]
    return .object(members)
  }

  /// What all known events give, whatever was decided here.
  static func json(_ agreed: AgreedView) -> JSONOutput {
    let goals = agreed.goals.map { figures in
      let unit = figures.goal.type.hundredthsPerUnit
      return JSONOutput.object([
        ("type", .string(figures.goal.type.name)), ("target", .amount(figures.goal.target, hundredthsPerUnit: unit)),
        ("collected", .amount(figures.collected, hundredthsPerUnit: unit)),
      ])
    }
    let vote: [(String, JSONOutput)] = [
      ("status", .string(agreed.voteStatus.rawValue)), ("total", .amount(agreed.vote.total)), ("voters", .unsigned(agreed.vote.voters)),
    ]
    return .object([("status", .string(status(agreed))), ("vote", .object(vote)), ("goals", .array(goals))])
  }

  private static func status(_ agreed: AgreedView) -> String { agreed.status?.name ?? "deleted" }

  static func summary(_ view: CampaignView, _ installation: Installation, _ claimed: CampaignClaims? = nil) -> [(String, JSONOutput)] {
    let record = view.record
    return [
      ("projectId", .string(record.project.description)), ("title", .string(record.head?.terms.title ?? "")),
      ("status", .string(record.head == nil ? "deleted" : view.status.name)), ("claimedStatus", .optional(view.claimedStatus?.name)),
      ("author", .optional(record.head?.author.hex)), ("captain", .string(record.captain.hex)), ("bien", .optional(record.bien?.hex)),
      ("wallet", .optional(record.wallet?.text)), ("trusted", .boolean(record.trust != .none)), ("head", .optional(record.head?.id.hex)),
      ("closedAt", record.head?.terms.closedAt.map { .unsigned($0) } ?? .null),
      ("goals", .array(view.goals.map { goal($0, claimed) })), ("contributors", .integer(Int64(view.contributors ?? 0))),
      ("vote", .object(vote(view, installation))), ("disputed", .boolean(record.isDisputed)),
      ("rivals", .array(view.rivals.map { rival($0) })),
    ]
  }

  private static func rival(_ rival: Rival) -> JSONOutput {
    .object([
      ("projectId", .string(rival.project.description)), ("author", .string(rival.author.hex)), ("createdAt", .unsigned(rival.createdAt)),
      ("id", .string(rival.id.hex)),
    ])
  }

  private static func goal(_ figures: CampaignView.GoalFigures, _ claimed: CampaignClaims?) -> JSONOutput {
    let unit = figures.goal.type.hundredthsPerUnit
    var members: [(String, JSONOutput)] = [
      ("type", .string(figures.goal.type.name)), ("target", .amount(figures.goal.target, hundredthsPerUnit: unit)),
      ("collected", .amount(figures.collected, hundredthsPerUnit: unit)), ("reserved", .amount(figures.reserved, hundredthsPerUnit: unit)),
    ]
    if let said = claimed?.collected[figures.goal.type] { members.append(("claimedCollected", .amount(said, hundredthsPerUnit: unit))) }
    return .object(members)
  }

  static func vote(_ view: CampaignView, _ installation: Installation) -> [(String, JSONOutput)] {
    let options = installation.configuration.crowdfunding
    return [
      ("status", .string(view.voteStatus.rawValue)), ("total", .amount(view.record.vote.total)), ("voters", .unsigned(view.record.vote.voters)),
      ("threshold", .amount(options.assetsVoteThreshold)), ("quorum", .unsigned(options.assetsVoteQuorum)),
    ]
  }

  /// One line of a list.
  static func line(_ view: CampaignView) -> String {
    let goals = view.goals.map { figures in
      let unit = figures.goal.type.hundredthsPerUnit
      return "\(figures.goal.type.name) \(figures.collected.decimal(hundredthsPerUnit: unit))/\(figures.goal.target.decimal(hundredthsPerUnit: unit))"
    }
    let title = LogRenderer.escaped(view.record.head?.terms.title ?? "", maxBytes: 60)
    // Funded below its goals, it would look like a mistake.
    let why = view.status == .funded && view.voteStatus == .approved ? " by vote" : ""
    let status = view.record.head == nil ? "deleted" : view.status.name + why
    let dispute = view.record.isDisputed ? ", disputed" : ""
    return "\(view.record.project)  \(status)\(dispute)  \(goals.joined(separator: ", "))  \(title)"
  }

  static func voteLine(_ view: CampaignView, _ installation: Installation) -> String {
    let options = installation.configuration.crowdfunding
    if view.voteStatus == .none { return "vote          none" }
    return "vote          \(view.voteStatus.rawValue): \(view.record.vote.total.decimal()) of \(options.assetsVoteThreshold.decimal()) Ẑ, "
      + "\(view.record.vote.voters) of \(options.assetsVoteQuorum) voters"
  }

  /// What all events give, where that is disputed.
  static func agreedLine(_ view: CampaignView, _ agreed: AgreedView) -> String? {
    guard view.record.isDisputed else { return nil }
    let remedy = view.record.isContested ? "trust" : "resolve"
    return "disputed      all events give: \(status(agreed)), vote \(agreed.voteStatus.rawValue), \(agreed.vote.total.decimal()) Ẑ by "
      + "\(agreed.vote.voters); `campaign \(remedy)` ends it"
  }

  /// A campaign for people.
  static func lines(_ view: CampaignView, _ agreed: AgreedView, _ claimed: CampaignClaims?, _ installation: Installation) -> [String] {
    let record = view.record
    var lines = [
      "project       \(record.project)",
      "title         \(LogRenderer.escaped(record.head?.terms.title ?? "", maxBytes: 200))",
      "status        \(record.head == nil ? "deleted" : view.status.name)\(view.claimedStatus.map { " (its captain says \($0.name))" } ?? "")",
      "captain       \(record.captain.hex)\(record.trust == .none ? ", not trusted here" : "")",
    ]
    if let bien = record.bien { lines.append("bien          \(bien.hex)") }
    if let wallet = record.wallet { lines.append("wallet        \(wallet.text)") }
    for figures in view.goals {
      let unit = figures.goal.type.hundredthsPerUnit
      let (collected, target) = (figures.collected.decimal(hundredthsPerUnit: unit), figures.goal.target.decimal(hundredthsPerUnit: unit))
      var line = "goal          \(figures.goal.type.name): \(collected) of \(target)"
      if figures.reserved > .zero { line += ", \(figures.reserved.decimal(hundredthsPerUnit: unit)) reserved" }
      if let said = claimed?.collected[figures.goal.type] { line += " (the event says \(said.decimal(hundredthsPerUnit: unit)))" }
      lines.append(line)
    }
    for rival in view.rivals {
      let what = rival.project == record.project ? "this project id too" : "this Bien for \(rival.project)"
      lines.append("rival         \(rival.author.hex), since \(rival.createdAt) (\(rival.id.short)): claims \(what)")
    }
    lines.append(voteLine(view, installation))
    if let line = agreedLine(view, agreed) { lines.append(line) }
    lines.append("contributors  \(view.contributors ?? 0)")
    for contribution in view.contributions {
      let amount = contribution.amount.decimal(hundredthsPerUnit: contribution.target.hundredthsPerUnit)
      lines.append(
        "contribution  \(contribution.id.short)  \(amount) \(contribution.target.name)  by \(contribution.pubkey.short)  \(contribution.state.name)")
    }
    return lines
  }
}
