// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension CrowdfundingValidator {
  /// Kind 5 by the author of what it names: a vote that is open is taken back, a campaign without money or votes goes; a contribution stays paid.
  /// Targets that are unknown yet are remembered.
  func decide(
    _ deletion: Deletion, _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    var votes: [ProjectID: [EventID]] = [:]
    var versions: [ProjectID: Set<EventID>] = [:]
    var unknown: [EventID] = []
    var deletedAddresses: [Address] = []
    var namesContribution = false
    for target in deletion.targets {
      guard let known = try state.known(target) else {
        unknown.append(target)
        continue
      }
      guard let note = try CrowdfundingNote(known), note.author == event.pubkey, let project = note.project else { continue }
      switch note.kind {
      case .vote: votes[project, default: []].append(target)
      case .version: versions[project, default: []].insert(target)
      case .contribution: namesContribution = true
      case .deletion: break
      }
    }
    for address in deletion.addresses where (1...128).contains(address.identifier.count) {
      let key = CrowdfundingState.addressKey(address.pubkey, address.identifier)
      guard let project = try state.project(in: CrowdfundingState.addresses, key), let campaign = try CampaignRecord.read(project, state) else {
        continue
      }
      deletedAddresses.append(address)
      // A deletion by address covers the versions up to its own time (NIP-09).
      for version in try VersionRecord.all(of: project, epoch: campaign.epoch, state)
      where version.author == event.pubkey && version.terms.identifier == address.identifier && version.createdAt <= event.createdAt {
        versions[project, default: []].insert(version.id)
      }
    }

    if !deletion.namesOurKinds, votes.isEmpty, versions.isEmpty, deletedAddresses.isEmpty, !namesContribution {
      // Claimed only because it names an event that is parked: it waits for that one's acceptance.
      guard !circumstances.isLive, let parked = try unknown.first(where: { try state.isParked($0, by: event.pubkey) }) else { return .unchanged }
      throw Parked(CrowdfundingRejection.missingTarget(parked), waitingFor: .event(parked))
    }
    var effects = Effects(note: CrowdfundingNote(.deletion, event, nil).bytes)
    for project in Set(votes.keys).union(versions.keys).sorted() {
      guard var campaign = try CampaignRecord.read(project, state) else { continue }
      let before = try DerivedStatus.read(campaign, state)
      let changes = try delete(
        versions: versions[project] ?? [], votes: votes[project] ?? [], of: &campaign, event, before, in: circumstances, reading: state)
      guard !changes.isEmpty else { continue }
      effects.changes += changes + [campaign.change]
      effects.provides.append(.campaign(project))
      let after = try DerivedStatus.read(campaign, state)
      effects.followUps += CrowdfundingFollowUp(options.followUps).snapshotRequest(project, event, circumstances, atOnce: before != after)
    }
    let position = FoldPosition(createdAt: event.createdAt, id: event.id)
    effects.changes += deletedAddresses.map { AddressDeletion.change($0.pubkey, $0.identifier, position) }
    effects.changes += try remember(unknown, event, in: circumstances, reading: state)
    return effects.changes.isEmpty ? .unchanged : .accepted(effects)
  }

  /// Marks versions as deleted, and takes votes back. Live, a campaign with money or votes refuses, and a vote that is not open stays as it is.
  private func delete(
    versions: Set<EventID>, votes: [EventID], of campaign: inout CampaignRecord, _ event: VerifiedEvent, _ status: DerivedStatus?,
    in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable
  ) throws -> [StateChange] {
    if !versions.isEmpty {
      if circumstances.isLive, try state.hasActivity(campaign.project) { throw CrowdfundingRejection.undeletable }
      campaign.hasDeletions = true
    }
    let known = try CampaignHistory.read(campaign, state)
    var history = known
    let position = FoldPosition(createdAt: event.createdAt, id: event.id)
    for index in history.versions.indices where versions.contains(history.versions[index].id) {
      history.versions[index].deletion = min(history.versions[index].deletion ?? position, position)
    }
    if !votes.isEmpty, !circumstances.isLive || status?.status == .votePending {
      let content = BallotRecord.Content.deletion(of: Set(votes).sorted())
      campaign.hasVoteDeletions = true
      history.insert(BallotRecord(position, event.pubkey, content, isLive: circumstances.isLive, isCounted: false))
    }
    return try refold(&campaign, history, since: known)
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
      let oldest = kept.sorted {
        $0.record.receivedAt == $1.record.receivedAt ? $0.key.lexicographicallyPrecedes($1.key) : $0.record.receivedAt < $1.record.receivedAt
      }
      changes += oldest.prefix(surplus).map { .delete(CrowdfundingState.deletions, key: $0.key) }
    }
    let record = DeletionRecord(deletion: FoldPosition(createdAt: event.createdAt, id: event.id), receivedAt: circumstances.receivedAt)
    // Of two deletions of one event the earlier is kept.
    return try changes
      + added.compactMap { target in
        let known = try state.value(CrowdfundingState.deletions, event.pubkey.bytes + target.bytes).map { try DeletionRecord(decoding: $0) }
        if let known, known.isKept(at: circumstances.receivedAt), known.deletion < record.deletion { return nil }
        return record.change(event.pubkey, target)
      }
  }
}
