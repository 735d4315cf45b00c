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
    let money = CountedMoney(history, fold)
    goals = (head?.terms.goals ?? []).map { GoalFigures(goal: $0, collected: money.collected($0.type)) }
    status = head.map { head in DerivedStatus(head: head, vote: vote) { money.reachesAll(of: head.terms) }.status }
  }
}

/// What the contributions that count in the fold add up to. The ledger has more, where some came before the version that does not allow them.
struct CountedMoney {
  private var sums: [GoalType: Amount] = [:]

  /// - Parameter history: with the contributions.
  init(_ history: CampaignHistory, _ fold: CampaignFold) {
    for contribution in history.contributions where fold.isCounted(contribution) {
      sums[contribution.target] = collected(contribution.target).adding(contribution.amount) ?? Amount(hundredths: .max)
    }
  }

  func collected(_ type: GoalType) -> Amount { sums[type] ?? .zero }

  func reachesAll(of terms: CampaignTerms) -> Bool {
    !terms.neededGoals.contains { terms.given(collected($0.type), for: $0.type) < $0.target }
  }
}
