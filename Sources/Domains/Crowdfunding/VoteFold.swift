// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// A campaign's votes and their deletions, folded in (created_at, id) order, so that a late arrival gives the same result as a timely one.
///
/// Of the standing votes of one pubkey the earliest counts. A vote is taken back at the later of the two times, where the vote is not approved
/// before; one whose deletion stands before it was never cast. It goes forward step by step, each once: n log n for all.
struct VoteFold {
  private(set) var tally = VoteTally()
  /// In fold order.
  let votes: [VoteRecord]

  private let rules: VoteRules
  /// The votes that are taken back, in the order in which they are.
  private let takenBack: [(at: FoldPosition, vote: Int)]
  private var nextVote = 0
  private var nextDeletion = 0
  private var fates: [Fate]
  /// The vote of each pubkey that counts, and those that stand behind it.
  private var counted: [PublicKey: Int] = [:]
  private var waiting: [PublicKey: Queue] = [:]

  private enum Fate {
    case outside, counted, waiting, takenBack

    var isStanding: Bool { self == .counted || self == .waiting }
  }

  private struct Queue {
    var votes: [Int] = []
    private var taken = 0

    mutating func next() -> Int? {
      guard taken < votes.count else { return nil }
      defer { taken += 1 }
      return votes[taken]
    }
  }

  /// - Parameter votes: in fold order.
  init(_ votes: [VoteRecord], _ rules: VoteRules) {
    self.votes = votes
    self.rules = rules
    fates = [Fate](repeating: .outside, count: votes.count)
    takenBack = votes.indices.compactMap { index in votes[index].takenBackAt.map { ($0, index) } }.sorted { $0.at < $1.at }
    counted.reserveCapacity(votes.count)
  }

  /// Goes on up to a place, which is not reached; nil: to the end.
  ///
  /// - Parameter isOpen: whether the vote was open at a time.
  mutating func advance(before end: FoldPosition? = nil, isOpen: (UInt64) -> Bool) throws {
    while nextVote < votes.count || nextDeletion < takenBack.count {
      // A vote stands before its own deletion, also where both have one place.
      let isVote = nextDeletion == takenBack.count || nextVote < votes.count && votes[nextVote].position <= takenBack[nextDeletion].at
      if let end, (isVote ? votes[nextVote].position : takenBack[nextDeletion].at) >= end { return }
      if isVote {
        try cast(nextVote, isOpen)
        nextVote += 1
      } else {
        try takeBack(takenBack[nextDeletion].vote, at: takenBack[nextDeletion].at)
        nextDeletion += 1
      }
    }
  }

  private mutating func cast(_ index: Int, _ isOpen: (UInt64) -> Bool) throws {
    let vote = votes[index]
    guard !vote.isNeverCast, isOpen(vote.position.createdAt) else { return }
    if counted[vote.pubkey] == nil {
      fates[index] = .counted
      counted[vote.pubkey] = index
      try tally.add(vote.weight, at: vote.position, rules)
    } else {
      fates[index] = .waiting
      waiting[vote.pubkey, default: Queue()].votes.append(index)
    }
  }

  private mutating func takeBack(_ index: Int, at position: FoldPosition) throws {
    guard fates[index].isStanding, !tally.state.isApproved else { return }
    let pubkey = votes[index].pubkey
    let wasCounted = fates[index] == .counted
    fates[index] = .takenBack
    guard wasCounted else { return }
    counted[pubkey] = nil
    try tally.remove(votes[index].weight)
    while let next = waiting[pubkey]?.next() {
      guard fates[next] == .waiting else { continue }
      fates[next] = .counted
      counted[pubkey] = next
      return try tally.add(votes[next].weight, at: position, rules)
    }
  }

  /// The votes that count, in fold order.
  var countedVotes: [VoteRecord] { votes.indices.filter { fates[$0] == .counted }.map { votes[$0] } }

  /// What adds up here: a live vote counts unless it was taken back here, before any other of its author; the others as they are folded.
  /// Whoever is approved here stays so: that is asked of the campaign's record.
  func here() throws -> VoteState {
    // Most votes count here as they do in the fold: only those pubkeys are looked at of which some vote does not.
    var differing: [PublicKey: Int?] = [:]
    for index in votes.indices {
      let stands = standsHere(index)
      if fates[index] == .counted ? !stands : stands && votes[index].isLive { differing[votes[index].pubkey] = .some(nil) }
    }
    var state = tally.state
    guard !differing.isEmpty else { return state }
    for index in votes.indices {
      let vote = votes[index]
      guard let standing = differing[vote.pubkey] else { continue }
      if fates[index] == .counted { state = try state.removing(vote.weight) }
      guard standsHere(index) else { continue }
      if let standing, votes[standing].isLive || !vote.isLive { continue }
      differing[vote.pubkey] = .some(index)
    }
    for index in differing.values.compactMap({ $0 }) { state = try state.adding(votes[index].weight, rules) }
    return state
  }

  private func standsHere(_ index: Int) -> Bool {
    let vote = votes[index]
    return vote.deletion?.isLive != true && (vote.isLive || fates[index].isStanding)
  }

  /// Whether a pubkey has a vote that stands here.
  func hasStandingVote(of voter: PublicKey) -> Bool { votes.indices.contains { votes[$0].pubkey == voter && standsHere($0) } }
}

/// When a vote is approved.
struct VoteRules {
  let threshold: Amount
  let quorum: UInt64

  init(_ options: CrowdfundingOptions) {
    threshold = options.assetsVoteThreshold
    quorum = options.assetsVoteQuorum
  }
}

/// A vote as it is folded, and what lets the next one be added without folding again.
struct VoteTally: Equatable, Sendable {
  private(set) var state = VoteState()
  /// Where it was approved; nil where it is not, or where that is not known exactly.
  private(set) var approvedAt: FoldPosition?
  /// At least as much as any part of the history from its beginning on added up to.
  private var peak = VoteState()

  init() {}

  /// Adds a vote to the end of what is folded.
  fileprivate mutating func add(_ weight: Amount, at position: FoldPosition, _ rules: VoteRules) throws {
    let wasApproved = state.isApproved
    state = try state.adding(weight, rules)
    peak.total = max(peak.total, state.total)
    peak.voters = max(peak.voters, state.voters)
    if state.isApproved, !wasApproved { approvedAt = position }
  }

  fileprivate mutating func remove(_ weight: Amount) throws { state = try state.removing(weight) }

  /// Adds a vote of a pubkey that has no other, wherever it stands in the order; false where that takes folding again.
  ///
  /// - Parameter hasDeletions: whether some vote was taken back: without, sums only grow.
  mutating func insert(_ weight: Amount, at position: FoldPosition, hasDeletions: Bool, _ rules: VoteRules) throws -> Bool {
    let higher = try peak.adding(weight, rules)
    if state.isApproved {
      // An earlier approval makes deletions behind it void.
      let isBehind = approvedAt.map { $0 < position } ?? false
      guard isBehind || !hasDeletions else { return false }
      if !isBehind { approvedAt = nil }
      state = try state.adding(weight, rules)
    } else {
      let sum = try state.adding(weight, rules)
      guard !hasDeletions || !higher.reaches(rules) else { return false }
      state = sum
    }
    peak = higher
    peak.isApproved = false
    return true
  }

  /// Takes back the only vote of a pubkey, which counted; false where that takes folding again.
  mutating func takeBack(_ weight: Amount, at position: FoldPosition) throws -> Bool {
    if state.isApproved {
      // Behind the approval it changes nothing.
      return approvedAt.map { $0 < position } ?? false
    }
    state = try state.removing(weight)
    return true
  }
}

extension VoteState {
  func reaches(_ rules: VoteRules) -> Bool { total >= rules.threshold && voters >= rules.quorum }

  func adding(_ weight: Amount, _ rules: VoteRules) throws -> VoteState {
    guard let sum = total.adding(weight) else { throw Fault.invariant("a vote's total would overflow") }
    var state = self
    state.total = sum
    state.voters += 1
    state.isApproved = isApproved || state.reaches(rules)
    return state
  }

  func removing(_ weight: Amount) throws -> VoteState {
    guard let difference = total.subtracting(weight), voters > 0 else { throw Fault.invariant("a vote's total would become negative") }
    var state = self
    state.total = difference
    state.voters -= 1
    return state
  }
}

extension RecordWriter {
  // state · approved at ?(created_at 8, id 32) · peak
  mutating func put(_ tally: VoteTally) { tally.write(to: &self) }
}

extension RecordReader {
  mutating func voteTally() throws -> VoteTally { try VoteTally(&self) }
}

extension VoteTally {
  fileprivate func write(to writer: inout RecordWriter) {
    writer.put(state)
    writer.put(optional: approvedAt) { $0.put($1) }
    writer.put(peak)
  }

  fileprivate init(_ reader: inout RecordReader) throws {
    state = try reader.voteState()
    approvedAt = try reader.optional { try $0.foldPosition() }
    peak = try reader.voteState()
  }
}
