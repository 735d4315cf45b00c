// SPDX-License-Identifier: AGPL-3.0-or-later
import Ledger
import Nostr
import Policy

extension CrowdfundingValidator {
  /// Kind 5 by the author of what it names: a vote that is open is taken back, a campaign without money or votes goes; a contribution stays paid.
  ///
  /// What is unknown yet is remembered for ever, by id and by address. One that says no kinds, and of which nothing is known here, neither what it
  /// names nor its author, is nobody's for now: it is kept aside until what it names comes. Live, one target that counts refuses the whole.
  func decide(
    _ deletion: Deletion, _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    let targets = try DeletionOfOwn(deletion, event, reading: state)
    let mayBeForeign = !deletion.namesKinds && !targets.namesKnown && !circumstances.isSummoned && !circumstances.isRecalled
    if try mayBeForeign && !state.isKnownAuthor(event.pubkey) {
      let ids = targets.unknown.map { Dependency.arrival(of: $0, by: event.pubkey, in: .crowdfunding) }
      return .kept(until: ids + targets.addresses.map { Dependency.arrival(of: $0, in: .crowdfunding) })
    }
    if circumstances.isLive { try checkLive(targets, event, in: circumstances, reading: state) }

    var effects = Effects(note: CrowdfundingNote(.deletion, event, nil).bytes)
    let position = FoldPosition(createdAt: event.createdAt, id: event.id)
    let isLive = circumstances.isLive
    for project in targets.projects {
      guard var campaign = try CampaignRecord.read(project, state) else { continue }
      let before = campaign
      let status = try DerivedStatus.read(campaign, state)
      let rows = try delete(targets, of: &campaign, DeletionRecord(position, isLive: isLive), reading: state)
      guard !rows.isEmpty || campaign != before else { continue }
      if isLive { campaign.settleLive(wasApproved: before.vote.isApproved) }
      effects.changes += rows + [campaign.change]
      effects.provides.append(.campaign(project))
      let isAtOnce = try DerivedStatus.read(campaign, state) != status
      effects.followUps += CrowdfundingFollowUp(options.followUps).snapshotRequest(project, event, circumstances, atOnce: isAtOnce)
    }
    effects.changes += targets.addresses.map { AddressDeletion(position: position, isLive: isLive).change($0) }
    for target in targets.unknown {
      let known = try DeletionRecord.read(event.pubkey, target, state)
      let record = DeletionRecord(position, isLive: isLive).merging(known)
      if record != known { effects.changes.append(record.change(event.pubkey, target)) }
    }
    effects.yieldsWhenFull = !targets.namesKnown
    return effects.changes.isEmpty ? .unchanged : .accepted(effects)
  }

  /// What a live deletion may not take away. In the order of its tags: the first refusal is told.
  private func checkLive(
    _ targets: DeletionOfOwn, _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable
  ) throws {
    let receivedAt = circumstances.receivedAt
    let isTooOld = receivedAt > Self.deletionLag && event.createdAt < receivedAt - Self.deletionLag
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
      case .deletion: continue
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

  /// How long after it was made a live deletion may still take a vote back.
  private static let deletionLag: UInt64 = 3600

  /// Marks versions as deleted and takes votes back in one campaign.
  /// - Returns: the rows that change, without the campaign's own.
  private func delete(
    _ targets: DeletionOfOwn, of campaign: inout CampaignRecord, _ deletion: DeletionRecord, reading state: borrowing some StateReader & ~Copyable
  ) throws -> [StateChange] {
    let project = campaign.project
    var versions: [VersionRecord] = []
    var votes: [VoteRecord] = []
    for target in targets.byProject[project] ?? [] {
      switch target.kind {
      case .version:
        guard let row = try state.value(CrowdfundingState.versions, VersionRecord.key(project, target.createdAt, target.id)) else { continue }
        var version = try VersionRecord(decoding: row, completing: state)
        let merged = deletion.merging(version.deletion.map { DeletionRecord($0, isLive: version.isDeletedLive) })
        guard merged.position != version.deletion || merged.isLive != version.isDeletedLive else { continue }
        version.deletion = merged.position
        version.isDeletedLive = merged.isLive
        versions.append(version)
      case .vote:
        guard var vote = try VoteRecord.read(project, FoldPosition(createdAt: target.createdAt, id: target.id), state) else {
          throw Fault.corrupt(CrowdfundingState.ballots, "a vote is missing")
        }
        let merged = deletion.merging(vote.deletion)
        guard merged != vote.deletion else { continue }
        vote.deletion = merged
        votes.append(vote)
      case .contribution, .deletion: continue
      }
    }
    let isByAddress = targets.projectsByAddress.contains(project)
    guard !versions.isEmpty || !votes.isEmpty || isByAddress else { return [] }

    let rows = versions.map { $0.change(project) } + votes.map { $0.change(project) }
    if !versions.isEmpty || isByAddress { try noteDeletion(&campaign, reading: state) }
    if !votes.isEmpty { campaign.hasVoteDeletions = true }
    if try !campaign.hasDeletions && takeBack(votes, in: &campaign, reading: state) { return rows }
    var history = try CampaignHistory.read(campaign, state)
    for version in versions { try history.replace(version) }
    for vote in votes { history.replace(vote) }
    if isByAddress {
      history.insert(AddressDeletion(position: deletion.position, isLive: deletion.isLive), of: targets.foldedAddresses)
    }
    try refold(&campaign, history)
    return history.renewed + rows
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

/// What a kind 5 names of its own author's, as far as it is known.
private struct DeletionOfOwn {
  struct Target {
    let id: EventID
    let kind: CrowdfundingNote.Kind
    let createdAt: UInt64
    /// nil for a deletion, which may concern several.
    let project: ProjectID?
  }

  /// In the order of the tags.
  private(set) var known: [Target] = []
  private(set) var byProject: [ProjectID: [Target]] = [:]
  private(set) var unknown: [EventID] = []
  let addresses: [Address]
  /// The same, made once for all campaigns that are folded.
  let foldedAddresses: Set<FoldedAddress>
  /// The campaigns of those addresses that have one.
  private(set) var projectsByAddress: Set<ProjectID> = []

  /// Every campaign that may change, in an order that depends on nothing else.
  var projects: [ProjectID] { Set(byProject.keys).union(projectsByAddress).sorted() }
  var namesKnown: Bool { !known.isEmpty || !projectsByAddress.isEmpty }

  init(_ deletion: Deletion, _ event: VerifiedEvent, reading state: borrowing some StateReader & ~Copyable) throws {
    addresses = deletion.addresses
    foldedAddresses = Set(addresses.map { FoldedAddress($0) })
    for id in deletion.targets {
      guard let row = try state.known(id) else {
        unknown.append(id)
        continue
      }
      guard let note = try CrowdfundingNote(row), note.author == event.pubkey else { continue }
      let target = Target(id: id, kind: note.kind, createdAt: note.createdAt, project: note.project)
      known.append(target)
      if let project = note.project, note.kind != .contribution { byProject[project, default: []].append(target) }
    }
    for address in addresses {
      let key = CrowdfundingState.addressKey(address.pubkey, address.identifier)
      if let project = try state.project(in: CrowdfundingState.addresses, key) { projectsByAddress.insert(project) }
    }
  }
}
