// SPDX-License-Identifier: AGPL-3.0-or-later
import Ledger
import Nostr
import Policy

extension CrowdfundingValidator {
  /// K3–K8, against the state. K9 and K10 (members, balances) are asked where those are configured, which this version refuses.
  func decide(
    _ contribution: Contribution, _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable,
    trace: CheckTrace?
  ) throws -> Verdict {
    if circumstances.isLive, try DeletionRecord.read(event, at: circumstances.receivedAt, state) != nil {
      throw CrowdfundingRejection.deletedByAuthor
    }
    var campaign = try contribution.reference.resolve(in: circumstances, reading: state, trace: trace)
    let pot = try Pot(contribution.target, of: campaign.project, reading: state)
    let before = try DerivedStatus.read(campaign, knowing: pot, state)
    let record = ContributionRecord(event, contribution, isLive: circumstances.isLive)
    let terms = try JudgedTerms(event, campaign, in: circumstances, reading: state).dated
    trace?.enter("K5")
    if circumstances.isLive {
      guard let before else { throw CrowdfundingRejection.notActive("deleted") }
      guard before.isActive else { throw CrowdfundingRejection.notActive(before.shownWhenInactive.name) }
      if let closedAt = terms?.closedAt, circumstances.receivedAt >= closedAt { throw CrowdfundingRejection.notActive("closed") }
    } else if !campaign.hasDeletions {
      try checkPhase(terms, contribution, event, campaign)
    }
    trace?.enter("K6")
    try contribution.reference.checkDetails(of: campaign, in: circumstances)
    trace?.enter("K7")
    if circumstances.isLive, terms?.goal(contribution.target) == nil { throw CrowdfundingRejection.noSuchGoal }
    trace?.enter("K8")
    if event.pubkey == campaign.bien { throw CrowdfundingRejection.selfContribution }

    var changes = [record.change(campaign.project)]
    if campaign.hasDeletions {
      let known = try CampaignHistory.read(campaign, state)
      var history = known
      history.insert(record)
      if !circumstances.isLive {
        let fold = try CampaignFold(history, campaign, VoteRules(options), countsLive: true)
        if !fold.isInPhase(record) { try checkPhase(fold.versions.effective(at: event.createdAt)?.terms, contribution, event, campaign) }
      }
      changes += try refold(&campaign, history, since: known) + [campaign.change]
    }
    let wallets = terms?.wallets ?? campaign.head?.terms.wallets
    let recipient = campaign.wallet ?? wallets?[contribution.target] ?? options.wallets[contribution.target]
    let transfer = Transfer(
      id: event.id, state: .posted, subject: campaign.project.bytes, target: contribution.target.rawValue, sender: event.pubkey,
      recipient: recipient?.text ?? "", amount: contribution.amount, createdAt: event.createdAt)
    changes += try Ledger.open(transfer, on: pot.totals)

    var effects = Effects(changes: changes, note: CrowdfundingNote(.contribution, event, campaign.project).bytes)
    effects.provides = [.event(event.id)]
    if campaign.hasDeletions { effects.provides.append(.campaign(campaign.project)) }
    let followUps = CrowdfundingFollowUp(options.followUps)
    effects.followUps += followUps.receipt(contribution, event, campaign)
    let isFunded = try before?.status == .crowdfunding && isLastGoalReached(contribution, pot, campaign, reading: state)
    effects.followUps += followUps.snapshotRequest(campaign.project, event, circumstances, atOnce: isFunded)
    return .accepted(effects)
  }

  /// K5 and K7 from sync: a contribution outside the phase that is known waits for versions that may still come.
  private func checkPhase(_ terms: CampaignTerms?, _ contribution: Contribution, _ event: VerifiedEvent, _ campaign: CampaignRecord) throws {
    guard let rejection = terms?.refusal(of: contribution.target, at: event.createdAt) else { return }
    throw Parked(rejection, waitingFor: .campaign(campaign.project))
  }

  /// Whether every goal is reached with this contribution.
  private func isLastGoalReached(
    _ contribution: Contribution, _ pot: Pot, _ campaign: CampaignRecord, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Bool {
    guard let goals = campaign.head?.terms.goals else { return false }
    return try Pot.areAllReached(goals, of: campaign.project, knowing: pot.adding(contribution.amount), reading: state)
  }
}
