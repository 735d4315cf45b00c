// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension GroupsValidator {
  /// GP2–GP7.
  func decide(
    _ change: GroupChange, in groupID: EventID, on parentID: EventID, _ judgement: GroupJudgement, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    let event = judgement.event
    let circumstances = judgement.circumstances
    let group = try judgement.group(groupID, reading: state)
    judgement.enter("GP2")
    let parent = try judgement.parent(parentID, in: group, reading: state)
    judgement.enter("GP3")
    guard event.createdAt > parent.createdAt else { throw GroupsRejection.notAfterParent }
    if circumstances.isLive, judgement.isLate(options) { throw GroupsRejection.oldProposal }
    judgement.enter("GP4")
    let snapshot = try cache.snapshot(at: parent.id, reading: state)
    guard let resolved = change.resolved(in: snapshot) else { throw GroupsRejection.removeOutOfRange }
    judgement.enter("GP5")
    let references = change.adds.compactMap(\.group) + (change.admin?.value.map { [$0] } ?? [])
    if !references.isEmpty {
      guard !references.contains(group.id) else { throw GroupsRejection.cycle }
      try judgement.checkReferences(change.adds, change.admin?.value, besides: nil, reading: state)
      if !judgement.isRejudged, try Nesting(options).leads(references, to: group.id, reading: state) { throw GroupsRejection.cycle }
    }
    judgement.enter("GP6")
    let roles = Roles(try Branch(through: parent, group, reading: state), options, cache)
    if !judgement.isRejudged, try !mayPropose(event.pubkey, roles, at: event.createdAt, reading: state) { throw GroupsRejection.foreignProposer }
    judgement.enter("GP7")
    var merge = GroupMerge(snapshot, depth: parent.depth + 1)
    merge.apply(resolved)
    guard try !roles.electorate(of: merge.snapshot, at: event.createdAt, reading: state).isEmpty else { throw GroupsRejection.noAdministratorsLeft }
    if !judgement.isRejudged, try openProposals(of: event.pubkey, group, at: circumstances.receivedAt, reading: state) >= options.openProposalsPerAuthor {
      throw GroupsRejection.tooManyProposals
    }

    let record = ProposalRecord(event, group: group.id, parent: parent.id, in: circumstances, change: resolved)
    var changes: [StateChange] = [
      .put(GroupsState.proposals, key: event.id.bytes, value: record.encoded),
      .put(GroupsState.open, key: GroupsState.authorKey(group.id, event.pubkey, event.createdAt, event.id), value: GroupsState.mark),
    ]
    // Only an administrator's proposal can suspend somebody: strangers do not fill the list that every modification looks through.
    if resolved.mayLimit, try roles.isAdministrator(event.pubkey, at: event.createdAt, reading: state) {
      changes.append(.put(GroupsState.limiting, key: GroupsState.timedKey(group.id, event.createdAt, event.id), value: event.pubkey.bytes))
    }
    return .accepted(
      Effects(
        changes: changes,
        followUps: try GroupsFollowUp(options).attestation(of: event, in: group.id, listed: snapshot.attesters, circumstances),
        note: GroupsNote.proposal.bytes, provides: [Dependency(.groups, event.id.bytes)]))
  }

  private func mayPropose(_ author: PublicKey, _ roles: Roles, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    switch options.proposalsFrom {
    case .anyone: true
    case .admins: try roles.isAdministrator(author, at: time, reading: state)
    case .members:
      try Membership(roles).path(to: author, at: time, reading: state) != nil || roles.isAdministrator(author, at: time, reading: state)
    }
  }

  /// Not implemented on the canonical chain, and under 30 days old.
  private func openProposals(
    of author: PublicKey, _ group: GroupRecord, at now: UInt64, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Int {
    var ids: [EventID] = []
    let prefix = group.id.bytes + author.bytes
    var from = RecordWriter(capacity: 72)
    from.put(fixed: prefix)
    from.put(now.saturatingSubtract(GroupTimes.expiry).saturatingAdd(1))
    try state.scan(GroupsState.open, prefix: prefix, from: from.bytes) { key, _ in
      var keys = RecordReader(Array(key.dropFirst(72)), of: GroupsState.open)
      ids.append(try keys.eventID())
      return ids.count < 1000
    }
    return try ids.count { try !state.isImplemented($0, in: group) }
  }
}

extension StateReader where Self: ~Copyable {
  /// On the canonical chain.
  borrowing func isImplemented(_ proposal: EventID, in group: GroupRecord) throws -> Bool {
    for done in try implementations(of: proposal) where try isCanonical(done.node, done.createdAt, group) { return true }
    return false
  }
}
