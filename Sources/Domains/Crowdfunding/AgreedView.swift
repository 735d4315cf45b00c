// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// A campaign as all known events give it, whatever was decided here: what every relay that knows them agrees on.
/// Source: constellation spec, rule 4.
public struct AgreedView: Sendable {
  public struct GoalFigures: Sendable {
    public let goal: Goal
    /// What counts in the fold, whatever became of its money.
    public let collected: Amount
  }

  /// nil when every version was deleted.
  public let status: CampaignStatus?
  public let vote: VoteState
  public let voteStatus: CampaignView.VoteStatus
  public let goals: [GoalFigures]

  /// Folds everything that is known of the campaign.
  public init(_ campaign: CampaignRecord, _ options: CrowdfundingOptions, reading state: borrowing some StateReader & ~Copyable) throws {
    var history = try CampaignHistory.read(campaign, state)
    history.contributions = try state.contributions(campaign.project)
    let fold = try CampaignFold(history, campaign, VoteRules(options), .agreed)
    let vote = fold.votes.tally.state
    self.vote = vote
    let head = fold.deletedAt == nil ? try fold.head(campaign.latest) : nil
    voteStatus = CampaignView.VoteStatus(vote, head)
    var sums: [GoalType: Amount] = [:]
    for contribution in history.contributions where fold.isCounted(contribution) {
      sums[contribution.target] = (sums[contribution.target] ?? .zero).adding(contribution.amount) ?? Amount(hundredths: .max)
    }
    goals = (head?.terms.goals ?? []).map { GoalFigures(goal: $0, collected: sums[$0.type] ?? .zero) }
    status = head.map { head in
      DerivedStatus(head: head, vote: vote) {
        head.terms.neededGoals.allSatisfy { head.terms.given(sums[$0.type] ?? .zero, for: $0.type) >= $0.target }
      }
      .status
    }
  }
}
