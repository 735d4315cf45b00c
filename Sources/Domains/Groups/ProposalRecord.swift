// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// An accepted proposal. Whom it affects is computed when it is asked, from the states of the branch that asks.
struct ProposalRecord: Sendable, Equatable {
  let id: EventID
  let group: EventID
  let parent: EventID
  let author: PublicKey
  let createdAt: UInt64
  let receivedAt: UInt64
  let isLive: Bool
  /// Its positions are resolved in its parent's state.
  let change: ResolvedChange

  // version 1 · group 32 · parent 32 · author 32 · created_at 8 · received_at 8 · live 1 · change
  var encoded: [UInt8] {
    var writer = RecordWriter(capacity: 160)
    writer.put(UInt8(1))
    writer.put(group)
    writer.put(parent)
    writer.put(author)
    writer.put(createdAt)
    writer.put(receivedAt)
    writer.put(isLive)
    writer.put(change)
    return writer.bytes
  }

  init(_ event: VerifiedEvent, group: EventID, parent: EventID, in circumstances: Circumstances, change: ResolvedChange) {
    id = event.id
    self.group = group
    self.parent = parent
    author = event.pubkey
    createdAt = event.createdAt
    receivedAt = circumstances.receivedAt
    isLive = circumstances.isLive
    self.change = change
  }

  init(id: EventID, decoding bytes: [UInt8]) throws {
    var reader = RecordReader(bytes, of: GroupsState.proposals)
    try reader.version(1)
    self.id = id
    group = try reader.eventID()
    parent = try reader.eventID()
    author = try reader.publicKey()
    createdAt = try reader.uint64()
    receivedAt = try reader.uint64()
    isLive = try reader.bool()
    change = try reader.resolvedChange(of: GroupsState.proposals)
  }
}

/// A vote as it is stored under its proposal.
struct VoteRecord: Sendable, Equatable {
  let id: EventID
  let proposal: EventID
  let voter: PublicKey
  let createdAt: UInt64
  let value: Bool
  let receivedAt: UInt64
  let isLive: Bool

  private var key: [UInt8] { GroupsState.authorKey(proposal, voter, createdAt, id) }

  // version 1 · value 1 · received_at 8 · live 1
  var change: StateChange {
    var writer = RecordWriter(capacity: 11)
    writer.put(UInt8(1))
    writer.put(value)
    writer.put(receivedAt)
    writer.put(isLive)
    return .put(GroupsState.votes, key: key, value: writer.bytes)
  }

  /// Of its voter's votes on the proposal the earliest are kept, so many.
  func changes(reading state: borrowing some StateReader & ~Copyable) throws -> [StateChange] {
    var count = 0
    var last: [UInt8] = []
    try state.scan(GroupsState.votes, prefix: proposal.bytes + voter.bytes) { key, _ in
      count += 1
      last = key
      return true
    }
    if count < GroupLimits.votesKept { return [change] }
    return key.lexicographicallyPrecedes(last) ? [.delete(GroupsState.votes, key: last), change] : []
  }

  init(_ event: VerifiedEvent, proposal: EventID, value: Bool, in circumstances: Circumstances) {
    id = event.id
    self.proposal = proposal
    voter = event.pubkey
    createdAt = event.createdAt
    self.value = value
    receivedAt = circumstances.receivedAt
    isLive = circumstances.isLive
  }

  init(key: [UInt8], decoding bytes: [UInt8]) throws {
    var keys = RecordReader(key, of: GroupsState.votes)
    proposal = try keys.eventID()
    voter = try keys.publicKey()
    createdAt = try keys.uint64()
    id = try keys.eventID()
    var reader = RecordReader(bytes, of: GroupsState.votes)
    try reader.version(1)
    value = try reader.bool()
    receivedAt = try reader.uint64()
    isLive = try reader.bool()
  }
}

extension StateReader where Self: ~Copyable {
  borrowing func proposal(_ id: EventID) throws -> ProposalRecord? {
    try value(GroupsState.proposals, id.bytes).map { try ProposalRecord(id: id, decoding: $0) }
  }

  /// All votes on a proposal.
  borrowing func votes(on proposal: EventID) throws -> [VoteRecord] {
    var votes: [VoteRecord] = []
    try scan(GroupsState.votes, prefix: proposal.bytes) { key, value in
      votes.append(try VoteRecord(key: key, decoding: value))
      return true
    }
    return votes
  }

  /// Whether somebody cast so many votes on a proposal; there may be any number from sync.
  borrowing func hasVotes(on proposal: EventID, by voter: PublicKey, atLeast count: Int) throws -> Bool {
    var left = count
    try scan(GroupsState.votes, prefix: proposal.bytes + voter.bytes) { _, _ in
      left -= 1
      return left > 0
    }
    return left <= 0
  }

  /// The group and the parent state's node of anything that can be attested.
  borrowing func origin(of target: EventID, _ note: GroupsNote) throws -> (group: EventID, parent: EventID?, createdAt: UInt64)? {
    switch note {
    case .initGroup, .modification:
      let node = try existingNode(target)
      return (node.group, node.parent, node.createdAt)
    case .proposal: return try proposal(target).map { ($0.group, $0.parent, $0.createdAt) }
    case .vote(let id, _, let createdAt): return try proposal(id).map { ($0.group, $0.parent, createdAt) }
    case .attestation, .label, .deletion: return nil
    }
  }
}
