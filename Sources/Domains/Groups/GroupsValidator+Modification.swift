// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension GroupsValidator {
  /// GM1–GM17; GM7, GM10 and GM11 are context-free. Everything is evaluated on the branch of the parent.
  func decide(_ content: ModificationContent, _ judgement: GroupJudgement, reading state: borrowing some StateReader & ~Copyable) throws -> Verdict {
    let event = judgement.event
    let circumstances = judgement.circumstances
    let group = try judgement.group(content.group, reading: state)
    judgement.enter("GM1")
    let parent = try judgement.parent(content.parent, in: group, reading: state)
    judgement.enter("GM2")
    guard event.createdAt > parent.createdAt else { throw GroupsRejection.notAfterParent }
    judgement.enter("GM3")
    let isLate = judgement.isLate(options)
    if circumstances.isLive, isLate { throw GroupsRejection.oldModification }
    judgement.enter("GM4")
    // Which node was the tip, and which siblings were there, depends on what had arrived.
    if !judgement.isRecalled { try checkFork(at: parent, group, judgement, reading: state) }

    let roles = Roles(Branch(endingAt: parent, group), options, judgement.cache)
    let tenure = Tenure(roles)
    let isSeparate = circumstances.isLive && circumstances.receivedAt != event.createdAt
    let times = isSeparate ? [event.createdAt, circumstances.receivedAt] : [event.createdAt]
    let before = try judgement.cache.snapshot(at: parent.id, reading: state)
    let recollection = try judgement.isRecalled ? Recollection(roles.branch, goesOn: false, judgement.cache, reading: state) : nil
    judgement.enter("GM5")
    for time in times {
      let isAdministrator =
        try recollection?.mayAdminister(event.pubkey, at: time, reading: state) ?? roles.isAdministrator(event.pubkey, at: time, reading: state)
      guard isAdministrator else { throw GroupsRejection.notAnAdministrator }
    }
    judgement.enter("GM6")
    // A proposal that suspends may have come since.
    if !judgement.isRecalled {
      let suspension = Suspension(roles, tenure)
      for time in times {
        if let proposal = try suspension.suspends(event.pubkey, at: time, reading: state) { throw GroupsRejection.suspended(by: proposal) }
      }
    }

    judgement.enter("GM8")
    var merge = GroupMerge(before, depth: parent.depth + 1)
    var unvotedAdds = 0
    for listed in content.listed {
      let proposal = try check(listed, roles, judgement, reading: state)
      try judgement.checkMeta(proposal.change.meta, mergedInto: merge.settings, options)
      let outcome =
        if !proposal.change.mayLimit {
          Polling.Outcome?.none
        } else if let recollection {
          try outcomeAgain(of: proposal, naming: listed.votes, in: &merge, recollection, judgement, reading: state)
        } else {
          try outcome(of: proposal, naming: listed.votes, in: &merge, roles, tenure, judgement, reading: state)
        }
      let needsVote = try outcome.map { try $0.check() } != nil
      let adds = merge.change.adds.count
      merge.apply(proposal.change)
      if !needsVote { unvotedAdds += merge.change.adds.count - adds }
    }
    judgement.enter("GM9")
    try checkResult(&merge, content.change, before, group, roles, judgement, reading: state)

    judgement.enter("GM12")
    if !content.change.positions.isEmpty, before.admin == nil { throw GroupsRejection.directRemoval }
    judgement.enter("GM13")
    guard let own = content.change.resolved(in: before) else { throw GroupsRejection.removeOutOfRange }
    judgement.enter("GM14")
    // Members do not count while another group administers.
    // Only where another group has administered can it remove: whether those removed were tenured there depends on what of it had arrived.
    if own.mayLimit, merge.settings.admin == nil, !judgement.isRecalled {
      let affected = try roles.affected(in: merge.snapshot, by: own, at: event.createdAt, reading: state)
      for account in affected where try tenure.isTenured(account, oneOf: affected.count, at: event.createdAt, reading: state) {
        throw GroupsRejection.administratorRemoval
      }
    }
    let adds = merge.change.adds.count
    merge.apply(own)
    judgement.enter("GM15")
    if judgement.asksLimits, merge.change.adds.count - adds + unvotedAdds > options.maxAddsPerModification { throw GroupsRejection.tooManyAdds }
    judgement.enter("GM16")
    let after = merge.snapshot
    guard try judgement.hasAdministrators(after, roles, reading: state) else { throw GroupsRejection.noAdministratorsLeft }
    judgement.enter("GM17")
    guard !merge.change.isEmpty || !content.listed.isEmpty else { throw GroupsRejection.noEffect }

    let node = NodeRecord(
      id: event.id, group: group.id, parent: parent.id, jump: try Jump(fromChildOf: parent, reading: state), author: event.pubkey,
      createdAt: event.createdAt, receivedAt: circumstances.receivedAt,
      depth: parent.depth + 1, isLate: !circumstances.isLive && isLate, change: merge.change)
    return .accepted(
      Effects(
        changes: try NodeEffects(node, before: before, after: after)
          .extending(group, parent: parent, implementing: content.listed.map(\.proposal), reading: state),
        followUps: try GroupsFollowUp(options).attestation(of: event, in: group.id, listed: before.attesters, circumstances),
        note: GroupsNote.modification.bytes, provides: [Dependency(.groups, event.id.bytes)]))
  }

  /// GM4: where the chain may branch. From sync the branch is stored, however many there are, so that relays converge.
  private func checkFork(
    at parent: NodeRecord, _ group: GroupRecord, _ judgement: GroupJudgement, reading state: borrowing some StateReader & ~Copyable
  ) throws {
    let isLive = judgement.circumstances.isLive && judgement.asksLimits
    var siblings: [NodeRecord] = []
    if parent.id != group.tip {
      let isTooFarBack = isLive && group.tipDepth > parent.depth && group.tipDepth - parent.depth > options.maxForkDepth
      guard options.forkPolicy == .attested, !isTooFarBack else { throw GroupsRejection.notTheTip(group.tip) }
      if isLive {
        siblings = try state.children(of: parent.id, atMost: options.maxBranchesPerParent)
        guard siblings.count < options.maxBranchesPerParent else { throw GroupsRejection.tooManyBranches }
        if siblings.contains(where: { $0.author == judgement.event.pubkey }) { throw GroupsRejection.alreadyExtended }
      }
      if let child = try state.canonicalChild(of: parent, group),
        try ChainSplit(group).isFinal(child, at: judgement.circumstances.receivedAt, judgement.cache, reading: state)
      {
        throw GroupsRejection.finalised
      }
    }
    // Who is there already has seen it: a live one that claims to be older is backdated.
    for sibling in siblings where judgement.event.createdAt <= sibling.createdAt { throw GroupsRejection.notAfterSibling(sibling.id) }
  }

  /// GM8, what a listed proposal has to be; and its votes.
  private func check(
    _ listed: ModificationContent.Listed, _ roles: Roles, _ judgement: GroupJudgement, reading state: borrowing some StateReader & ~Copyable
  ) throws -> ProposalRecord {
    let id = listed.proposal
    guard let known = try state.known(id) else {
      throw MissingDependency.proposal.refusal(id, GroupsRejection.unknownProposal(id), in: judgement.circumstances)
    }
    guard try GroupsNote(known) == .proposal, let proposal = try state.proposal(id), proposal.group == roles.group else {
      throw GroupsRejection.foreignProposal
    }
    let parent = try state.existingNode(proposal.parent)
    guard try roles.branch.contains(parent.id, parent.createdAt, reading: state) else { throw GroupsRejection.otherBranch }
    guard proposal.createdAt < judgement.event.createdAt else { throw GroupsRejection.notAfterProposal }
    guard try roles.implementations.node(of: id, since: proposal.createdAt, reading: state) == nil else { throw GroupsRejection.alreadyImplemented }
    for vote in listed.votes {
      guard let known = try state.known(vote) else {
        throw MissingDependency.vote.refusal(vote, GroupsRejection.unknownVote(vote), in: judgement.circumstances)
      }
      guard case .vote(id, _, _)? = try GroupsNote(known) else { throw GroupsRejection.foreignVote }
    }
    return proposal
  }

  /// GM8, the outcome of a proposal that may take somebody's say away; nil when it needs no vote.
  private func outcome(
    of proposal: ProposalRecord, naming votes: [EventID], in merge: inout GroupMerge, _ roles: Roles, _ tenure: Tenure, _ judgement: GroupJudgement,
    reading state: borrowing some StateReader & ~Copyable
  ) throws -> Polling.Outcome? {
    let time = judgement.event.createdAt
    let polling = Polling(proposal, roles, tenure)
    // Affected now; and those affected then who still have a say that could be taken. The members are not asked for where they do not count.
    let isElsewhere = merge.settings.admin != nil && proposal.change.admin == nil
    var affected = try isElsewhere ? [] : polling.affected(merge.snapshot, at: time, reading: state)
    let then = try polling.affectedAtProposal(reading: state).subtracting(affected)
    if !then.isEmpty { affected.formUnion(then.intersection(try roles.electorate(of: merge.snapshot, at: time, reading: state).accounts)) }
    let tenured = try polling.tenured(affected, at: time, reading: state)
    return try tenured.isEmpty ? nil : polling.outcome(of: judgement.event, tenured: tenured, naming: votes, reading: state)
  }

  /// The same for a modification that was accepted once; nil when it may have needed no vote.
  private func outcomeAgain(
    of proposal: ProposalRecord, naming votes: [EventID], in merge: inout GroupMerge, _ recollection: Recollection, _ judgement: GroupJudgement,
    reading state: borrowing some StateReader & ~Copyable
  ) throws -> Polling.Outcome? {
    let polling = RecalledPolling(proposal, recollection, options)
    // Where another group administers nobody of the members is affected: they need not be gone through.
    let working = merge.settings.admin == nil ? merge.snapshot : merge.settings
    let tenured = try polling.certainlyTenured(working, at: judgement.event.createdAt, reading: state)
    return try tenured.isEmpty ? nil : polling.outcome(of: judgement.event, tenured: tenured, naming: votes, reading: state)
  }

  /// GM9: what the group refers to afterwards, and how large it is.
  private func checkResult(
    _ merge: inout GroupMerge, _ own: GroupChange, _ before: GroupSnapshot, _ group: GroupRecord, _ roles: Roles, _ judgement: GroupJudgement,
    reading state: borrowing some StateReader & ~Copyable
  ) throws {
    let added = own.adds.compactMap(\.group)
    guard !added.contains(group.id) else { throw GroupsRejection.cycle }
    try judgement.checkReferences(own.adds, nil, besides: nil, reading: state)
    let references = added + merge.change.adds.compactMap(\.group) + (merge.change.admin?.value.map { [$0] } ?? [])
    if try judgement.isCycle(references, group.id, options, reading: state) { throw GroupsRejection.cycle }
    try judgement.checkMeta(own.meta, mergedInto: merge.settings, options)
    guard judgement.asksLimits, !own.adds.isEmpty || !merge.change.adds.isEmpty || merge.change.admin != nil else { return }
    // Accounts make no difference to whom another group's administrators are: the members need not be copied.
    let isElsewhere = merge.settings.admin != nil && added.isEmpty && merge.entryCount + own.adds.count <= GroupLimits.entries
    var result = merge.snapshot
    if !isElsewhere {
      var trial = merge
      trial.apply(ResolvedChange(adds: own.adds))
      result = trial.snapshot
    }
    let electorate = try roles.electorate(of: result, at: judgement.event.createdAt, reading: state)
    try checkLimits(result, electorate, hasNewReferences: !references.isEmpty, reading: state)
  }
}

extension Polling.Outcome {
  /// GM8. Throws the refusal of a proposal that did not pass.
  fileprivate func check() throws {
    switch self {
    case .passed: return
    case .expired: throw GroupsRejection.expired
    case .rejected: throw GroupsRejection.rejected
    case .insufficient(let tally): throw GroupsRejection.insufficient(tally)
    }
  }
}
