// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// One proposal before the administrators, as it stands on a branch: whom it affects, who may vote, and what comes out. Source: groups, 6.3 and 6.4.
///
/// Not Sendable: it belongs to one judgement.
final class Polling {
  /// What a modification, or a vote, finds.
  enum Outcome: Equatable {
    case passed
    case expired
    case rejected
    case insufficient(Tally)
  }

  let proposal: ProposalRecord
  private let roles: Roles
  private let tenure: Tenure
  private var electorate: Electorate?
  private var voters: (steady: Set<PublicKey>, former: [PublicKey])?
  private var effects: (votes: [(VoteRecord, UInt64)], proposal: UInt64)?

  init(_ proposal: ProposalRecord, _ roles: Roles, _ tenure: Tenure) {
    self.proposal = proposal
    self.roles = roles
    self.tenure = tenure
  }

  // MARK: Affected

  /// Whom the proposal affects in the state at its own time.
  func affectedAtProposal(reading state: borrowing some StateReader & ~Copyable) throws -> Set<PublicKey> {
    guard proposal.change.mayLimit, let node = try roles.branch.node(at: proposal.createdAt, reading: state) else { return [] }
    // Members do not count while another group administers: they need not be read.
    if proposal.change.admin == nil, try roles.isAdministeredElsewhere(at: proposal.createdAt, reading: state) { return [] }
    let before = try roles.cache.snapshot(at: node.id, reading: state)
    return try affected(before, at: proposal.createdAt, reading: state)
  }

  /// Whom the proposal affects when it is carried out in a state.
  func affected(_ before: GroupSnapshot, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Set<PublicKey> {
    guard proposal.change.mayLimit else { return [] }
    return try roles.affected(in: before, by: proposal.change, at: time, reading: state)
  }

  /// Those of the affected whose removal needs a vote: tenured at the proposal's time, or now (a backdated proposal must not catch administrators
  /// before their tenure).
  func tenured(_ affected: Set<PublicKey>, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> [PublicKey] {
    try affected.sorted().filter { account in
      try tenure.isTenured(account, oneOf: affected.count, at: proposal.createdAt, reading: state)
        || tenure.isTenured(account, oneOf: affected.count, at: time, reading: state)
    }
  }

  // MARK: Counting

  /// eff(vote): live, when it came; from sync, the earliest that a broadcast attester says.
  private func effectiveAt(_ id: EventID, createdAt: UInt64, receivedAt: UInt64, isLive: Bool, reading state: borrowing some StateReader & ~Copyable)
    throws
    -> UInt64
  {
    if isLive { return max(createdAt, receivedAt) }
    return try state.attestationSummary(of: id).seen ?? createdAt
  }

  private func effective(reading state: borrowing some StateReader & ~Copyable) throws -> (votes: [(VoteRecord, UInt64)], proposal: UInt64) {
    if let effects { return effects }
    var votes: [(VoteRecord, UInt64)] = []
    // Without attesters nobody can have attested a vote: there may be thousands from sync.
    var hasAttesters: Bool?
    for vote in try state.votes(on: proposal.id) {
      if !vote.isLive, hasAttesters == nil { hasAttesters = try roles.cache.snapshot(at: proposal.parent, reading: state).attesters != nil }
      let isPlain = !vote.isLive && hasAttesters == false
      let time =
        try isPlain
        ? vote.createdAt : effectiveAt(vote.id, createdAt: vote.createdAt, receivedAt: vote.receivedAt, isLive: vote.isLive, reading: state)
      votes.append((vote, time))
    }
    let own = try effectiveAt(
      proposal.id, createdAt: proposal.createdAt, receivedAt: proposal.receivedAt, isLive: proposal.isLive, reading: state)
    effects = (votes, own)
    return (votes, own)
  }

  private func ballots(
    until cut: UInt64, by modification: VerifiedEvent? = nil, without: Set<EventID> = [], reading state: borrowing some StateReader & ~Copyable
  ) throws -> Ballots {
    var ballots = Ballots()
    ballots.cast(proposal.author, Ballots.Ballot(effectiveAt: proposal.createdAt, id: proposal.id, value: true))
    for (vote, effectiveAt) in try effective(reading: state).votes where effectiveAt <= cut && !without.contains(vote.id) {
      ballots.cast(vote.voter, Ballots.Ballot(effectiveAt: effectiveAt, id: vote.id, value: vote.value))
    }
    if let modification, modification.createdAt <= cut, roles.options.modificationCountsAsVote {
      ballots.cast(modification.pubkey, Ballots.Ballot(effectiveAt: modification.createdAt, id: modification.id, value: true))
    }
    return ballots
  }

  func tally(_ ballots: Ballots, named: Set<EventID>?, reading state: borrowing some StateReader & ~Copyable) throws -> Tally {
    let time = proposal.createdAt
    let electorate = try self.electorate ?? roles.electorate(of: roles.group, at: time, reading: state)
    self.electorate = electorate
    if voters == nil {
      let standing = try tenure.standing(at: time, reading: state)
      // Who was there throughout is there now; of the others, those who are gone may still vote.
      let gone = standing.others.isEmpty ? [] : standing.others.subtracting(electorate.accounts)
      // Before the tenth day of all times the window is shorter than it has to be.
      let steady = time >= GroupTimes.voterWindow ? standing.throughout : []
      voters = (steady, try gone.sorted().filter { try tenure.isVoter($0, at: time, reading: state) })
    }
    let (steady, former) = voters ?? ([], [])
    var tally = Tally()
    func isVoter(_ account: PublicKey) throws -> Bool {
      if steady.contains(account) { return true }
      return try tenure.isVoter(account, at: time, reading: state)
    }
    try tally.count(electorate.items, isVoter: isVoter) { ballots.choice(of: $0, named: named) }
    for account in former { tally.count(account, isVoter: { _ in true }, ballot: { ballots.choice(of: $0, named: named) }) }
    return tally
  }

  /// How many accounts were for it at the end of the tenth day, voters or not.
  func supportersAtTenthDay(reading state: borrowing some StateReader & ~Copyable) throws -> Int {
    try ballots(until: proposal.createdAt.saturatingAdd(GroupTimes.majority), reading: state).supporters
  }

  /// More than half were for it at the end of the tenth day; without that it is rejected for good.
  func hadMajority(without: Set<EventID> = [], reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    let cut = proposal.createdAt.saturatingAdd(GroupTimes.majority)
    return try tally(try ballots(until: cut, without: without, reading: state), named: nil, reading: state).hasMajority
  }

  /// The outcome at a modification's time.
  ///
  /// - Parameters:
  ///   - tenured: those whose consent is enough, all of them (P1).
  ///   - named: the votes that the modification names.
  ///   - without: votes that do not count.
  func outcome(
    of modification: VerifiedEvent, tenured: [PublicKey], naming named: [EventID], without: Set<EventID> = [],
    reading state: borrowing some StateReader & ~Copyable
  ) throws -> Outcome {
    let time = modification.createdAt
    if time > proposal.createdAt.saturatingAdd(GroupTimes.expiry) { return .expired }
    let hasTenthDayPassed = time > proposal.createdAt.saturatingAdd(GroupTimes.majority)
    if hasTenthDayPassed, try !hadMajority(without: without, reading: state) { return .rejected }
    let ballots = try ballots(until: time, by: modification, without: without, reading: state)
    if tenured.allSatisfy({ account in
      switch ballots.choice(of: account, named: nil) {
      case .yes, .unnamed: true
      case .no, nil: false
      }
    }) {
      return .passed
    }
    let tally = try tally(ballots, named: Set(named + [proposal.id, modification.id]), reading: state)
    if tally.hasSuperMajority { return .passed }
    let isOpenLongEnough = try time >= effective(reading: state).proposal.saturatingAdd(GroupTimes.majority)
    if tally.hasMajority, tally.no == 0, isOpenLongEnough { return .passed }
    return .insufficient(tally)
  }
}

extension Roles {
  /// Whose say gets less when a change is carried out in a state.
  ///
  /// Where the administrators are the members themselves, it follows from the entries that go and come: what stays counts as before.
  func affected(
    in before: GroupSnapshot, by wanted: ResolvedChange, at time: UInt64, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Set<PublicKey> {
    if let setting = wanted.admin, setting.value != before.admin {
      let after = carriedOut(wanted, in: before)
      return try electorate(of: before, at: time, reading: state).affected(becoming: try electorate(of: after, at: time, reading: state))
    }
    // Members do not count while another group administers.
    if before.admin != nil { return [] }
    var removed: [Int] = []
    for id in wanted.removes { if let index = before.index(of: id, near: removed.last) { removed.append(index) } }
    if removed.isEmpty { return [] }
    // How often each stands there less, outside of any block; and who stood in a block that goes.
    var lost: [PublicKey: Int] = [:]
    var inBlocks: Set<PublicKey> = []
    for index in removed {
      try visit(before.entries[index].member, at: time, reading: state) { account, inBlock in
        if inBlock { inBlocks.insert(account) } else { lost[account, default: 0] += 1 }
      }
    }
    for member in added(wanted.adds, to: before, without: removed, returning: lost) {
      try visit(member, at: time, reading: state) { account, inBlock in
        if !inBlock, let count = lost[account] { lost[account] = count - 1 }
      }
    }
    let affected = Set(lost.filter { $0.value > 0 }.keys)
    if !affected.isEmpty { inBlocks.subtract(affected) }
    if !inBlocks.isEmpty {
      try electorate(of: carriedOut(wanted, in: before), at: time, reading: state).visit { account, _ in inBlocks.remove(account) }
    }
    return affected.isEmpty ? inBlocks : affected.union(inBlocks)
  }

  private func carriedOut(_ change: ResolvedChange, in state: GroupSnapshot) -> GroupSnapshot {
    var merge = GroupMerge(state, depth: .max)
    merge.apply(change)
    return merge.snapshot
  }

  /// Of the members that a change adds, those that could give back what was lost, and do not stand there anyhow.
  private func added(_ members: [Member], to state: GroupSnapshot, without removed: [Int], returning lost: [PublicKey: Int]) -> [Member] {
    var keys: Set<Member> = []
    var added = members.filter { member in
      if let account = member.account, lost[account] == nil { return false }
      return keys.insert(GroupMerge.key(member)).inserted
    }
    if added.isEmpty { return [] }
    var isGone = [Bool](repeating: false, count: state.entries.count)
    for index in removed { isGone[index] = true }
    var standing: Set<Member> = []
    for (entry, isGone) in zip(state.entries, isGone) where !isGone {
      let key = GroupMerge.key(entry.member)
      if keys.contains(key) { standing.insert(key) }
    }
    added.removeAll { standing.contains(GroupMerge.key($0)) }
    return added
  }

  /// The leaves that one entry of the judged group stands for.
  private func visit(
    _ member: Member, at time: UInt64, reading state: borrowing some StateReader & ~Copyable, _ body: (PublicKey, _ inBlock: Bool) -> Void
  ) throws {
    if let account = member.account {
      body(account, false)
      return
    }
    var entry = GroupSnapshot()
    entry.entries = [Entry(id: EntryID(value: 0), member: member)]
    try electorate(of: entry, at: time, reading: state).visit(body)
  }
}
