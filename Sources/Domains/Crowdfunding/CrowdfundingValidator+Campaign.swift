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
    let deletion = try deletion(of: version, event, in: circumstances, reading: state)
    if deletion != nil, circumstances.isLive { throw CrowdfundingRejection.deletedByAuthor }
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

    var campaign =
      binding.kept
      ?? CampaignRecord(
        project: project, epoch: binding.displaced.map { $0.epoch &+ 1 } ?? 0, trust: binding.trust, captain: binding.captain, bien: binding.bien,
        wallet: binding.wallet, cell: version.cells.first, head: nil, vote: binding.displaced?.vote ?? VoteState())
    campaign.trust = binding.trust
    campaign.bien = binding.bien
    campaign.wallet = binding.wallet
    campaign.hasDeletions = campaign.hasDeletions || deletion != nil
    let before = try binding.kept.flatMap { try DerivedStatus.read($0, state) }
    let record = VersionRecord(event, version, epoch: campaign.epoch, trust: binding.proof, deletion: deletion)
    var known = CampaignHistory(versions: [], contributions: [], ballots: [])
    let keepsVotes = try binding.kept != nil && !campaign.hasDeletions && !hasBallots(from: event.createdAt, project, reading: state)
    if existing != nil { known = try CampaignHistory.read(campaign, withBallots: !keepsVotes, state) }
    var history = known
    history.insert(record)
    trace?.enter("C13")
    if !circumstances.isLive {
      let fold = try CampaignFold(history, campaign, VoteRules(options), countsLive: true).versions
      if let previous = fold.previous(of: record), deletion == nil {
        do {
          try VersionFold.check(from: previous.terms, to: version.terms)
        } catch let rejection as Rejection {
          // Versions that may still come can make the previous one ineffective.
          throw Parked(rejection, waitingFor: .campaign(project))
        }
      }
    } else if let head = binding.kept?.head {
      try CampaignRules.checkLiveMove(from: head.terms, to: version.terms, vote: binding.kept?.vote ?? VoteState()) { type in
        try Ledger.totals(of: project.bytes, target: type.rawValue, reading: state).collected
      }
      trace?.enter("C14")
      try CampaignRules.checkTerms(from: head.terms, to: version.terms)
    } else {
      try CampaignRules.checkBeginning(version.terms)
    }

    var changes = binding.changes(project)
    let vote = campaign.vote
    changes += try refold(&campaign, history, since: known)
    if keepsVotes { campaign.vote = vote }
    changes.append(campaign.change)
    changes.append(.put(CrowdfundingState.addresses, key: CrowdfundingState.addressKey(event.pubkey, version.terms.identifier), value: project.bytes))

    var effects = Effects(changes: changes, note: CrowdfundingNote(.version, event, project).bytes)
    effects.opensSubject = existing == nil
    effects.provides = [.campaign(project), .event(event.id)]
    if let address = event.event.address { effects.provides.append(.campaignAddress(address)) }
    if let bien = binding.bien { effects.provides.append(.bien(bien)) }
    let after = try DerivedStatus.read(campaign, state)
    if let before, before != after {
      effects.followUps += CrowdfundingFollowUp(options.followUps).snapshotRequest(project, event, circumstances, atOnce: true)
    }
    return .accepted(effects)
  }

  /// Whether there are votes, or votes taken back, at or after a time: only on those a version of that time has a say.
  private func hasBallots(from time: UInt64, _ project: ProjectID, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    let end = project.keyPrefix + [UInt8](repeating: 0xff, count: 40)
    guard let last = try state.last(CrowdfundingState.ballots, prefix: project.keyPrefix, upTo: end) else { return false }
    var start = RecordWriter()
    start.put(fixed: project.keyPrefix)
    start.put(time)
    return !last.key.lexicographicallyPrecedes(start.bytes)
  }

  /// The earliest deletion of this version by its author that is known: by its id, or by its address.
  private func deletion(
    of version: CampaignVersion, _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable
  ) throws -> FoldPosition? {
    let byID = try DeletionRecord.read(event, at: circumstances.receivedAt, state)?.deletion
    let byAddress = try AddressDeletion.earliest(of: event.pubkey, version.terms.identifier, from: event.createdAt, state)
    return [byID, byAddress].compactMap { $0 }.min()
  }
}
