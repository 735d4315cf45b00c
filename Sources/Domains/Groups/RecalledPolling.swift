// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// One proposal whose outcome is asked again, for an event that was accepted once: whether it can have passed then (architecture, law 5).
///
/// Votes against, and later ballots of those who were for it, may have come since; so may changes in other groups. What is held against the event is
/// only what was so in any case: those certainly affected, voters with a certain weight, and everybody who ever was for it.
///
/// Not Sendable: it belongs to one judgement.
final class RecalledPolling {
  private let proposal: ProposalRecord
  private let recollection: Recollection
  private let modificationCountsAsVote: Bool

  /// Those for the proposal, each with the ballots that say so.
  private typealias Supporters = [PublicKey: Set<EventID>]

  private var cast: [VoteRecord]?

  init(_ proposal: ProposalRecord, _ recollection: Recollection, _ options: GroupsOptions) {
    self.proposal = proposal
    self.recollection = recollection
    modificationCountsAsVote = options.modificationCountsAsVote
  }

  // MARK: Affected

  /// Of those whom the proposal certainly affects, the ones who were certainly tenured at its own time or at the event's.
  ///
  /// - Parameter working: the state in which it is carried out.
  func certainlyTenured(_ working: GroupSnapshot, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> [PublicKey] {
    guard proposal.change.mayLimit else { return [] }
    var affected = try certainlyAffected(working, at: time, reading: state)
    if let node = try recollection.branch.node(at: proposal.createdAt, reading: state) {
      let then = try recollection.cache.snapshot(at: node.id, reading: state)
      let standing = working.admin == nil ? Set(working.entries.compactMap(\.member.account)) : []
      affected.formUnion(try certainlyAffected(then, at: proposal.createdAt, reading: state).intersection(standing))
    }
    return try affected.sorted().filter { account in
      try recollection.isCertainlyTenured(account, at: proposal.createdAt, reading: state)
        || recollection.isCertainlyTenured(account, at: time, reading: state)
    }
  }

  /// Accounts in the group's own members that lose their say there, and cannot have got it back through a group that comes instead.
  private func certainlyAffected(_ before: GroupSnapshot, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Set<
    PublicKey
  > {
    guard before.admin == nil else { return [] }
    let change = proposal.change
    var lost: Set<PublicKey> = []
    var instead: [EventID] = []
    if let admin = change.admin?.value {
      lost = Set(before.entries.compactMap(\.member.account))
      instead = [admin]
    } else {
      for id in change.removes { if let index = before.index(of: id), let account = before.entries[index].member.account { lost.insert(account) } }
      lost.subtract(change.adds.compactMap(\.account))
      // In a block it would count less than before.
      instead = change.adds.compactMap { if case .group(let id, isBlock: false) = $0 { id } else { nil } }
    }
    return try lost.filter { try !recollection.others.contains($0, in: instead, until: time, reading: state) }
  }

  // MARK: Counting

  /// - Parameter named: the ballots that may count; nil: all.
  private func supporters(
    until cut: UInt64, by modification: VerifiedEvent? = nil, named: Set<EventID>?, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Supporters {
    var supporters: Supporters = [proposal.author: [proposal.id]]
    let votes = try cast ?? state.votes(on: proposal.id)
    cast = votes
    for vote in votes where vote.value {
      // An attestation would only make it later.
      let effectiveAt = vote.isLive ? max(vote.createdAt, vote.receivedAt) : vote.createdAt
      if effectiveAt <= cut { supporters[vote.voter, default: []].insert(vote.id) }
    }
    if let modification, modificationCountsAsVote { supporters[modification.pubkey, default: []].insert(modification.id) }
    guard let named else { return supporters }
    return supporters.filter { !$0.value.isDisjoint(with: named) }
  }

  /// - Returns: the least weight and the greatest yes; nil when other groups decide.
  private func tally(_ supporters: Supporters, reading state: borrowing some StateReader & ~Copyable) throws -> Tally? {
    let time = proposal.createdAt
    let voters = try recollection.certainVoters(at: time, reading: state)
    var tally = Tally()
    for (account, weight) in voters {
      let countsElsewhere = try recollection.mayCountElsewhere(account, at: time, reading: state)
      if supporters[account] == nil {
        // In a block of another group it may have no weight of its own, unless it stands here too.
        if try !countsElsewhere || recollection.stands(account, at: time, reading: state) { tally.weight += weight }
      } else if countsElsewhere {
        return nil
      } else {
        tally.weight += weight
        tally.yes += weight
      }
    }
    for account in supporters.keys where try voters[account] == nil && recollection.mayVote(account, at: time, reading: state) { return nil }
    return tally
  }

  /// Whether more than half can have been for it at the end of the tenth day.
  private func mayHaveHadMajority(reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    let cut = proposal.createdAt.saturatingAdd(GroupTimes.majority)
    return try tally(try supporters(until: cut, named: nil, reading: state), reading: state)?.hasMajority ?? true
  }

  /// The outcome at a modification's time, at best.
  ///
  /// - Parameters:
  ///   - tenured: those who were certainly affected.
  ///   - named: the votes that the modification names.
  func outcome(
    of modification: VerifiedEvent, tenured: [PublicKey], naming named: [EventID], reading state: borrowing some StateReader & ~Copyable
  ) throws -> Polling.Outcome {
    let time = modification.createdAt
    if time > proposal.createdAt.saturatingAdd(GroupTimes.expiry) { return .expired }
    if time > proposal.createdAt.saturatingAdd(GroupTimes.majority), try !mayHaveHadMajority(reading: state) { return .rejected }
    let all = try supporters(until: time, by: modification, named: nil, reading: state)
    if tenured.allSatisfy({ all[$0] != nil }) { return .passed }
    let counted = try supporters(until: time, by: modification, named: Set(named + [proposal.id, modification.id]), reading: state)
    guard let tally = try tally(counted, reading: state), !tally.hasSuperMajority else { return .passed }
    let openedAt = proposal.isLive ? max(proposal.createdAt, proposal.receivedAt) : proposal.createdAt
    if tally.hasMajority, time >= openedAt.saturatingAdd(GroupTimes.majority) { return .passed }
    return .insufficient(tally)
  }
}
