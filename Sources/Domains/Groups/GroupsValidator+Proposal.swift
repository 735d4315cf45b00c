// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension GroupsValidator {
  /// GP2–GP7.
  func decide(
    _ change: GroupChange, in groupID: EventID, on parentID: EventID, _ judgement: GroupJudgement,
    reading state: borrowing some StateReader & ~Copyable
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
    let snapshot = try judgement.cache.snapshot(at: parent.id, reading: state)
    guard let resolved = change.resolved(in: snapshot) else { throw GroupsRejection.removeOutOfRange }
    judgement.enter("GP5")
    let references = change.adds.compactMap(\.group) + (change.admin?.value.map { [$0] } ?? [])
    if !references.isEmpty {
      guard !references.contains(group.id) else { throw GroupsRejection.cycle }
      try judgement.checkReferences(change.adds, change.admin?.value, besides: nil, reading: state)
      if try judgement.isCycle(references, group.id, options, reading: state) { throw GroupsRejection.cycle }
    }
    judgement.enter("GP6")
    let roles = Roles(try Branch(through: parent, group, reading: state), options, judgement.cache)
    let standing = try ProposerStanding(event.pubkey, at: event.createdAt, on: parent, roles, isRecalled: judgement.isRecalled, reading: state)
    guard try standing.mayPropose(options.proposalsFrom, reading: state) else { throw GroupsRejection.foreignProposer }
    try judgement.checkMeta(resolved.meta, mergedInto: snapshot, options)
    judgement.enter("GP7")
    guard try judgement.hasAdministrators(carriedOut(resolved, in: snapshot, on: parent), roles, reading: state) else {
      throw GroupsRejection.noAdministratorsLeft
    }
    // Which of an author's were open, and which came first, depends on what had arrived: from sync all are kept, so that relays converge.
    if circumstances.isLive {
      let prefix = group.id.bytes + event.pubkey.bytes
      try checkOpen(GroupsState.open, prefix: prefix, options.openProposalsPerAuthor, group, judgement, reading: state) { _ in true }
    }

    let record = ProposalRecord(event, group: group.id, parent: parent.id, in: circumstances, change: resolved)
    let isStranger = try !standing.isAdministrator(reading: state)
    var changes: [StateChange] = [
      .put(GroupsState.proposals, key: event.id.bytes, value: record.encoded),
      .put(GroupsState.open, key: GroupsState.authorKey(group.id, event.pubkey, event.createdAt, event.id), value: GroupsState.mark),
    ]
    if resolved.mayLimit {
      // Only an administrator's proposal can suspend somebody: strangers do not fill the list that every modification looks through.
      let survey = isStranger ? nil : try survey(record, on: parent, roles, reading: state)
      if let survey, survey.suspends {
        let limiting = LimitingRecord(record, survey)
        // From sync it is taken all the same, so that relays converge; where the list has no room it is looked at as one that could suspend nobody.
        changes.append(try hasRoom(for: limiting, group, judgement, reading: state) ? limiting.listed(in: group.id) : limiting.dormant(in: group.id))
      } else {
        changes.append(LimitingRecord(record, survey?.muted).dormant(in: group.id))
      }
    }
    return .accepted(
      Effects(
        changes: changes,
        followUps: try GroupsFollowUp(options).attestation(of: event, in: group.id, listed: snapshot.attesters, circumstances),
        note: GroupsNote.proposal.bytes, provides: [Dependency(.groups, event.id.bytes)], yieldsWhenFull: isStranger))
  }

  /// The state that a proposal asks for: without its members where another group administers, since they do not count then.
  private func carriedOut(_ change: ResolvedChange, in state: GroupSnapshot, on parent: NodeRecord) -> GroupSnapshot {
    var merge = GroupMerge(state, depth: parent.depth + 1)
    if let admin = change.admin == nil ? state.admin : change.admin?.value {
      merge.apply(ResolvedChange(admin: .set(admin)))
      return merge.settings
    }
    merge.apply(change)
    return merge.snapshot
  }

  /// What a proposal limits at its own time.
  private func survey(
    _ record: ProposalRecord, on parent: NodeRecord, _ roles: Roles, reading state: borrowing some StateReader & ~Copyable
  ) throws -> LimitingSurvey? {
    guard let covering = try roles.branch.node(at: record.createdAt, reading: state) else { return nil }
    let tenure = Tenure(roles)
    let mark = try OtherGroups(roles, tenure, reading: state).marks(at: [record.createdAt], reading: state).first ?? nil
    return try LimitingSurvey(record, on: try state.link(parent.id), coveredBy: covering.id, mark, roles, tenure, reading: state)
  }

  /// Whether the list of those that limit administrators has room. Live, what has none is refused.
  private func hasRoom(
    for limiting: LimitingRecord, _ group: GroupRecord, _ judgement: GroupJudgement, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Bool {
    do {
      let prefix = group.id.bytes
      try checkOpen(GroupsState.limiting, prefix: prefix, options.maxLimitingProposals, group, judgement, reading: state) { _ in true }
      if limiting.isWide {
        try checkOpen(GroupsState.limiting, prefix: prefix, LimitingRecord.maxWide, group, judgement, reading: state, where: \.isWide)
      }
      return true
    } catch let rejection as Rejection {
      if judgement.circumstances.isLive { throw rejection }
      return false
    }
  }

  /// So many proposals of a table may be open: not implemented on the canonical chain, and under 30 days old.
  ///
  /// - Parameter isMeant: of the rows of `limiting`, which are counted.
  private func checkOpen(
    _ table: Table, prefix: [UInt8], _ limit: Int, _ group: GroupRecord, _ judgement: GroupJudgement,
    reading state: borrowing some StateReader & ~Copyable, where isMeant: (LimitingRecord) -> Bool
  ) throws {
    guard judgement.asksLimits else { return }
    let since = judgement.circumstances.receivedAt.saturatingSubtract(GroupTimes.expiry)
    var implementations = Implementations(on: Branch(canonical: group))
    var looked = 0
    var open = 0
    try state.newest(table, prefix: prefix, upTo: prefix + [UInt8](repeating: 0xff, count: 40)) { key, value in
      var keys = RecordReader(Array(key.dropFirst(prefix.count)), of: table)
      let createdAt = try keys.uint64()
      guard createdAt > since else { return false }
      looked += 1
      let isCounted = try table != GroupsState.limiting || isMeant(LimitingRecord(key: key, decoding: value))
      if isCounted, try implementations.node(of: try keys.eventID(), since: createdAt, reading: state) == nil { open += 1 }
      return open < limit && looked < GroupLimits.proposalsLookedAt
    }
    if open >= limit { throw GroupsRejection.tooManyProposals }
  }
}

/// What the author of a proposal is in the group: on the line through the proposal's parent; judged again, what it may have been on some line.
private struct ProposerStanding {
  private let author: PublicKey
  private let time: UInt64
  private let roles: Roles
  private let recollection: Recollection?

  init(
    _ author: PublicKey, at time: UInt64, on parent: NodeRecord, _ roles: Roles, isRecalled: Bool,
    reading state: borrowing some StateReader & ~Copyable
  ) throws {
    self.author = author
    self.time = time
    self.roles = roles
    recollection =
      try isRecalled
      ? Recollection(Branch(endingAt: parent, roles.branch.group), goesOn: true, roles.cache, reading: state) : nil
  }

  func isAdministrator(reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    if let recollection { return try recollection.mayAdminister(author, at: time, reading: state) }
    return try roles.isAdministrator(author, at: time, reading: state)
  }

  func mayPropose(_ proposers: GroupsOptions.Proposers, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    switch proposers {
    case .anyone: return true
    case .admins: return try isAdministrator(reading: state)
    case .members:
      if let recollection { return try recollection.mayBelong(author, at: time, reading: state) }
      return try Membership(roles).path(to: author, at: time, reading: state) != nil || isAdministrator(reading: state)
    }
  }
}
