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
    try vote.reference.checkDetails(of: campaign)
    trace?.enter("V3")
    let before = try DerivedStatus.read(campaign, state)
    try checkOpen(campaign, before, event, in: circumstances, reading: state)
    trace?.enter("V4")
    let voterKey = campaign.project.keyPrefix + event.pubkey.bytes
    let hasVoted = try state.contains(CrowdfundingState.voters, voterKey)
    if circumstances.isLive, hasVoted { throw CrowdfundingRejection.alreadyVoted }
    trace?.enter("V5")

    let position = FoldPosition(createdAt: event.createdAt, id: event.id)
    var added = [BallotRecord(position, event.pubkey, .vote(weight: vote.weight), isLive: circumstances.isLive, isCounted: false)]
    if let deletion { added.append(BallotRecord(deletion.deletion, event.pubkey, .deletion(of: [event.id]), isLive: false, isCounted: false)) }
    var changes: [StateChange] = []
    if campaign.hasDeletions { changes += try revive(&campaign, reading: state) }
    changes += try fold(added, into: &campaign, reading: state)
    changes.append(campaign.change)
    if !hasVoted { changes.append(.put(CrowdfundingState.voters, key: voterKey, value: event.id.bytes)) }

    var effects = Effects(changes: changes, note: CrowdfundingNote(.vote, event, campaign.project).bytes)
    let followUps = CrowdfundingFollowUp(options.followUps)
    effects.followUps += try followUps.label("vote-recorded", event, campaign.project)
    let after = try DerivedStatus.read(campaign, state)
    effects.followUps += followUps.snapshotRequest(campaign.project, event, circumstances, atOnce: before != after)
    return .accepted(effects)
  }

  /// V3.
  private func checkOpen(
    _ campaign: CampaignRecord, _ status: DerivedStatus?, _ event: VerifiedEvent, in circumstances: Circumstances,
    reading state: borrowing some StateReader & ~Copyable
  ) throws {
    if circumstances.isLive {
      guard status?.status == .votePending else { throw CrowdfundingRejection.noVoteOpen }
      return
    }
    guard let dated = try JudgedTerms(event, campaign, in: circumstances, reading: state).dated, dated.status != .votePending else { return }
    guard dated.status.rank < CampaignStatus.votePending.rank else { throw CrowdfundingRejection.noVoteOpen }
    throw Parked(CrowdfundingRejection.noVoteOpen, waitingFor: .campaign(campaign.project))
  }

  /// Folds ballots in: added up when they come after all others, folded again from the first when one is late.
  func fold(_ added: [BallotRecord], into campaign: inout CampaignRecord, reading state: borrowing some StateReader & ~Copyable) throws -> [StateChange] {
    let project = campaign.project
    if added.count == 1, let ballot = added.first, try isLast(ballot.position, in: project, reading: state), case .vote(let weight) = ballot.content {
      var ballot = ballot
      let voterKey = project.keyPrefix + ballot.pubkey.bytes
      if try !state.contains(CrowdfundingState.voters, voterKey) {
        campaign.vote = try campaign.vote.adding(weight, VoteRules(options))
        ballot.isCounted = true
      }
      return [ballot.change(project)]
    }
    let versions = VersionFold(
      try VersionRecord.all(of: project, epoch: campaign.epoch, state), ignoringDeletions: try campaign.hasDeletions && state.hasActivity(project))
    var ballots = try state.ballots(project)
    let known = ballots
    for ballot in added { ballots.insert(ballot) }
    let votes = try VoteFold(ballots, rules: VoteRules(options)) { ballot in
      ballot.isLive || (versions.effective(at: ballot.position.createdAt).map { $0.terms.status == .votePending } ?? true)
    }
    campaign.vote = votes.state
    let before = Dictionary(uniqueKeysWithValues: known.map { ($0.position, $0) })
    return votes.ballots.compactMap { before[$0.position] == $0 ? nil : $0.change(project) }
  }

  private func isLast(_ position: FoldPosition, in project: ProjectID, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    let prefix = project.keyPrefix
    let end = prefix + [UInt8](repeating: 0xff, count: 40)
    guard let last = try state.last(CrowdfundingState.ballots, prefix: prefix, upTo: end) else { return true }
    return last.key.lexicographicallyPrecedes(CrowdfundingState.timedKey(project, position.createdAt, position.id))
  }
}

extension [BallotRecord] {
  /// Puts a ballot in its place; a deletion that is there already gains targets.
  fileprivate mutating func insert(_ ballot: BallotRecord) {
    let place = firstIndex { ballot.position <= $0.position } ?? endIndex
    if place < endIndex, self[place].position == ballot.position, case .deletion(let known) = self[place].content,
      case .deletion(let more) = ballot.content
    {
      let content = BallotRecord.Content.deletion(of: Set(known + more).sorted())
      self[place] = BallotRecord(ballot.position, ballot.pubkey, content, isLive: self[place].isLive, isCounted: false)
    } else {
      insert(ballot, at: place)
    }
  }
}
