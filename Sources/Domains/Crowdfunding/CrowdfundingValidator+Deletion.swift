// SPDX-License-Identifier: AGPL-3.0-or-later
import Ledger
import Nostr
import Policy

extension CrowdfundingValidator {
  /// Kind 5 by the author of what it names: a vote that is open is taken back, a campaign without money or votes goes; a contribution stays paid.
  ///
  /// What is unknown yet is remembered for ever, by id and by address. One that says no kinds, and of which nothing is known here, neither what it
  /// names nor its author, is nobody's for now: it is kept aside until what it names comes. Live, one target that counts refuses the whole.
  ///
  /// It takes votes back only once it is labelled `vote-taken-back`, which this node does where it accepts it live.
  func decide(
    _ deletion: Deletion, _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    let targets = try DeletionOfOwn(deletion, by: event.pubkey, reading: state)
    let mayBeForeign = !deletion.namesKinds && !targets.namesKnown && !circumstances.isSummoned && !circumstances.isRecalled
    if try mayBeForeign && !state.isKnownAuthor(event.pubkey) {
      let ids = targets.unknown.map { Dependency.arrival(of: $0, by: event.pubkey, in: .crowdfunding) }
      return .kept(until: ids + targets.addresses.map { Dependency.arrival(of: $0, in: .crowdfunding) })
    }
    // A label or a receipt that a relay dropped would be missed by whoever comes later: no kind 5 takes one back, whatever its source.
    if !circumstances.isRecalled {
      for target in targets.known {
        if target.kind == .label { throw CrowdfundingRejection.deletionOfLabel }
        if target.kind == .receipt { throw CrowdfundingRejection.deletionOfReceipt }
      }
    }
    if circumstances.isLive, !circumstances.isKept, !circumstances.isRecalled { try checkLive(targets, event, in: circumstances, reading: state) }

    var effects = Effects(note: CrowdfundingNote(.deletion, event, nil).bytes)
    let position = FoldPosition(createdAt: event.createdAt, id: event.id)
    // One that is dated back may name votes that are not known here: it takes none of them back.
    let isLabelledHere = circumstances.isLive && targets.mayNameVotes && !isTooOld(event, circumstances)
    let isLabelled = try isLabelledHere || LabelRecord.isThere(.voteTakenBack, of: event.id, by: options.followUps.isNode, state)
    let record = DeletionRecord(position, isLive: circumstances.isLive, labelledAt: isLabelled ? position : nil)
    try take(targets, record, event, in: circumstances, to: &effects, reading: state)
    effects.changes += targets.addresses.map { AddressDeletion(position: position).change($0) }
    if isLabelledHere {
      let campaign = try targets.projectOfVotes.flatMap { try CampaignRecord.read($0, state) }
      effects.followUps += CrowdfundingFollowUp(options.followUps).label(.voteTakenBack, event, of: campaign)
    }
    effects.yieldsWhenFull = !targets.namesKnown
    // What names something of its author's, or what may come, is kept even where it changes nothing: a label may still come.
    return effects.changes.isEmpty && !targets.namesKnown && targets.unknown.isEmpty ? .unchanged : .accepted(effects)
  }

  /// What a deletion does to everything that it names: when it comes, and once more when it is labelled.
  func take(
    _ targets: DeletionOfOwn, _ deletion: DeletionRecord, _ event: VerifiedEvent, in circumstances: Circumstances, to effects: inout Effects,
    reading state: borrowing some StateReader & ~Copyable
  ) throws {
    let rules = VoteRules(options)
    let followUps = CrowdfundingFollowUp(options.followUps)
    for project in targets.projects {
      guard var campaign = try CampaignRecord.read(project, state) else { continue }
      let before = campaign
      let status = try DerivedStatus.read(campaign, state)
      let (rows, votes) = try delete(targets, of: &campaign, deletion, reading: state)
      guard !rows.isEmpty || campaign != before else { continue }
      if deletion.isLive, campaign.settleLive(wasApproved: before.vote.isApproved, rules) {
        effects.followUps += followUps.label(.voteApproved, event, of: campaign)
      }
      effects.changes += rows
      try finish(&campaign, since: before, PendingVotes(changed: votes), to: &effects, reading: state)
      effects.provides.append(.campaign(project))
      let isAtOnce = try DerivedStatus.read(campaign, state) != status
      effects.followUps += followUps.snapshotRequest(project, event, circumstances, atOnce: isAtOnce)
    }
    for target in targets.unknown {
      let known = try DeletionRecord.read(targets.author, target, state)
      let record = deletion.merging(known)
      if record != known { effects.changes.append(record.change(targets.author, target)) }
    }
  }

  /// What a live deletion may not take away. In the order of its tags: the first refusal is told.
  private func checkLive(
    _ targets: DeletionOfOwn, _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable
  ) throws {
    let isTooOld = isTooOld(event, circumstances)
    var isOpen: [ProjectID: Bool] = [:]
    var isActive: [ProjectID: Bool] = [:]
    func checkVersion(_ project: ProjectID) throws {
      if isActive[project] == nil {
        let hasVotes = try CampaignRecord.read(project, state).map { $0.vote.voters > 0 } ?? false
        isActive[project] = try hasVotes || state.hasContributions(project)
      }
      if isActive[project] == true { throw CrowdfundingRejection.undeletable }
    }
    for target in targets.known {
      guard let project = target.project else { throw CrowdfundingRejection.deletionOfDeletion }
      switch target.kind {
      case .deletion, .label, .receipt: continue
      case .contribution:
        let transfer = try Ledger.transfer(target.id, reading: state)
        if transfer?.state == .posted || transfer?.state == .unknown { throw CrowdfundingRejection.countedContribution }
      case .version: try checkVersion(project)
      case .vote:
        if isTooOld { throw CrowdfundingRejection.lateDeletion }
        if isOpen[project] == nil {
          let status = try CampaignRecord.read(project, state).flatMap { try DerivedStatus.read($0, state) }
          isOpen[project] = status?.status == .votePending
        }
        if isOpen[project] == false { throw CrowdfundingRejection.decidedVote }
      }
    }
    for project in targets.projectsByAddress { try checkVersion(project) }
  }

  private func isTooOld(_ event: VerifiedEvent, _ circumstances: Circumstances) -> Bool {
    let receivedAt = circumstances.receivedAt
    return receivedAt > Self.deletionLag && event.createdAt < receivedAt - Self.deletionLag
  }

  /// How long after it was made a live deletion may still take a vote back.
  private static let deletionLag: UInt64 = 3600

  /// Marks versions as deleted and takes votes back in one campaign.
  /// - Returns: the rows that change, without the campaign's own, and the votes among them.
  private func delete(
    _ targets: DeletionOfOwn, of campaign: inout CampaignRecord, _ deletion: DeletionRecord, reading state: borrowing some StateReader & ~Copyable
  ) throws -> (rows: [StateChange], votes: [VoteRecord]) {
    let project = campaign.project
    var versions: [VersionRecord] = []
    var votes: [VoteRecord] = []
    var rivals: [StateChange] = []
    for target in targets.byProject[project] ?? [] {
      switch target.kind {
      case .version:
        guard let row = try state.value(CrowdfundingState.versions, VersionRecord.key(project, target.createdAt, target.id)) else {
          // A rival's is deleted for the day on which it is in force.
          let position = FoldPosition(createdAt: target.createdAt, id: target.id)
          guard var rival = try Rival.version(position, of: targets.author, project, state) else { continue }
          let earliest = min(deletion.position, rival.deletion ?? deletion.position)
          guard earliest != rival.deletion else { continue }
          rival.deletion = earliest
          rivals.append(Rival.keep(rival, of: project))
          continue
        }
        var version = try VersionRecord(decoding: row, completing: state)
        let earliest = min(deletion.position, version.deletion ?? deletion.position)
        guard earliest != version.deletion else { continue }
        version.deletion = earliest
        versions.append(version)
      case .vote:
        guard let labelledAt = deletion.labelledAt else { continue }
        guard var vote = try VoteRecord.read(project, FoldPosition(createdAt: target.createdAt, id: target.id), state) else {
          throw Fault.corrupt(CrowdfundingState.ballots, "a vote is missing")
        }
        // A live vote stands here until it is taken back live, or by a labelled kind 5 as long as nothing was approved here.
        let holdsHere = deletion.isLive || vote.isLive && !campaign.isApprovedHere
        let merged = DeletionRecord(labelledAt, isLive: holdsHere).merging(vote.deletion)
        guard merged != vote.deletion else { continue }
        vote.deletion = merged
        votes.append(vote)
      case .contribution, .deletion, .label, .receipt: continue
      }
    }
    // A rival's address is none of the campaign in force, which is not folded for it.
    let isByAddress = targets.projectsByAddress.contains(project) && campaign.permits(targets.author)
    guard !versions.isEmpty || !votes.isEmpty || isByAddress else { return (rivals, []) }

    let rows = rivals + versions.map { $0.change(project) } + votes.map { $0.change(project) }
    if !versions.isEmpty || isByAddress { try noteDeletion(&campaign, reading: state) }
    if !votes.isEmpty { campaign.hasVoteDeletions = true }
    if try !campaign.hasDeletions && takeBack(votes, in: &campaign, reading: state) { return (rows, votes) }
    var history = try CampaignHistory.read(campaign, state)
    for version in versions { try history.replace(version) }
    for vote in votes { history.replace(vote) }
    if isByAddress {
      history.insert(AddressDeletion(position: deletion.position), of: targets.foldedAddresses)
    }
    // A vote that was taken back is as never cast: it keeps nothing.
    if campaign.keptFrom != nil, !votes.isEmpty, !history.hasLiveActivity { campaign.keptFrom = nil }
    try refold(&campaign, history)
    return (history.renewed + rows, votes)
  }

  /// Takes votes back in the sums, however many votes there are; false where they have to be folded again, and then nothing is changed.
  private func takeBack(
    _ votes: [VoteRecord], in campaign: inout CampaignRecord, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Bool {
    guard var tally = campaign.tally else { return false }
    let rules = VoteRules(options)
    var here = campaign.vote
    var dated = DatedTerms(campaign, rules)
    for vote in votes {
      // Its author's only standing vote, that was not taken back before.
      let known = try VoteRecord.read(campaign.project, vote.position, state)
      let voter = try VoterRecord.read(campaign.project, vote.pubkey, state)
      guard let deletion = vote.deletion, known?.deletion == nil, try voter.isAlone(at: vote.position, of: campaign.project, reading: state),
        voter.places?.count == 1 || !tally.state.isApproved, !(vote.isNeverCast && tally.state.isApproved)
      else { return false }
      let isInPhase = try dated.isVoteOpen(at: vote.position.createdAt, reading: state)
      let wasApproved = tally.state.isApproved
      if isInPhase {
        guard try tally.takeBack(vote.weight, at: max(deletion.position, vote.position)) else { return false }
      }
      let holdsHere = vote.isLive ? deletion.isLive : isInPhase && (deletion.isLive || !wasApproved)
      if holdsHere { here = try here.removing(vote.weight) }
    }
    campaign.tally = tally
    campaign.vote = here
    campaign.settleApproval(rules)
    return true
  }
}
