// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension CrowdfundingValidator {
  /// V2–V5, against the state. V6 (balances) is asked where they are configured, which this version refuses.
  func decide(
    _ vote: Vote, _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable, trace: CheckTrace?
  ) throws -> Verdict {
    let deletion = try DeletionRecord.read(event, at: circumstances.receivedAt, state)
    if circumstances.isLive, deletion != nil { throw CrowdfundingRejection.deletedByAuthor }
    trace?.enter("V2")
    var campaign = try vote.reference.resolve(in: circumstances, reading: state, trace: trace)
    try vote.reference.checkDetails(of: campaign, in: circumstances)
    trace?.enter("V3")
    let before = try DerivedStatus.read(campaign, state)
    if circumstances.isLive, before?.status != .votePending { throw CrowdfundingRejection.noVoteOpen }
    trace?.enter("V4")
    let voterKey = campaign.project.keyPrefix + event.pubkey.bytes
    let hasVoted = try state.contains(CrowdfundingState.voters, voterKey)
    if circumstances.isLive, hasVoted { throw CrowdfundingRejection.alreadyVoted }
    trace?.enter("V5")

    let position = FoldPosition(createdAt: event.createdAt, id: event.id)
    let content = BallotRecord.Content.vote(weight: vote.weight, vote.reference.claims)
    var ballot = BallotRecord(position, event.pubkey, content, isLive: circumstances.isLive, isCounted: true)
    var changes: [StateChange] = []
    let isOrdered = try !campaign.hasVoteDeletions || isLast(position, in: campaign.project, reading: state)
    if !hasVoted, deletion == nil, !campaign.hasDeletions, isOrdered {
      // The first of its pubkey, and no deletion stands behind it: added up without folding again, however many votes there are.
      try checkPhase(circumstances.isLive ? nil : try JudgedTerms(event, campaign, in: circumstances, reading: state).dated, campaign)
      campaign.vote = try campaign.vote.adding(vote.weight, VoteRules(options))
      changes.append(ballot.change(campaign.project))
    } else {
      ballot.isCounted = false
      let known = try CampaignHistory.read(campaign, state)
      var history = known
      history.insert(ballot)
      if let deletion {
        campaign.hasVoteDeletions = true
        history.insert(BallotRecord(deletion.deletion, event.pubkey, .deletion(of: [event.id]), isLive: false, isCounted: false))
      }
      if !circumstances.isLive {
        let fold = try CampaignFold(history, campaign, VoteRules(options), countsLive: true)
        if !fold.isInPhase(ballot) { try checkPhase(fold.versions.effective(at: event.createdAt)?.terms, campaign) }
      }
      changes += try refold(&campaign, history, since: known)
    }
    changes.append(campaign.change)
    if !hasVoted { changes.append(.put(CrowdfundingState.voters, key: voterKey, value: event.id.bytes)) }

    var effects = Effects(changes: changes, note: CrowdfundingNote(.vote, event, campaign.project).bytes)
    effects.provides = [.event(event.id)]
    // Money and votes may undo a deletion of versions, and so open the campaign to what was too early.
    if campaign.hasDeletions { effects.provides.append(.campaign(campaign.project)) }
    let followUps = CrowdfundingFollowUp(options.followUps)
    effects.followUps += followUps.label("vote-recorded", event, campaign.project)
    let after = try DerivedStatus.read(campaign, state)
    effects.followUps += followUps.snapshotRequest(campaign.project, event, circumstances, atOnce: before != after)
    return .accepted(effects)
  }

  /// V3 from sync: a vote outside the phase that is known waits for versions that may still come.
  private func checkPhase(_ terms: CampaignTerms?, _ campaign: CampaignRecord) throws {
    guard let terms, terms.status != .votePending else { return }
    throw Parked(CrowdfundingRejection.noVoteOpen, waitingFor: .campaign(campaign.project))
  }

  private func isLast(_ position: FoldPosition, in project: ProjectID, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    let prefix = project.keyPrefix
    let end = prefix + [UInt8](repeating: 0xff, count: 40)
    guard let last = try state.last(CrowdfundingState.ballots, prefix: prefix, upTo: end) else { return true }
    return last.key.lexicographicallyPrecedes(CrowdfundingState.timedKey(project, position.createdAt, position.id))
  }
}
