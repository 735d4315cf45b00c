// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The JSON of a campaign's snapshot: totals, campaigns, contributions, vote, status. Never any key material.
enum CampaignJSON {
  static func snapshot(_ view: CampaignView, contributions: ArraySlice<CampaignView.ContributionFigures>) -> String {
    let record = view.record
    var members: [(String, String)] = [
      ("id", quoted(record.project.description)),
      ("name", quoted((record.head?.terms.title ?? "").printable)),
      ("status", quoted(view.status.name)),
    ]
    if let claimed = view.claimedStatus { members.append(("claimedStatus", quoted(claimed.name))) }
    members.append(("totals", object(view.goals.flatMap(totals))))
    members.append(
      (
        "campaigns",
        object(view.goals.map { ("\(prefix($0.goal.type))_campaign_active", $0.isActive && view.status == .crowdfunding ? "true" : "false") })
      ))
    members.append(("contributions", "[" + contributions.map(contribution).joined(separator: ",") + "]"))
    members.append(
      (
        "vote",
        object([
          ("status", quoted(view.voteStatus.rawValue)), ("total", record.vote.total.decimal()), ("voters", String(record.vote.voters)),
        ])
      ))
    return object(members)
  }

  private static func totals(_ figures: CampaignView.GoalFigures) -> [(String, String)] {
    let name = prefix(figures.goal.type)
    let unit = figures.goal.type.hundredthsPerUnit
    return [
      ("\(name)_target", figures.goal.target.decimal(hundredthsPerUnit: unit)),
      ("\(name)_collected", figures.collected.decimal(hundredthsPerUnit: unit)),
      ("\(name)_reserved", figures.reserved.decimal(hundredthsPerUnit: unit)),
    ]
  }

  /// The names of the Contract's `totals`.
  private static func prefix(_ type: GoalType) -> String {
    switch type {
    case .zenConvertible: "zen_convertible"
    case .zenCommons: "zen_commons"
    case .g1: "g1"
    }
  }

  private static func contribution(_ figures: CampaignView.ContributionFigures) -> String {
    object([
      ("eventId", quoted(figures.id.hex)), ("pubkey", quoted(figures.pubkey.hex)),
      ("amount", figures.amount.decimal(hundredthsPerUnit: figures.target.hundredthsPerUnit)), ("target", quoted(figures.target.name)),
      ("state", quoted(figures.state.name)), ("created_at", String(figures.createdAt)),
    ])
  }

  private static func object(_ members: [(String, String)]) -> String { "{" + members.map { quoted($0.0) + ":" + $0.1 }.joined(separator: ",") + "}" }

  private static func quoted(_ text: String) -> String { String(decoding: JSONText.quoted(text), as: UTF8.self) }
}
