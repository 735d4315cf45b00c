// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Who is suspended: administrators whom a minority's removal is proposed for, until it is decided. Source: groups, 6.7, GD11–GD13.
///
/// Not Sendable: it belongs to one judgement.
final class Suspension {
  private let roles: Roles
  private let tenure: Tenure
  private let cache: SnapshotCache
  private var known: [EventID: Set<PublicKey>] = [:]

  /// So many suspensions may hang on each other; a longer chain of counter-proposals is not followed.
  private static let maxDepth = 32

  init(_ roles: Roles, _ tenure: Tenure) {
    self.roles = roles
    self.tenure = tenure
    cache = roles.cache
  }

  /// The first proposal that suspends an account at a time; nil when none does.
  func suspends(_ account: PublicKey, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> EventID? {
    try suspends(account, at: time, before: nil, depth: 0, reading: state)
  }

  private struct Candidate {
    let id: EventID
    let createdAt: UInt64
  }

  private func suspends(
    _ account: PublicKey, at time: UInt64, before: Candidate?, depth: Int, reading state: borrowing some StateReader & ~Copyable
  ) throws -> EventID? {
    guard depth < Self.maxDepth else { return nil }
    var candidates: [Candidate] = []
    let from = GroupsState.timeKey(roles.group, time.saturatingSubtract(GroupTimes.expiry))
    try state.scan(GroupsState.limiting, prefix: roles.group.bytes, from: from) { key, _ in
      var keys = RecordReader(Array(key.dropFirst(32)), of: GroupsState.limiting)
      let createdAt = try keys.uint64()
      let id = try keys.eventID()
      guard createdAt <= time else { return false }
      if let before, (createdAt, id) >= (before.createdAt, before.id) { return false }
      candidates.append(Candidate(id: id, createdAt: createdAt))
      return true
    }
    for candidate in candidates {
      guard let proposal = try state.proposal(candidate.id), try suspended(by: proposal, depth: depth, reading: state).contains(account) else {
        continue
      }
      if try !isOver(proposal, at: time, reading: state) { return proposal.id }
    }
    return nil
  }

  /// Whom a proposal suspends while it is open.
  private func suspended(by proposal: ProposalRecord, depth: Int, reading state: borrowing some StateReader & ~Copyable) throws -> Set<PublicKey> {
    if let suspended = known[proposal.id] { return suspended }
    var suspended: Set<PublicKey> = []
    defer { known[proposal.id] = suspended }
    let parent = try state.existingNode(proposal.parent)
    guard try roles.branch.contains(parent.id, parent.createdAt, reading: state),
      try roles.isAdministrator(proposal.author, at: proposal.createdAt, reading: state)
    else { return [] }
    let polling = Polling(proposal, roles, tenure)
    let affected = try polling.affectedAtProposal(reading: state)
    let tenured = try affected.filter { try tenure.isTenured($0, at: proposal.createdAt, reading: state) }
    guard !tenured.isEmpty else { return [] }
    let administrators = try roles.electorate(of: roles.group, at: proposal.createdAt, reading: state).accounts
    guard 2 * affected.count < administrators.count else { return [] }
    let own = Candidate(id: proposal.id, createdAt: proposal.createdAt)
    guard try suspends(proposal.author, at: proposal.createdAt, before: own, depth: depth + 1, reading: state) == nil else { return [] }
    suspended = tenured
    return suspended
  }

  /// Implemented on this branch, expired, or without a majority after ten days.
  private func isOver(_ proposal: ProposalRecord, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    for done in try state.implementations(of: proposal.id) where done.createdAt <= time {
      if try roles.branch.contains(done.node, done.createdAt, reading: state) { return true }
    }
    if time > proposal.createdAt.saturatingAdd(GroupTimes.expiry) { return true }
    guard time > proposal.createdAt.saturatingAdd(GroupTimes.majority) else { return false }
    return try !Polling(proposal, roles, tenure).hadMajority(reading: state)
  }
}
