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
    if !judgement.isRejudged { try checkRights(of: event, on: proposal, group, judgement, reading: state) }

    let parent = try cache.snapshot(at: proposal.parent, reading: state)
    return .accepted(
      Effects(
        changes: [VoteRecord(event, proposal: proposal.id, value: value, in: circumstances).change],
        followUps: try GroupsFollowUp(options).attestation(of: event, in: group.id, listed: parent.attesters, circumstances),
        note: GroupsNote.vote(proposal: proposal.id, voter: event.pubkey, createdAt: event.createdAt).bytes,
        provides: [Dependency(.groups, event.id.bytes)]))
  }

  /// GV4–GV7: what depends on the moment of the first judgement.
  private func checkRights(
    of event: VerifiedEvent, on proposal: ProposalRecord, _ group: GroupRecord, _ judgement: GroupJudgement,
    reading state: borrowing some StateReader & ~Copyable
  ) throws {
    let effectiveAt = judgement.circumstances.isLive ? max(event.createdAt, judgement.circumstances.receivedAt) : event.createdAt
    let branch = try Branch(through: try state.existingNode(proposal.parent), group, reading: state)
    let roles = Roles(branch, options, cache)
    let tenure = try Tenure(roles, reading: state)
    let polling = Polling(proposal, roles, tenure, isLenient: false)
    var affected = try polling.affectedAtProposal(reading: state)
    if proposal.change.mayLimit, let now = try roles.snapshot(of: group.id, at: effectiveAt, reading: state) {
      affected.formUnion(try polling.affected(now, at: effectiveAt, reading: state))
    }
    let tenured = try polling.tenured(affected, at: effectiveAt, reading: state)

    judgement.enter("GV4")
    guard try tenured.contains(event.pubkey) || tenure.isVoter(event.pubkey, at: proposal.createdAt, reading: state) else {
      throw GroupsRejection.noVotingRights
    }
    judgement.enter("GV5")
    guard try !state.isImplemented(proposal.id, in: group) else { throw GroupsRejection.alreadyImplemented }
    judgement.enter("GV6")
    if !tenured.isEmpty {
      guard effectiveAt <= proposal.createdAt.saturatingAdd(GroupTimes.expiry) else { throw GroupsRejection.expired }
      if effectiveAt > proposal.createdAt.saturatingAdd(GroupTimes.majority), try !polling.hadMajority(reading: state) { throw GroupsRejection.wasRejected }
    }
    judgement.enter("GV7")
    guard try state.votes(on: proposal.id, by: event.pubkey).count < GroupLimits.votesPerVoter else { throw GroupsRejection.tooManyVotes }
  }
}
