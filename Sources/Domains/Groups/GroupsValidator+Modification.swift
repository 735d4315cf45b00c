// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension GroupsValidator {
  /// GM1–GM17; GM7, GM10 and GM11 are context-free. Everything is evaluated on the branch of the parent.
  func decide(_ content: ModificationContent, _ judgement: GroupJudgement, reading state: borrowing some StateReader & ~Copyable) throws -> Verdict {
    let event = judgement.event
    let circumstances = judgement.circumstances
    let stored = try judgement.storedGroup(content.group, reading: state)
    let group = try judgement.followed(stored, reading: state)
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
    let welcome = try Welcome(group.id, options, reading: state)
    let isLabelled = try state.isLabelled(event.id, createdAt: event.createdAt)
    // A node asked it live, who administers and whom proposals suspend among it: here it depends on what of them had arrived.
    let isVouchedFor = !circumstances.isLive && isLabelled
    judgement.enter("GM5")
    for time in times where !isVouchedFor {
      let isAdministrator =
        try recollection?.mayAdminister(event.pubkey, at: time, reading: state) ?? roles.isAdministrator(event.pubkey, at: time, reading: state)
      guard isAdministrator else { throw GroupsRejection.notAnAdministrator }
    }
    judgement.enter("GM6")
    // A proposal that suspends may have come since.
    if !judgement.isRecalled, !isVouchedFor {
      let suspension = Suspension(roles, tenure)
      for time in times {
        if let proposal = try suspension.suspends(event.pubkey, at: time, reading: state) { throw GroupsRejection.suspended(by: proposal) }
      }
    }

    judgement.enter("GM8")
    var late: [EventID] = []
    var merge = GroupMerge(before, depth: parent.depth + 1)
    var unvotedAdds = 0
    for listed in content.listed {
      let proposal = try check(listed, roles, judgement, reading: state)
      try judgement.checkMeta(proposal.change.meta, mergedInto: merge.settings, options)
      let decision =
        if !proposal.change.mayLimit {
          Decision?.none
        } else if let recollection {
          try decisionAgain(on: proposal, naming: listed.votes, in: &merge, recollection, welcome, judgement, reading: state)
        } else {
          try self.decision(on: proposal, naming: listed.votes, in: &merge, roles, tenure, welcome, judgement, reading: state)
        }
      let needsVote = decision != nil
      if let decision {
        if !isVouchedFor { try decision.outcome.check() }
        late += decision.late
      }
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
    if own.mayLimit, merge.settings.admin == nil, !judgement.isRecalled, !isVouchedFor {
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

    let isWelcome = welcome.covers(circumstances.receivedAt)
    let node = NodeRecord(
      id: event.id, group: group.id, parent: parent.id, jump: try Jump(fromChildOf: parent, reading: state), author: event.pubkey,
      createdAt: event.createdAt, receivedAt: circumstances.receivedAt,
      depth: parent.depth + 1, isLate: !circumstances.isLive && isLate, isProven: judgement.isInTime || isWelcome,
      change: merge.change)
    let isUnproven = !node.isProven && !isLabelled
    let contested = !isWelcome && (isUnproven || !late.isEmpty) ? ContestedRecord(node, isLate: isUnproven, awaits: late) : nil
    var effects = Effects(
      changes: try NodeEffects(node, before: before, after: after)
        .extending(stored, parent: parent, implementing: content.listed.map(\.proposal), contested, reading: state),
      followUps: try GroupsFollowUp(options).attestation(of: event, in: group.id, listed: before.attesters, circumstances),
      note: GroupsNote.modification.bytes, provides: [Dependency(.groups, event.id.bytes)])
    if let contested, !judgement.isRecalled {
      let losing = merge.change.mayLimit ? try lost(before, after, roles, at: event.createdAt, reading: state) : []
      effects.diagnostics = [ContestedNotice(contested, by: event.pubkey, losing: losing).diagnostic]
    }
    return .accepted(effects)
  }

  /// Who administers before a node and not after it, by key.
  private func lost(
    _ before: GroupSnapshot, _ after: GroupSnapshot, _ roles: Roles, at time: UInt64, reading state: borrowing some StateReader & ~Copyable
  ) throws -> [PublicKey] {
    let remaining = try roles.electorate(of: after, at: time, reading: state).accounts
    return try roles.electorate(of: before, at: time, reading: state).accounts.subtracting(remaining).sorted()
  }

  /// GM4: where the chain may branch. From sync the branch is stored, however many there are, so that relays converge.
  private func checkFork(
    at parent: NodeRecord, _ group: GroupRecord, _ judgement: GroupJudgement, reading state: borrowing some StateReader & ~Copyable
  ) throws {
    let isLive = judgement.circumstances.isLive && judgement.asksLimits
    if parent.id != group.tip {
      let isTooFarBack = isLive && group.tipDepth > parent.depth && group.tipDepth - parent.depth > options.maxForkDepth
      guard options.forkPolicy == .attested, !isTooFarBack else { throw GroupsRejection.notTheTip(group.tip) }
      if isLive {
        let siblings = try state.children(of: parent.id, atMost: options.maxBranchesPerParent)
        guard siblings.count < options.maxBranchesPerParent else { throw GroupsRejection.tooManyBranches }
        if siblings.contains(where: { $0.author == judgement.event.pubkey }) { throw GroupsRejection.alreadyExtended }
      }
      if let child = try state.canonicalChild(of: parent, group),
        try ChainSplit(group).isFinal(child, at: judgement.circumstances.receivedAt, judgement.cache, reading: state)
      {
        throw GroupsRejection.finalised
      }
    }
    // Who is there already has seen it: a live one that claims to be older is backdated. This relay's tip may have contested children, too.
    guard isLive else { return }
    for sibling in try state.children(of: parent.id) where judgement.event.createdAt <= sibling.createdAt {
      throw GroupsRejection.notAfterSibling(sibling.id)
    }
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

  /// What comes out of a proposal that needs votes, and what of it nothing proves the time of.
  private struct Decision {
    let outcome: Polling.Outcome
    /// The proposal and the votes without which it would not pass, as far as they are late.
    let late: [EventID]
  }

  /// GM8, the outcome of a proposal that may take somebody's say away; nil when it needs no vote.
  private func decision(
    on proposal: ProposalRecord, naming votes: [EventID], in merge: inout GroupMerge, _ roles: Roles, _ tenure: Tenure, _ welcome: Welcome,
    _ judgement: GroupJudgement, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Decision? {
    let time = judgement.event.createdAt
    let polling = Polling(proposal, roles, tenure)
    // Affected now; and those affected then who still have a say that could be taken. The members are not asked for where they do not count.
    let isElsewhere = merge.settings.admin != nil && proposal.change.admin == nil
    var affected = try isElsewhere ? [] : polling.affected(merge.snapshot, at: time, reading: state)
    let then = try polling.affectedAtProposal(reading: state).subtracting(affected)
    if !then.isEmpty { affected.formUnion(then.intersection(try roles.electorate(of: merge.snapshot, at: time, reading: state).accounts)) }
    let tenured = try polling.tenured(affected, at: time, reading: state)
    if tenured.isEmpty { return nil }
    let outcome = try polling.outcome(of: judgement.event, tenured: tenured, naming: votes, reading: state)
    var late = try lateVotes(on: proposal, naming: votes, or: tenured, welcome, reading: state)
    if try welcome.isLate(proposal, reading: state) {
      late.append(proposal.id)
    } else if !late.isEmpty,
      try polling.outcome(of: judgement.event, tenured: tenured, naming: votes, without: Set(late), reading: state) == .passed
    {
      late = []
    }
    return Decision(outcome: outcome, late: late)
  }

  /// The same for a modification that was accepted once; nil when it may have needed no vote.
  private func decisionAgain(
    on proposal: ProposalRecord, naming votes: [EventID], in merge: inout GroupMerge, _ recollection: Recollection, _ welcome: Welcome,
    _ judgement: GroupJudgement, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Decision? {
    let polling = RecalledPolling(proposal, recollection, options)
    // Where another group administers nobody of the members is affected: they need not be gone through.
    let working = merge.settings.admin == nil ? merge.snapshot : merge.settings
    let tenured = try polling.certainlyTenured(working, at: judgement.event.createdAt, reading: state)
    if tenured.isEmpty { return nil }
    var late = try lateVotes(on: proposal, naming: votes, or: tenured, welcome, reading: state)
    if try welcome.isLate(proposal, reading: state) { late.append(proposal.id) }
    return Decision(outcome: try polling.outcome(of: judgement.event, tenured: tenured, naming: votes, reading: state), late: late)
  }

  /// The votes for a proposal, named or by those whose consent is enough, whose times nothing proves.
  private func lateVotes(
    on proposal: ProposalRecord, naming named: [EventID], or tenured: [PublicKey], _ welcome: Welcome,
    reading state: borrowing some StateReader & ~Copyable
  ) throws -> [EventID] {
    let (named, tenured) = (Set(named), Set(tenured))
    return try state.votes(on: proposal.id)
      .filter { vote in try vote.value && (named.contains(vote.id) || tenured.contains(vote.voter)) && welcome.isLate(vote, reading: state) }
      .map(\.id)
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
