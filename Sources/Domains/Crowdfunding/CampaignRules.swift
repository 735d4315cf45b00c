// SPDX-License-Identifier: AGPL-3.0-or-later
import Ledger
import Policy

/// How a campaign may change from one version to the next (C13, C14), live and from sync. Each throws a `Rejection`.
enum CampaignRules {
  /// A live first version.
  static func checkBeginning(_ terms: CampaignTerms) throws {
    guard terms.status.isOpen else { throw CrowdfundingRejection.badBeginning(terms.status) }
  }

  /// A live version after the head: funded has to be borne out by the vote or the ledger (C13).
  static func checkLiveMove(from head: CampaignTerms, to next: CampaignTerms, vote: VoteState, collected: (GoalType) throws -> Amount) throws {
    switch (head.status, next.status) {
    case (let from, let to) where from == to: return
    case (.draft, .votePending), (.draft, .crowdfunding), (.draft, .cancelled): return
    case (.votePending, .crowdfunding), (.votePending, .cancelled): return
    case (.crowdfunding, .cancelled), (.funded, .completed), (.funded, .cancelled): return
    case (.votePending, .funded):
      guard vote.isApproved else { throw CrowdfundingRejection.voteNotApproved }
    case (.crowdfunding, .funded): try checkReached(next, collected)
    case (.draft, .funded):
      // Only without goals: with goals there is something to collect first.
      try checkReached(next, collected)
      guard next.goals.isEmpty else { throw CrowdfundingRejection.badMove(head.status, next.status) }
    default: throw CrowdfundingRejection.badMove(head.status, next.status)
    }
  }

  private static func checkReached(_ terms: CampaignTerms, _ collected: (GoalType) throws -> Amount) throws {
    for goal in terms.neededGoals {
      let sum = terms.given(try collected(goal.type), for: goal.type)
      guard sum >= goal.target else { throw CrowdfundingRejection.goalNotReached(goal, collected: sum) }
    }
  }

  /// Whether a version from sync may stand after another one of its own past (C13, C14): it may stand still or go on, since versions between may be
  /// missing here, and its claims on the ledger are shown, not judged (*Convergence*). What may not is kept, and not in force.
  static func allowsSync(from previous: FoldedTerms, to next: FoldedTerms) -> Bool {
    if previous.status != next.status, previous.status.isFinal || next.status.rank <= previous.status.rank { return false }
    return previous.status.allowsNewTerms || changedTerm(from: previous, to: next) == nil
  }

  /// Goals, wallets and owners are fixed once the campaign runs, and live once a vote was cast; targets may rise (C14).
  ///
  /// - Parameter hasVotes: somebody's vote stands: voters have to get what they voted for.
  static func checkLiveTerms(from previous: CampaignTerms, to next: CampaignTerms, hasVotes: Bool) throws {
    guard hasVotes || !previous.status.allowsNewTerms else { return }
    guard let changed = changedTerm(from: FoldedTerms(previous), to: FoldedTerms(next)) else { return }
    throw previous.status.allowsNewTerms ? CrowdfundingRejection.votedTerms(changed) : CrowdfundingRejection.fixedTerms(changed)
  }

  private static func changedTerm(from previous: FoldedTerms, to next: FoldedTerms) -> String? {
    let comparesOptional = previous.knowsOptional && next.knowsOptional
    let isRaised =
      previous.goals.count == next.goals.count
      && zip(previous.goals, next.goals).allSatisfy {
        $0.type == $1.type && $1.target >= $0.target && (!comparesOptional || $0.isOptional == $1.isOptional)
      }
    if !isRaised { return "goals" }
    if previous.wallets != next.wallets { return "wallets" }
    return previous.owners == next.owners ? nil : "owners"
  }
}

/// The status of a campaign, as the ledger and the vote bear it out.
public struct DerivedStatus: Equatable, Sendable {
  public let status: CampaignStatus
  /// What the head claims beyond that (C13).
  public let claimed: CampaignStatus?
  /// What stands in a refusal when the campaign takes no contributions.
  let shownWhenInactive: CampaignStatus
  /// Takes contributions: crowdfunding, and not said to be completed.
  var isActive: Bool { status == .crowdfunding && claimed != .completed }

  /// - Parameter isReached: whether every goal is reached in the ledger; asked only where it matters.
  init(head: CampaignRecord.Head, vote: VoteState, isReached: () throws -> Bool) rethrows {
    let said = head.terms.status
    switch said {
    case .draft, .cancelled:
      (status, claimed) = (said, nil)
    case .votePending:
      (status, claimed) = (vote.isApproved ? .funded : .votePending, nil)
    case .crowdfunding:
      (status, claimed) = (try head.terms.hasNeededGoals && isReached() ? .funded : .crowdfunding, nil)
    case .funded, .completed:
      let isBorneOut = try !head.terms.hasNeededGoals || vote.isApproved || isReached()
      (status, claimed) = isBorneOut ? (said, nil) : (head.unclaimedStatus, said)
    }
    shownWhenInactive = claimed == .completed ? .completed : status
  }

  /// The status of a record by its ledger; nil when all its versions are deleted.
  ///
  /// - Parameter pot: one that was read already.
  static func read(_ record: CampaignRecord, knowing pot: Pot? = nil, _ state: borrowing some StateReader & ~Copyable) throws -> DerivedStatus? {
    guard let head = record.head else { return nil }
    return try DerivedStatus(head: head, vote: record.vote) {
      try Pot.areAllReached(head.terms, of: record.project, knowing: pot, reading: state)
    }
  }
}
