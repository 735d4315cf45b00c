// SPDX-License-Identifier: AGPL-3.0-or-later
import Ledger
import Nostr
import Policy

extension CrowdfundingValidator {
  /// C0: snapshots of this node, of `crowdfunding.nodes` and of the campaign's Bien are accepted and change nothing.
  func decide(_ snapshot: SnapshotEvent, _ event: VerifiedEvent, reading state: borrowing some StateReader & ~Copyable) throws -> Verdict {
    if options.isSnapshotNode(event.pubkey) { return .unchanged }
    if let project = snapshot.project, let record = try CampaignRecord.read(project, state), record.bien == event.pubkey { return .unchanged }
    throw CrowdfundingRejection.foreignSnapshot
  }

  /// C1 and C11–C14, against the state.
  func decide(
    _ version: CampaignVersion, _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable,
    trace: CheckTrace?
  ) throws -> Verdict {
    let deletion = try DeletionRecord.read(event.pubkey, event.id, state)
    let identifier = version.terms.identifier.bytes
    let isDeleted = try deletion != nil || !AddressDeletion.all(of: event.pubkey, identifier, from: event.createdAt, limit: 1, state).isEmpty
    if isDeleted, circumstances.isLive { throw CrowdfundingRejection.deletedByAuthor }
    let project = version.project
    let existing = try CampaignRecord.read(project, state)
    var binding = Binding(event, version, existing, isLive: circumstances.isLive, options)
    if !circumstances.isLive, let existing, existing.trust == .none, binding.kept != nil, binding.proof == .none {
      let record = VersionRecord(event, version, epoch: existing.epoch, trust: .none, deletion: deletion)
      if let effects = try decideRival(version, record, event, against: existing, in: circumstances, reading: state) { return .accepted(effects) }
    }
    trace?.enter("C1")
    if circumstances.isLive, let kept = binding.kept { try checkIsNewest(event, in: kept) }
    trace?.enter("C11")
    try binding.checkAuthor(version, options, circumstances)
    trace?.enter("C12")
    try binding.checkBound(version, mayContest: !circumstances.isLive, reading: state)

    var campaign =
      binding.kept
      ?? CampaignRecord(
        project: project, epoch: binding.displaced.map { $0.epoch &+ 1 } ?? 0, trust: binding.trust, captain: binding.captain, bien: binding.bien,
        wallet: binding.wallet, cell: version.cells.first)
    if let displaced = binding.displaced { campaign.keepVotes(of: displaced) }
    campaign.trust = binding.trust
    if binding.isTakenOver { campaign.isTakenOver = true }
    let rules = VoteRules(options)
    campaign.bien = binding.bien
    campaign.wallet = binding.wallet
    trace?.enter("C13")
    if circumstances.isLive {
      if existing?.isDisputed == true, version.terms.status.isClaim { throw CrowdfundingRejection.disputedOutcome }
      if let head = binding.kept?.head {
        try CampaignRules.checkLiveMove(from: head.terms, to: version.terms, vote: binding.kept?.vote ?? VoteState()) { type in
          try Ledger.totals(of: project.bytes, target: type.rawValue, reading: state).collected
        }
        trace?.enter("C14")
        try CampaignRules.checkLiveTerms(from: head.terms, to: version.terms, hasVotes: campaign.vote.voters > 0)
      } else {
        try CampaignRules.checkBeginning(version.terms)
      }
    }

    let record = VersionRecord(event, version, epoch: campaign.epoch, trust: binding.proof, deletion: deletion)
    let before = try binding.kept.flatMap { try DerivedStatus.read($0, state) }
    let wasApproved = campaign.vote.isApproved
    if existing == nil {
      campaign.hasDeletions = isDeleted
      campaign.tally = VoteTally()
    } else if isDeleted {
      try noteDeletion(&campaign, reading: state)
    }
    var renewed: [StateChange]
    let joining = try binding.displaced?.hasRivals == true ? RivalsJoining(campaign, version, record, reading: state) : nil
    if let joining, !joining.versions.isEmpty {
      campaign.cell = joining.cell
      let isAnyDeleted = try joining.versions.contains { try isDeletedByAuthor($0, reading: state) }
      if isAnyDeleted { try noteDeletion(&campaign, reading: state) }
      try refold(&campaign, CampaignHistory.read(campaign, having: joining.versions + [record], state))
      renewed = joining.changes
    } else {
      renewed = try add(record, to: &campaign, isFirst: binding.kept == nil, reading: state)
    }
    let isApprovedNow = circumstances.isLive && campaign.settleLive(wasApproved: wasApproved, rules)

    var changes = renewed
    changes.append(record.change(project))
    changes += try AddressProjects.changes(event.pubkey, version.terms.identifier, naming: project, state)
    changes.append(.put(CrowdfundingState.addresses, key: CrowdfundingState.addressKey(event.pubkey, version.terms.identifier), value: project.bytes))

    var effects = Effects(changes: changes, note: CrowdfundingNote(.version, event, project).bytes)
    effects.yieldsWhenFull = existing == nil
    if !circumstances.isLive, campaign.trust == .none {
      try claim(&campaign, with: record.position, since: existing, to: &effects, reading: state)
    } else {
      try take(for: &campaign, from: binding.stripped, since: existing, to: &effects, reading: state)
    }
    try finish(&campaign, since: existing, to: &effects, reading: state)
    effects.provides = [.campaign(project), .event(event.id)]
    if let address = event.event.address { effects.provides.append(.campaignAddress(address)) }
    if let bien = binding.bien { effects.provides.append(.bien(bien)) }
    effects.diagnostics += version.unreadableFigures.map { type in
      Diagnostic(
        .warning, "crowdfunding.figure", "a campaign's collected figure cannot be read, and is ignored",
        fields: [Diagnostic.Field("event", event.id.hex), Diagnostic.Field("project", project.description), Diagnostic.Field("goal", type.name)])
    }
    let after = try DerivedStatus.read(campaign, state)
    if isApprovedNow { effects.followUps += CrowdfundingFollowUp(options.followUps).label(.voteApproved, event, of: campaign) }
    if let before, before != after {
      effects.followUps += CrowdfundingFollowUp(options.followUps).snapshotRequest(project, event, circumstances, atOnce: true)
    }
    return .accepted(effects)
  }

  /// C1, live: newer than the newest version in force, and than its deletion; of equal times the lowest id.
  private func checkIsNewest(_ event: VerifiedEvent, in campaign: CampaignRecord) throws {
    if let latest = campaign.latest {
      let isNewer = event.createdAt > latest.createdAt || event.createdAt == latest.createdAt && event.id < latest.id
      guard isNewer else { throw CrowdfundingRejection.newerKnown }
    }
    if let deletedAt = campaign.deletedAt, event.createdAt <= deletedAt.createdAt { throw CrowdfundingRejection.newerKnown }
  }

  /// Puts a version in its place. Where it is the last of all, and votes dated behind it are as open or closed as before, nothing is folded again.
  /// - Returns: rows of before that were read, in today's form.
  private func add(
    _ version: VersionRecord, to campaign: inout CampaignRecord, isFirst: Bool, reading state: borrowing some StateReader & ~Copyable
  ) throws -> [StateChange] {
    let project = campaign.project
    let isLast = try !campaign.hasDeletions && (isFirst || isLast(version, of: project, reading: state))
    let opensOrCloses = (campaign.latest?.terms.status == .votePending) != (version.terms.status == .votePending)
    let isFolded = try campaign.tally == nil || (!isLast || opensOrCloses) && hasVotes(from: version.createdAt, project, reading: state)
    if isLast, !isFolded {
      if let latest = campaign.latest, !CampaignRules.allowsSync(from: FoldedTerms(latest.terms), to: FoldedTerms(version.terms)) { return [] }
      let unclaimed = version.terms.status.isClaim ? campaign.latest?.unclaimedStatus ?? .crowdfunding : version.terms.status
      campaign.foldOwners = version.terms.owners
      campaign.latest = CampaignRecord.Head(
        id: version.id, author: version.author, createdAt: version.createdAt, terms: version.terms, unclaimedStatus: unclaimed)
      return []
    }
    let history = try CampaignHistory.read(campaign, withVotes: isFolded, inserting: version, state)
    try refold(&campaign, history, withVotes: isFolded)
    return history.renewed
  }

  private func isLast(_ version: VersionRecord, of project: ProjectID, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    let end = project.keyPrefix + [UInt8](repeating: 0xff, count: 40)
    guard let last = try state.last(CrowdfundingState.versions, prefix: project.keyPrefix, upTo: end) else { return true }
    return last.key.lexicographicallyPrecedes(VersionRecord.key(project, version.createdAt, version.id))
  }

  /// Whether there are votes at or after a time: only on those a version of that time has a say.
  private func hasVotes(from time: UInt64, _ project: ProjectID, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    let end = project.keyPrefix + [UInt8](repeating: 0xff, count: 40)
    guard let last = try state.last(CrowdfundingState.ballots, prefix: project.keyPrefix, upTo: end) else { return false }
    var start = RecordWriter()
    start.put(fixed: project.keyPrefix)
    start.put(time)
    return !last.key.lexicographicallyPrecedes(start.bytes)
  }
}

extension CampaignRecord {
  /// Of a displaced binding the votes stay, to be folded by the new one's versions.
  fileprivate mutating func keepVotes(of displaced: CampaignRecord) {
    vote = displaced.vote
    hasVoteDeletions = displaced.hasVoteDeletions
    isApprovedHere = displaced.isApprovedHere
    approvedOwners = displaced.approvedOwners
    votesResolved = displaced.votesResolved
    deletionResolved = displaced.deletionResolved
    tally = nil
  }
}
