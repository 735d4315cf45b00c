// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension CrowdfundingValidator {
  /// Kind 5 by the author of what it names: a vote that is open is taken back, a campaign without money or votes goes; a contribution stays paid.
  /// Targets that are unknown yet are remembered when the `k` tags name our kinds.
  func decide(
    _ deletion: Deletion, _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    var votes: [ProjectID: [EventID]] = [:]
    var versions: [ProjectID: Set<EventID>] = [:]
    var unknown: [EventID] = []
    for target in deletion.targets {
      guard let known = try state.known(target) else {
        unknown.append(target)
        continue
      }
      guard let note = try CrowdfundingNote(known), note.author == event.pubkey, let project = note.project else { continue }
      switch note.kind {
      case .vote: votes[project, default: []].append(target)
      case .version: versions[project, default: []].insert(target)
      case .contribution, .deletion: break
      }
    }
    for address in deletion.addresses where (1...128).contains(address.identifier.count) {
      let key = CrowdfundingState.addressKey(address.pubkey, address.identifier)
      guard let project = try state.project(in: CrowdfundingState.addresses, key), let campaign = try CampaignRecord.read(project, state) else { continue }
      // A deletion by address covers the versions up to its own time (NIP-09).
      for version in try VersionRecord.all(of: project, epoch: campaign.epoch, state)
      where version.author == event.pubkey && version.terms.identifier == address.identifier && version.createdAt <= event.createdAt {
        versions[project, default: []].insert(version.id)
      }
    }

    var effects = Effects(note: CrowdfundingNote(.deletion, event, nil).bytes)
    for project in Set(votes.keys).union(versions.keys).sorted() {
      guard var campaign = try CampaignRecord.read(project, state) else { continue }
      let before = try DerivedStatus.read(campaign, state)
      var changes: [StateChange] = []
      if let ids = versions[project] { changes += try delete(ids, of: &campaign, in: circumstances, reading: state) }
      if let ids = votes[project] {
        let position = FoldPosition(createdAt: event.createdAt, id: event.id)
        let content = BallotRecord.Content.deletion(of: Set(ids).sorted())
        changes += try fold([BallotRecord(position, event.pubkey, content, isLive: circumstances.isLive, isCounted: false)], into: &campaign, reading: state)
      }
      guard !changes.isEmpty else { continue }
      effects.changes += changes + [campaign.change]
      let after = try DerivedStatus.read(campaign, state)
      effects.followUps += CrowdfundingFollowUp(options.followUps).snapshotRequest(project, event, circumstances, atOnce: before != after)
    }
    if deletion.namesOurKinds { effects.changes += try remember(unknown, event, in: circumstances, reading: state) }
    return effects.changes.isEmpty ? .unchanged : .accepted(effects)
  }

  /// Marks versions as deleted; live, a campaign with money or votes refuses.
  private func delete(
    _ ids: Set<EventID>, of campaign: inout CampaignRecord, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable
  ) throws -> [StateChange] {
    let isActive = try state.hasActivity(campaign.project)
    if isActive, circumstances.isLive { throw CrowdfundingRejection.undeletable }
    let old = try VersionRecord.all(of: campaign.project, epoch: campaign.epoch, state)
    var marked = old
    for index in marked.indices where ids.contains(marked[index].id) { marked[index].isDeleted = true }
    let fold = VersionFold(marked, ignoringDeletions: isActive)
    campaign.hasDeletions = true
    campaign.head = fold.head
    let project = campaign.project
    return zip(old, fold.versions).compactMap { old, new in old == new ? nil : new.change(project) }
      + (try refold(&campaign, fold, reading: state))
  }

  /// Keeps the newest 100 unknown targets of a pubkey, for 7 days.
  private func remember(
    _ targets: [EventID], _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable
  ) throws -> [StateChange] {
    guard !targets.isEmpty else { return [] }
    var kept: [(key: [UInt8], record: DeletionRecord)] = []
    var changes: [StateChange] = []
    try state.scan(CrowdfundingState.deletions, prefix: event.pubkey.bytes) { key, value in
      let record = try DeletionRecord(decoding: value)
      if record.isKept(at: circumstances.receivedAt) {
        kept.append((key, record))
      } else {
        changes.append(.delete(CrowdfundingState.deletions, key: key))
      }
      return true
    }
    let added = Set(targets).sorted().prefix(DeletionRecord.maxPerPubkey)
    let surplus = kept.count + added.count - DeletionRecord.maxPerPubkey
    if surplus > 0 {
      let oldest = kept.sorted { $0.record.receivedAt == $1.record.receivedAt ? $0.key.lexicographicallyPrecedes($1.key) : $0.record.receivedAt < $1.record.receivedAt }
      changes += oldest.prefix(surplus).map { .delete(CrowdfundingState.deletions, key: $0.key) }
    }
    let record = DeletionRecord(deletion: FoldPosition(createdAt: event.createdAt, id: event.id), receivedAt: circumstances.receivedAt)
    return changes + added.map { record.change(event.pubkey, $0) }
  }
}
