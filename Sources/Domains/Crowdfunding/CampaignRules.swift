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
    case (.crowdfunding, .funded): try checkReached(next.goals, collected)
    case (.draft, .funded):
      // Only without goals: with goals there is something to collect first.
      try checkReached(next.goals, collected)
      guard next.goals.isEmpty else { throw CrowdfundingRejection.badMove(head.status, next.status) }
    default: throw CrowdfundingRejection.badMove(head.status, next.status)
    }
  }

  private static func checkReached(_ goals: [Goal], _ collected: (GoalType) throws -> Amount) throws {
    for goal in goals {
      let sum = try collected(goal.type)
      guard sum >= goal.target else { throw CrowdfundingRejection.goalNotReached(goal, collected: sum) }
    }
  }

  /// A version from sync after another of its own past: it may stand still or go on, since versions between may be missing here, and its claims on
  /// the ledger are shown, not judged (C13, *Convergence*).
  static func checkSyncMove(from previous: CampaignTerms, to next: CampaignTerms) throws {
    guard previous.status != next.status else { return }
    guard !previous.status.isFinal, next.status.rank > previous.status.rank else { throw CrowdfundingRejection.badMove(previous.status, next.status) }
  }

  /// Goals, wallets and owners are fixed once the campaign runs; targets may rise (C14).
  static func checkTerms(from previous: CampaignTerms, to next: CampaignTerms) throws {
    guard !previous.status.allowsNewTerms else { return }
    let isRaised =
      previous.goals.count == next.goals.count && zip(previous.goals, next.goals).allSatisfy { $0.type == $1.type && $1.target >= $0.target }
    guard isRaised else { throw CrowdfundingRejection.fixedTerms("goals") }
    guard previous.wallets == next.wallets else { throw CrowdfundingRejection.fixedTerms("wallets") }
    guard previous.owners == next.owners else { throw CrowdfundingRejection.fixedTerms("owners") }
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
      (status, claimed) = (try !head.terms.goals.isEmpty && isReached() ? .funded : .crowdfunding, nil)
    case .funded, .completed:
      let isBorneOut = try head.terms.goals.isEmpty || vote.isApproved || isReached()
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
      try Pot.areAllReached(head.terms.goals, of: record.project, knowing: pot, reading: state)
    }
  }
}
