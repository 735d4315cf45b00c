// SPDX-License-Identifier: AGPL-3.0-or-later
import Ledger
import Nostr
import Policy

extension CrowdfundingValidator {
  /// C0: snapshots of this node, of `crowdfunding.nodes` and of the campaign's Bien are accepted and change nothing.
  func decide(_ snapshot: SnapshotEvent, _ event: VerifiedEvent, reading state: borrowing some StateReader & ~Copyable) throws -> Verdict {
    if event.pubkey == options.followUps.nodeKey || options.nodes.contains(event.pubkey) { return .unchanged }
    if let project = snapshot.project, let record = try CampaignRecord.read(project, state), record.bien == event.pubkey { return .unchanged }
    throw CrowdfundingRejection.foreignSnapshot
  }

  /// C1 and C11–C14, against the state.
  func decide(
    _ version: CampaignVersion, _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable,
    trace: CheckTrace?
  ) throws -> Verdict {
    let isDeleted = try DeletionRecord.read(event, at: circumstances.receivedAt, state) != nil
    if isDeleted, circumstances.isLive { throw CrowdfundingRejection.deletedByAuthor }
    let project = version.project
    let existing = try CampaignRecord.read(project, state)
    var binding = Binding(event, version, existing, options)
    trace?.enter("C1")
    if circumstances.isLive, let head = binding.kept?.head {
      let isNewer = event.createdAt > head.createdAt || event.createdAt == head.createdAt && event.id < head.id
      guard isNewer else { throw CrowdfundingRejection.newerKnown }
    }
    trace?.enter("C11")
    try binding.checkAuthor(version, options, circumstances)
    trace?.enter("C12")
    try binding.checkBound(version, reading: state)

    let epoch = binding.kept?.epoch ?? binding.displaced.map { $0.epoch &+ 1 } ?? 0
    let record = VersionRecord(event, version.terms, epoch: epoch, isDeleted: isDeleted)
    let history = binding.kept == nil ? [] : try VersionRecord.all(of: project, epoch: epoch, state)
    let isNewest = history.last.map { VersionFold.precedes($0, record) } ?? true
    trace?.enter("C13")
    if circumstances.isLive {
      if let head = binding.kept?.head {
        try CampaignRules.checkLiveMove(from: head.terms, to: version.terms, vote: binding.kept?.vote ?? VoteState()) { type in
          try Ledger.totals(of: project.bytes, target: type.rawValue, reading: state).collected
        }
        trace?.enter("C14")
        try CampaignRules.checkTerms(from: head.terms, to: version.terms)
      } else {
        try CampaignRules.checkBeginning(version.terms)
      }
    } else if let previous = VersionFold.previous(of: record, among: history) {
      try VersionFold.check(from: previous.terms, to: version.terms)
    }

    var campaign =
      binding.kept
      ?? CampaignRecord(
        project: project, epoch: epoch, trust: binding.trust, captain: binding.captain, bien: binding.bien, wallet: binding.wallet,
        cell: version.cells.first, head: nil, vote: binding.displaced?.vote ?? VoteState())
    campaign.trust = binding.trust
    campaign.bien = binding.bien
    campaign.wallet = binding.wallet
    campaign.hasDeletions = campaign.hasDeletions || isDeleted
    let before = try binding.kept.flatMap { try DerivedStatus.read($0, state) }

    var versions = history
    versions.insert(record, at: versions.firstIndex { VersionFold.precedes(record, $0) } ?? versions.endIndex)
    var changes = binding.changes(project)
    let fold = VersionFold(versions, ignoringDeletions: try campaign.hasDeletions && state.hasActivity(project))
    for (old, new) in zip(versions, fold.versions) where old != new || old.id == record.id { changes.append(new.change(project)) }
    campaign.head = fold.head
    if !isNewest || binding.displaced != nil || isDeleted { changes += try refold(&campaign, fold, reading: state) }
    changes.append(campaign.change)
    changes.append(.put(CrowdfundingState.addresses, key: CrowdfundingState.addressKey(event.pubkey, version.terms.identifier), value: project.bytes))

    var effects = Effects(changes: changes, note: CrowdfundingNote(.version, event, project).bytes)
    effects.opensSubject = existing == nil
    effects.provides = [.campaign(project), .campaignVersion(event.id)]
    if let address = event.event.address { effects.provides.append(.campaignAddress(address)) }
    if let bien = binding.bien { effects.provides.append(.bien(bien)) }
    let after = try DerivedStatus.read(campaign, state)
    if let before, before != after {
      effects.followUps += CrowdfundingFollowUp(options.followUps).snapshotRequest(project, event, circumstances, atOnce: true)
    }
    return .accepted(effects)
  }

  /// Folds a campaign's vote again after its history changed.
  func refold(_ campaign: inout CampaignRecord, _ fold: VersionFold, reading state: borrowing some StateReader & ~Copyable) throws -> [StateChange] {
    let ballots = try state.ballots(campaign.project)
    guard !ballots.isEmpty else { return [] }
    let votes = try VoteFold(ballots, rules: VoteRules(options)) { ballot in
      ballot.isLive || (fold.effective(at: ballot.position.createdAt).map { $0.terms.status == .votePending } ?? true)
    }
    campaign.vote = votes.state
    let project = campaign.project
    return zip(ballots, votes.ballots).compactMap { old, new in old == new ? nil : new.change(project) }
  }
}
