// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Chooses between the branches of one group, by the Attestation Adjusted Timestamp. Source: groups, 6.12.
struct ChainSplit {
  private let group: GroupRecord
  /// Adjusted timestamps that this judgement is about to store.
  private let pending: [EventID: UInt64]
  /// Events whose times this judgement proves.
  private let cleared: Set<EventID>

  init(_ group: GroupRecord, pending: [EventID: UInt64] = [:], cleared: Set<EventID> = []) {
    self.group = group
    self.pending = pending
    self.cleared = cleared
  }

  // MARK: Timestamps

  /// AAT(n) = max(m, b, p); nil stands for infinity.
  static func adjusted(_ node: NodeRecord, attesters: [PublicKey]?, _ attestations: AttestationSummary) -> UInt64? {
    guard let block = attestations.block else { return nil }
    guard attesters != nil else { return max(node.createdAt, block) }
    return attestations.seen.map { max(node.createdAt, block, $0) }
  }

  /// eff(n): the least adjusted timestamp of the node and of all that stand on it, since a child proves its parent; nil stands for infinity.
  func effective(_ node: NodeRecord, reading state: borrowing some StateReader & ~Copyable) throws -> UInt64? {
    try effectives(atDepth: node.depth, reading: state)[node.id]
  }

  /// eff(n) of all nodes of one depth that have one: each confirmed node is looked at once, however many branches there are.
  private func effectives(atDepth depth: UInt32, reading state: borrowing some StateReader & ~Copyable) throws -> [EventID: UInt64] {
    var rows: [(id: EventID, time: UInt64)] = []
    var from = RecordWriter(capacity: 36)
    from.put(group.id)
    from.put(depth)
    try state.scan(GroupsState.confirmed, prefix: group.id.bytes, from: from.bytes) { key, value in
      var keys = RecordReader(Array(key.dropFirst(36)), of: GroupsState.confirmed)
      var reader = RecordReader(value, of: GroupsState.confirmed)
      rows.append((try keys.eventID(), try reader.uint64()))
      return true
    }
    for (id, time) in pending {
      if let known = try state.node(id), known.group == group.id, known.depth >= depth { rows.append((id, time)) }
    }
    var times: [EventID: UInt64] = [:]
    for row in rows {
      let point = try state.link(row.id).point
      guard let ancestor = try state.ancestor(of: point, atDepth: depth) else { continue }
      times[ancestor] = min(times[ancestor] ?? .max, row.time)
    }
    return times
  }

  /// Confirmed a day ago, in a group with attesters: siblings come too late.
  func isFinal(_ node: NodeRecord, at now: UInt64, _ cache: SnapshotCache, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    let source = node.parent ?? node.id
    guard try cache.snapshot(at: source, reading: state).attesters != nil, let effective = try effective(node, reading: state) else { return false }
    return now >= effective.saturatingAdd(GroupTimes.finality)
  }

  // MARK: Choice

  /// What children of one parent are compared by: the least wins. The same on every relay that knows the same events and blocks.
  private struct Rank {
    let effective: UInt64?
    /// Asked of those alone that nothing confirms.
    let isLate: Bool
    let node: NodeRecord

    func precedes(_ other: Rank) -> Bool {
      switch (effective, other.effective) {
      case (let mine?, let other_?):
        if mine != other_ { return mine < other_ }
        // "+ 1/pk": the larger key has the smaller value.
        if node.author != other.node.author { return node.author > other.node.author }
        return node.id < other.node.id
      case (_?, nil): return true
      case (nil, _?): return false
      case (nil, nil):
        if isLate != other.isLate { return !isLate }
        if node.createdAt != other.node.createdAt { return node.createdAt < other.node.createdAt }
        return node.id < other.node.id
      }
    }
  }

  private func rank(_ node: NodeRecord, _ effective: UInt64?, reading state: borrowing some StateReader & ~Copyable) throws -> Rank {
    let isLate = try effective == nil && !cleared.contains(node.id) && state.isLate(node)
    return Rank(effective: effective, isLate: isLate, node: node)
  }

  /// The child that the canonical chain would go on with.
  func heir(among children: [NodeRecord], reading state: borrowing some StateReader & ~Copyable) throws -> NodeRecord? {
    guard let first = children.first, children.count > 1 else { return children.first }
    let times = try effectives(atDepth: first.depth, reading: state)
    var best: Rank?
    for child in children {
      let rank = try rank(child, times[child.id], reading: state)
      if best.map({ rank.precedes($0) }) ?? true { best = rank }
    }
    return best?.node
  }

  /// From a node on, heir by heir, the last one; the node itself where nothing stands on it.
  func follow(_ node: NodeRecord, reading state: borrowing some StateReader & ~Copyable) throws -> NodeRecord {
    var current = node
    while let heir = try heir(among: try state.children(of: current.id), reading: state) { current = heir }
    return current
  }

  /// Whether one child of a parent goes before another. A new node need not be stored yet.
  func precedes(_ node: NodeRecord, _ other: NodeRecord, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    let times = try effectives(atDepth: other.depth, reading: state)
    return try rank(node, times[node.id], reading: state).precedes(try rank(other, times[other.id], reading: state))
  }

  /// Looks at every fork of the canonical chain again, from its beginning.
  ///
  /// - Returns: the node behind which another branch wins now, and the end of that; nil when the chain stays as it is.
  func reconsidered(reading state: borrowing some StateReader & ~Copyable) throws -> (fork: EventID, head: Branch.Point)? {
    guard group.hasForks else { return nil }
    var forks: [EventID] = []
    let prefix = GroupsState.forkPrefix(group.id)
    try state.scan(GroupsState.notes, prefix: prefix) { key, _ in
      var keys = RecordReader(Array(key.dropFirst(prefix.count + 4)), of: GroupsState.notes)
      forks.append(try keys.eventID())
      return true
    }
    for id in forks {
      let fork = try state.existingNode(id)
      guard try state.isCanonical(fork.id, fork.createdAt, group), let heir = try heir(among: try state.children(of: id), reading: state) else {
        continue
      }
      if try state.isCanonical(heir.id, heir.createdAt, group) { continue }
      return (fork.id, try follow(heir, reading: state).point)
    }
    return nil
  }
}

/// A switch to another branch, for `group history` and the log.
public struct ReorganisationRecord: Sendable, Equatable {
  public let group: EventID
  public let receivedAt: UInt64
  /// The event that caused it.
  public let trigger: EventID
  /// The last node that both branches share.
  public let fork: EventID
  public let from: EventID
  public let to: EventID

  // key: "reorg" · group 32 · received_at 8 · trigger 32; value: fork 32 · from 32 · to 32
  var change: StateChange {
    var key = RecordWriter(capacity: 77)
    key.put(fixed: GroupsState.reorgPrefix(group))
    key.put(receivedAt)
    key.put(trigger)
    var value = RecordWriter(capacity: 96)
    value.put(fork)
    value.put(from)
    value.put(to)
    return .put(GroupsState.notes, key: key.bytes, value: value.bytes)
  }

  init(group: EventID, receivedAt: UInt64, trigger: EventID, fork: EventID, from: EventID, to: EventID) {
    self.group = group
    self.receivedAt = receivedAt
    self.trigger = trigger
    self.fork = fork
    self.from = from
    self.to = to
  }

  /// What a switch among these changes tells the operator.
  static func diagnostics(of changes: [StateChange]) throws -> [Diagnostic] {
    let mark = Array("reorg".utf8)
    var found: [Diagnostic] = []
    for case .put(GroupsState.notes, let key, let value) in changes where key.starts(with: mark) {
      var keys = RecordReader(Array(key.dropFirst(mark.count)), of: GroupsState.notes)
      let record = try ReorganisationRecord(group: try keys.eventID(), key: key, decoding: value)
      found.append(
        Diagnostic(
          .warning, "groups.reorganised", "a group follows another branch of its history",
          fields: [
            .init("group", record.group.hex), .init("fork", record.fork.hex), .init("from", record.from.hex), .init("to", record.to.hex),
            .init("trigger", record.trigger.hex),
          ]))
    }
    return found
  }

  init(group: EventID, key: [UInt8], decoding bytes: [UInt8]) throws {
    self.group = group
    var keys = RecordReader(Array(key.dropFirst(GroupsState.reorgPrefix(group).count)), of: GroupsState.notes)
    receivedAt = try keys.uint64()
    trigger = try keys.eventID()
    var reader = RecordReader(bytes, of: GroupsState.notes)
    fork = try reader.eventID()
    from = try reader.eventID()
    to = try reader.eventID()
  }
}
