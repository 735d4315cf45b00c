// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Whether anything proves that an event was made when it says: it came here live in time, one of the nodes labelled it in time, or a listed attester
/// attested it. Sync proves nothing of the kind. Source: groups, 6.12, `late(e)`.
extension StateReader where Self: ~Copyable {
  /// One of the nodes says that it accepted the event live, at most three days after its time.
  borrowing func isLabelled(_ id: EventID, createdAt: UInt64) throws -> Bool {
    guard let bytes = try value(GroupsState.labels, id.bytes) else { return false }
    var reader = RecordReader(bytes, of: GroupsState.labels)
    return try reader.uint64() <= createdAt.saturatingAdd(GroupTimes.labelWindow)
  }

  /// A broadcast attester whom the parent state lists attested it.
  borrowing func isAttested(_ id: EventID) throws -> Bool {
    var isFound = false
    try scan(GroupsState.attestations, prefix: id.bytes) { key, value in
      isFound = try AttestationRecord(key: key, decoding: value).attester != nil
      return !isFound
    }
    return isFound
  }

  /// Siblings of which nothing is confirmed are ordered by it first; an init is nobody's sibling.
  borrowing func isLate(_ node: NodeRecord) throws -> Bool {
    if node.isProven || node.parent == nil { return false }
    return try !isLabelled(node.id, createdAt: node.createdAt) && !isAttested(node.id)
  }
}

/// What is taken as it comes, besides what is proven: where no nodes are configured, a group that is first met through sync, for its first day.
struct Welcome {
  /// Until when, by receivedAt; 0: nothing is.
  private let until: UInt64

  init(_ group: EventID, _ options: GroupsOptions, reading state: borrowing some StateReader & ~Copyable) throws {
    guard options.followUps.nodes.isEmpty, case let opening = try state.existingNode(group), !opening.isProven else {
      until = 0
      return
    }
    until = opening.receivedAt.saturatingAdd(GroupTimes.day)
  }

  func covers(_ receivedAt: UInt64) -> Bool { receivedAt <= until }

  /// Whether nothing proves the time of a proposal.
  func isLate(_ proposal: ProposalRecord, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    try isLate(
      proposal.id, createdAt: proposal.createdAt, receivedAt: proposal.receivedAt, isLive: proposal.isLive, reading: state)
  }

  /// Whether nothing proves the time of a vote.
  func isLate(_ vote: VoteRecord, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    try isLate(vote.id, createdAt: vote.createdAt, receivedAt: vote.receivedAt, isLive: vote.isLive, reading: state)
  }

  private func isLate(
    _ id: EventID, createdAt: UInt64, receivedAt: UInt64, isLive: Bool, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Bool {
    if isLive, receivedAt <= createdAt.saturatingAdd(GroupTimes.labelWindow) { return false }
    if covers(receivedAt) { return false }
    return try !state.isLabelled(id, createdAt: createdAt) && !state.isAttested(id)
  }
}
