// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension GroupsValidator {
  /// GV1 and GV3–GV7; GV2 is context-free.
  func decide(
    vote value: Bool, on proposalID: EventID, in groupID: EventID, _ judgement: GroupJudgement, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    let event = judgement.event
    let circumstances = judgement.circumstances
    let group = try judgement.group(groupID, reading: state)
    judgement.enter("GV1")
    guard let known = try state.known(proposalID) else {
      throw MissingDependency.proposal.refusal(proposalID, GroupsRejection.unknownProposal(proposalID), in: circumstances)
    }
    guard try GroupsNote(known) == .proposal, let proposal = try state.proposal(proposalID), proposal.group == group.id else {
      throw GroupsRejection.foreignProposal
    }
    judgement.enter("GV3")
    guard event.createdAt > proposal.createdAt else { throw GroupsRejection.notAfterProposal }
    if judgement.isRecalled {
      try checkRightsAgain(of: event, on: proposal, group, judgement, reading: state)
    } else {
      try checkRights(of: event, on: proposal, group, judgement, reading: state)
    }

    let parent = try judgement.cache.snapshot(at: proposal.parent, reading: state)
    return .accepted(
      Effects(
        changes: try VoteRecord(event, proposal: proposal.id, value: value, in: circumstances).changes(reading: state),
        followUps: try GroupsFollowUp(options).attestation(of: event, in: group.id, listed: parent.attesters, circumstances),
        note: GroupsNote.vote(proposal: proposal.id, voter: event.pubkey, createdAt: event.createdAt).bytes,
        provides: [Dependency(.groups, event.id.bytes)]))
  }

  /// GV4–GV7.
  private func checkRights(
    of event: VerifiedEvent, on proposal: ProposalRecord, _ group: GroupRecord, _ judgement: GroupJudgement,
    reading state: borrowing some StateReader & ~Copyable
  ) throws {
    let effectiveAt = effectiveTime(judgement)
    let branch = try Branch(through: try state.existingNode(proposal.parent), group, reading: state)
    let roles = Roles(branch, options, judgement.cache)
    let tenure = Tenure(roles)
    let polling = Polling(proposal, roles, tenure)
    var affected = try polling.affectedAtProposal(reading: state)
    if proposal.change.mayLimit, let now = try roles.snapshot(of: group.id, at: effectiveAt, reading: state) {
      affected.formUnion(try polling.affected(now, at: effectiveAt, reading: state))
    }
    let tenured = try polling.tenured(affected, at: effectiveAt, reading: state)

    judgement.enter("GV4")
    guard try tenured.contains(event.pubkey) || tenure.isVoter(event.pubkey, at: proposal.createdAt, reading: state) else {
      throw GroupsRejection.noVotingRights
    }
    // From sync a vote is stored whatever was decided meanwhile: it counts or not by its time.
    let isLive = judgement.circumstances.isLive
    judgement.enter("GV5")
    if isLive {
      var implementations = Implementations(on: Branch(canonical: group))
      if try implementations.node(of: proposal.id, since: proposal.createdAt, reading: state) != nil { throw GroupsRejection.alreadyImplemented }
    }
    judgement.enter("GV6")
    if !tenured.isEmpty {
      guard effectiveAt <= proposal.createdAt.saturatingAdd(GroupTimes.expiry) else { throw GroupsRejection.expired }
      if isLive, effectiveAt > proposal.createdAt.saturatingAdd(GroupTimes.majority), try !polling.hadMajority(reading: state) {
        throw GroupsRejection.wasRejected
      }
    }
    judgement.enter("GV7")
    guard isLive, judgement.asksLimits, try state.hasVotes(on: proposal.id, by: event.pubkey, atLeast: GroupLimits.votesPerVoter) else { return }
    throw GroupsRejection.tooManyVotes
  }

  /// eff(vote), before anybody attests it.
  private func effectiveTime(_ judgement: GroupJudgement) -> UInt64 {
    judgement.circumstances.isLive ? max(judgement.event.createdAt, judgement.circumstances.receivedAt) : judgement.event.createdAt
  }

  /// GV4, and of GV6 the end after thirty days. GV5 and the majority of the tenth day cannot be asked again: a modification that carries the proposal out
  /// may have come since, and the votes of then, which this one does not name, may come later now.
  private func checkRightsAgain(
    of event: VerifiedEvent, on proposal: ProposalRecord, _ group: GroupRecord, _ judgement: GroupJudgement,
    reading state: borrowing some StateReader & ~Copyable
  ) throws {
    let effectiveAt = effectiveTime(judgement)
    let parent = try state.existingNode(proposal.parent)
    let branch = Branch(endingAt: parent, group)
    judgement.enter("GV4")
    let recollection = try Recollection(branch, goesOn: true, judgement.cache, reading: state)
    if try !recollection.mayVote(event.pubkey, at: proposal.createdAt, reading: state) {
      guard try mayAffect(event.pubkey, proposal, judgement, reading: state),
        try recollection.mayBeTenured(event.pubkey, at: proposal.createdAt, reading: state)
          || recollection.mayBeTenured(event.pubkey, at: effectiveAt, reading: state)
      else { throw GroupsRejection.noVotingRights }
    }
    judgement.enter("GV6")
    // Where the group had gone on before the vote, it depends on what had arrived where.
    guard effectiveAt > proposal.createdAt.saturatingAdd(GroupTimes.expiry),
      try state.children(of: parent.id).allSatisfy({ $0.createdAt > effectiveAt })
    else { return }
    let polling = RecalledPolling(proposal, try Recollection(branch, goesOn: false, judgement.cache, reading: state), options)
    let snapshot = try judgement.cache.snapshot(at: parent.id, reading: state)
    if try !polling.certainlyTenured(snapshot, at: effectiveAt, reading: state).isEmpty { throw GroupsRejection.expired }
  }

  /// Whether a proposal may take somebody's say away: those whom it names, or, where groups come and go with it, anybody.
  private func mayAffect(
    _ account: PublicKey, _ proposal: ProposalRecord, _ judgement: GroupJudgement, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Bool {
    let change = proposal.change
    guard change.mayLimit else { return false }
    let before = try judgement.cache.snapshot(at: proposal.parent, reading: state)
    let removed = change.removes.compactMap { id in before.index(of: id).map { before.entries[$0].member } }
    return change.admin != nil || removed.contains { $0.account == nil || $0.account == account }
  }
}
