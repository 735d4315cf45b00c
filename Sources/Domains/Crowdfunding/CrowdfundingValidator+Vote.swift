// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension CrowdfundingValidator {
  /// V2–V5, against the state. V6 (balances) is asked where they are configured, which this version refuses.
  func decide(
    _ vote: Vote, _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable, trace: CheckTrace?
  ) throws -> Verdict {
    let remembered = try DeletionRecord.read(event.pubkey, event.id, state)
    if circumstances.isLive, remembered != nil { throw CrowdfundingRejection.deletedByAuthor }
    let deletion = remembered?.takingBack
    trace?.enter("V2")
    var campaign = try vote.reference.resolve(in: circumstances, reading: state, trace: trace)
    let stored = campaign
    try vote.reference.checkDetails(of: campaign, in: circumstances)
    trace?.enter("V3")
    let before = try DerivedStatus.read(campaign, state)
    if circumstances.isLive, before?.status != .votePending { throw CrowdfundingRejection.noVoteOpen }
    trace?.enter("V4")
    var voter = try VoterRecord.read(campaign.project, event.pubkey, state)
    let rules = VoteRules(options)
    var dated = DatedTerms(campaign, rules)
    if circumstances.isLive, try hasStandingVote(voter, event.pubkey, campaign, &dated, reading: state) { throw CrowdfundingRejection.alreadyVoted }
    trace?.enter("V5")
    let isInPhase = try dated.isVoteOpen(at: event.createdAt, reading: state)
    if !isInPhase {
      // Live it has to fit at its own time too: another relay goes by that, and would never count it.
      if circumstances.isLive, !circumstances.isRecalled { throw CrowdfundingRejection.noVoteOpen }
      if !circumstances.isLive { throw Parked(CrowdfundingRejection.noVoteOpen, waitingFor: .campaign(campaign.project)) }
    }

    let record = VoteRecord(event, weight: vote.weight, isLive: circumstances.isLive, deletion: deletion)
    let wasApproved = campaign.vote.isApproved
    if deletion != nil { campaign.hasVoteDeletions = true }
    let isAlone = try voter.isAlone(at: record.position, of: campaign.project, reading: state)
    var renewed: [StateChange] = []
    let isFirst = voter.places?.isEmpty == true
    if try !isAlone || !isFirst && campaign.tally?.state.isApproved != false || !add(record, to: &campaign, isInPhase: isInPhase, rules) {
      var history = try dated.wholeHistory(reading: state)
      history.insert(record)
      renewed = history.renewed
      if circumstances.isLive { campaign.keep() }
      try refold(&campaign, history)
    }
    let isApprovedNow = circumstances.isLive && campaign.settleLive(wasApproved: wasApproved, rules)
    voter.add(record.position)

    let changes = renewed + [record.change(campaign.project), voter.change(campaign.project, event.pubkey)]
    var effects = Effects(changes: changes, note: CrowdfundingNote(.vote, event, campaign.project).bytes)
    try finish(&campaign, since: stored, PendingVotes(changed: [record]), to: &effects, reading: state)
    effects.provides = [.event(event.id)]
    // Money and votes may undo a deletion of versions, and so open the campaign to what was too early.
    if campaign.hasDeletions { effects.provides.append(.campaign(campaign.project)) }
    let followUps = CrowdfundingFollowUp(options.followUps)
    // Only what was accepted live: each node says so of its own.
    if circumstances.isLive { effects.followUps += followUps.label(.voteRecorded, event, of: campaign) }
    if isApprovedNow { effects.followUps += followUps.label(.voteApproved, event, of: campaign) }
    let after = try DerivedStatus.read(campaign, state)
    effects.followUps += followUps.snapshotRequest(campaign.project, event, circumstances, atOnce: before != after)
    return .accepted(effects)
  }

  /// Adds a pubkey's only standing vote to the sums, however many votes there are; false where they have to be folded again.
  private func add(_ vote: VoteRecord, to campaign: inout CampaignRecord, isInPhase: Bool, _ rules: VoteRules) throws -> Bool {
    guard !campaign.hasDeletions, vote.deletion == nil, var tally = campaign.tally else { return false }
    if isInPhase {
      guard try tally.insert(vote.weight, at: vote.position, hasDeletions: campaign.hasVoteDeletions, rules) else { return false }
    }
    campaign.tally = tally
    if vote.isLive || isInPhase { campaign.vote = try campaign.vote.adding(vote.weight, rules) }
    campaign.settleApproval(rules)
    return true
  }

  /// V4: whether a vote of this pubkey stands here. Asked while the vote is open, so that nothing was approved yet and every deletion holds.
  private func hasStandingVote(
    _ voter: VoterRecord, _ pubkey: PublicKey, _ campaign: CampaignRecord, _ dated: inout DatedTerms,
    reading state: borrowing some StateReader & ~Copyable
  ) throws -> Bool {
    guard let places = voter.places else {
      return try CampaignFold(dated.wholeHistory(reading: state), campaign, VoteRules(options), .here).votes.hasStandingVote(of: pubkey)
    }
    for place in places {
      guard let vote = try VoteRecord.read(campaign.project, place, state) else { throw Fault.corrupt(CrowdfundingState.voters, "a vote is missing") }
      if vote.isLive {
        if vote.deletion?.isLive != true { return true }
      } else if try vote.deletion == nil && dated.isVoteOpen(at: place.createdAt, reading: state) {
        return true
      }
    }
    return false
  }
}
