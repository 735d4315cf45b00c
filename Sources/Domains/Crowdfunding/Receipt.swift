// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// A receipt (kind 9742, `role`=`receipt`): a node of the constellation says that it took a contribution live. It never adds one.
/// Source: settlement-and-follow-ups, *Receipts*; constellation spec, rule 7.
public struct Receipt: Sendable {
  /// The contribution: the `e` marked `reaction`.
  let reaction: EventID
  let project: ProjectID

  static let kind: UInt64 = 9742

  /// Whether an event on the line is one, whoever signed it. No heap.
  static func isOne(_ event: borrowing EventSlices) -> Bool {
    guard event.kind == kind else { return false }
    return event.hasTag("role", "receipt")
  }

  /// Throws a `Rejection`.
  init(parsing event: VerifiedEvent, options: CrowdfundingOptions) throws {
    guard options.followUps.isNode(event.pubkey) else { throw CrowdfundingRejection.foreignReceipt }
    guard
      let reaction = event.tags.all(named: "e").lazy.compactMap({ $0[3]?.equals("reaction") == true ? $0[1].flatMap { EventID(hex: $0) } : nil })
        .first,
      let project = event.tags.first(named: "project-id")?[1].flatMap({ ProjectID($0) })
    else { throw CrowdfundingRejection.malformedReceipt }
    self.reaction = reaction
    self.project = project
  }
}

extension NodeLabel {
  /// The labels that say something of a campaign.
  static let ofCampaigns: Set<Name> = [.voteRecorded, .voteApproved, .voteTakenBack, .resolved]
}

/// A label of the constellation about a campaign, with what it has to say.
public enum CampaignLabel: Sendable {
  case recorded(vote: EventID, ProjectID?)
  case approved(ProjectID)
  case takenBack(deletion: EventID)
  case resolved(ProjectID, Resolution)

  /// Throws a `Rejection`.
  init(parsing event: VerifiedEvent) throws {
    guard let label = NodeLabel(event, among: NodeLabel.ofCampaigns) else { throw CrowdfundingRejection.malformedLabel }
    let project = label.project.flatMap { ProjectID($0) }
    switch (label.name, label.event, project, label.outcome.flatMap { Resolution($0) }) {
    case (.voteRecorded, let vote?, _, _): self = .recorded(vote: vote, project)
    case (.voteTakenBack, let deletion?, _, _): self = .takenBack(deletion: deletion)
    case (.voteApproved, _, let project?, _): self = .approved(project)
    case (.resolved, _, let project?, let resolution?): self = .resolved(project, resolution)
    default: throw CrowdfundingRejection.malformedLabel
    }
  }
}
