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
    if circumstances.isLive, try DeletionRecord.read(event.pubkey, event.id, state) != nil { throw CrowdfundingRejection.deletedByAuthor }
    var campaign = try contribution.reference.resolve(in: circumstances, reading: state, trace: trace)
    let pot = try Pot(contribution.target, of: campaign.project, reading: state)
    let before = try DerivedStatus.read(campaign, knowing: pot, state)
    let record = ContributionRecord(event, contribution, isLive: circumstances.isLive)
    // Live, the head's terms are looked at where they lie: they are much to copy.
    let head = campaign.head
    var dated = circumstances.isLive ? nil : DatedTerms(campaign, VoteRules(options))
    let terms = try dated?.terms(at: event.createdAt, reading: state)
    trace?.enter("K5")
    if circumstances.isLive {
      guard let before else { throw CrowdfundingRejection.notActive("deleted") }
      guard before.isActive else { throw CrowdfundingRejection.notActive(before.shownWhenInactive.name) }
      if let closedAt = head?.terms.closedAt, circumstances.receivedAt >= closedAt { throw CrowdfundingRejection.notActive("closed") }
      // It has to fit at its own time too: another relay goes by that, and would never count it.
      if !circumstances.isRecalled, let rejection = try refusalAtItsTime(contribution, event, head, campaign, reading: state) { throw rejection }
    } else if let rejection = terms?.refusal(of: contribution.target, at: event.createdAt) {
      // A contribution outside the phase that is known waits for versions that may still come.
      throw Parked(rejection, waitingFor: .campaign(campaign.project))
    }
    trace?.enter("K6")
    try contribution.reference.checkDetails(of: campaign, in: circumstances)
    trace?.enter("K7")
    if circumstances.isLive, head?.terms.goal(contribution.target) == nil { throw CrowdfundingRejection.noSuchGoal }
    trace?.enter("K8")
    if event.pubkey == campaign.bien { throw CrowdfundingRejection.selfContribution }

    var effects = Effects(changes: [record.change(campaign.project)], note: CrowdfundingNote(.contribution, event, campaign.project).bytes)
    if campaign.hasDeletions {
      let stored = campaign
      var history = try dated?.wholeHistory(reading: state) ?? CampaignHistory.read(campaign, state)
      history.insert(record)
      if circumstances.isLive { campaign.keep() }
      try refold(&campaign, history)
      effects.changes += history.renewed
      try finish(&campaign, since: stored, to: &effects, reading: state)
    }
    let wallets = (circumstances.isLive ? head?.terms.wallets : terms?.wallets) ?? campaign.latest?.terms.wallets
    let recipient = campaign.wallet ?? wallets?[contribution.target] ?? options.wallets[contribution.target]
    let transfer = Transfer(
      id: event.id, state: .posted, subject: campaign.project.bytes, target: contribution.target.rawValue, sender: event.pubkey,
      recipient: recipient?.text ?? "", amount: contribution.amount, createdAt: event.createdAt)
    effects.changes += try Ledger.open(transfer, on: pot.totals)

    effects.provides = [.event(event.id)]
    if campaign.hasDeletions { effects.provides.append(.campaign(campaign.project)) }
    let followUps = CrowdfundingFollowUp(options.followUps)
    if try circumstances.isLive && !hasReceipt(of: event.id, reading: state) {
      effects.followUps += followUps.receipt(contribution, event, campaign)
    }
    let isFunded = try before?.status == .crowdfunding && isLastGoalReached(contribution, pot, campaign, reading: state)
    effects.followUps += followUps.snapshotRequest(campaign.project, event, circumstances, atOnce: isFunded)
    return .accepted(effects)
  }

  /// Why a live contribution does not fit the version in force at its created_at. That is the newest one nearly always.
  private func refusalAtItsTime(
    _ contribution: Contribution, _ event: VerifiedEvent, _ head: CampaignRecord.Head?, _ campaign: CampaignRecord,
    reading state: borrowing some StateReader & ~Copyable
  ) throws -> Rejection? {
    if let head, head.createdAt <= event.createdAt, !campaign.hasDeletions {
      return head.terms.closedAt.flatMap { event.createdAt >= $0 ? CrowdfundingRejection.notActive("closed") : nil }
    }
    var dated = DatedTerms(campaign, VoteRules(options))
    return try dated.terms(at: event.createdAt, reading: state)?.refusal(of: contribution.target, at: event.createdAt)
  }

  /// Whether another node of the constellation published a receipt: who adds receipts up would count the contribution twice.
  private func hasReceipt(of reaction: EventID, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    guard !options.followUps.nodes.isEmpty else { return false }
    return try ReceiptRecord.isThere(of: reaction, by: { $0 != options.followUps.nodeKey && options.followUps.isNode($0) }, state)
  }

  /// Whether every goal is reached with this contribution.
  private func isLastGoalReached(
    _ contribution: Contribution, _ pot: Pot, _ campaign: CampaignRecord, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Bool {
    guard let head = campaign.head, head.terms.hasNeededGoals else { return false }
    return try Pot.areAllReached(head.terms, of: campaign.project, knowing: pot.adding(contribution.amount), reading: state)
  }
}
