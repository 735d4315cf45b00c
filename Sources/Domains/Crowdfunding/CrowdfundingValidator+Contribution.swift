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
    let before = try DerivedStatus.read(campaign, state)
    let terms = try JudgedTerms(event, campaign, in: circumstances, reading: state)
    trace?.enter("K5")
    try checkActive(campaign, before, terms, event, in: circumstances)
    trace?.enter("K6")
    try contribution.reference.checkDetails(of: campaign)
    trace?.enter("K7")
    let judged = terms.dated ?? terms.head?.terms
    guard judged == nil || judged?.goal(contribution.target) != nil else { throw CrowdfundingRejection.noSuchGoal }
    trace?.enter("K8")
    if event.pubkey == campaign.bien { throw CrowdfundingRejection.selfContribution }

    let record = ContributionRecord(event, contribution)
    let recipient = campaign.wallet ?? judged?.wallets[contribution.target] ?? options.wallets[contribution.target]
    let transfer = Transfer(
      id: event.id, state: .posted, subject: campaign.project.bytes, target: contribution.target.rawValue, sender: event.pubkey,
      recipient: recipient?.text ?? "", amount: contribution.amount, createdAt: event.createdAt)
    var changes = [record.change(campaign.project)]
    changes += try Ledger.open(transfer, reading: state)
    if campaign.hasDeletions { changes += try revive(&campaign, reading: state) }

    var effects = Effects(changes: changes, note: CrowdfundingNote(.contribution, event, campaign.project).bytes)
    let followUps = CrowdfundingFollowUp(options.followUps)
    effects.followUps += try followUps.receipt(contribution, event, campaign)
    let isFunded = try reaches(contribution, campaign, before, reading: state)
    effects.followUps += followUps.snapshotRequest(campaign.project, event, circumstances, atOnce: isFunded)
    return .accepted(effects)
  }

  /// K5. A campaign that has not begun yet by the versions known here may have begun by those still to come: from sync the event waits for them.
  private func checkActive(
    _ campaign: CampaignRecord, _ status: DerivedStatus?, _ terms: JudgedTerms, _ event: VerifiedEvent, in circumstances: Circumstances
  ) throws {
    if circumstances.isLive {
      guard let status else { throw CrowdfundingRejection.notActive("deleted") }
      guard status.isActive else { throw CrowdfundingRejection.notActive(status.shownWhenInactive.name) }
    } else if let dated = terms.dated, dated.status != .crowdfunding {
      guard dated.status.rank < CampaignStatus.crowdfunding.rank else { throw CrowdfundingRejection.notActive(dated.status.name) }
      throw Parked(CrowdfundingRejection.notActive(dated.status.name), waitingFor: .campaign(campaign.project))
    }
    let time = circumstances.isLive ? circumstances.receivedAt : event.createdAt
    if let closedAt = terms.dated?.closedAt, time >= closedAt { throw CrowdfundingRejection.notActive("closed") }
  }

  /// Whether this contribution is the one that reaches the last goal.
  private func reaches(
    _ contribution: Contribution, _ campaign: CampaignRecord, _ before: DerivedStatus?, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Bool {
    guard before?.status == .crowdfunding, let goals = campaign.head?.terms.goals else { return false }
    for goal in goals {
      var collected = try Ledger.totals(of: campaign.project.bytes, target: goal.type.rawValue, reading: state).collected
      if goal.type == contribution.target { collected = collected.adding(contribution.amount) ?? collected }
      if collected < goal.target { return false }
    }
    return true
  }

  /// The first money or vote of a campaign undoes the deletion of its versions: such a campaign cannot be deleted.
  func revive(_ campaign: inout CampaignRecord, reading state: borrowing some StateReader & ~Copyable) throws -> [StateChange] {
    let versions = try VersionRecord.all(of: campaign.project, epoch: campaign.epoch, state)
    let fold = VersionFold(versions, ignoringDeletions: true)
    campaign.head = fold.head
    let project = campaign.project
    return zip(versions, fold.versions).compactMap { old, new in old == new ? nil : new.change(project) } + [campaign.change]
  }
}
