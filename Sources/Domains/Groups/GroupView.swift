// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// A group as people and programs see it: its state at this relay's tip. Source: contract, *group show*.
public struct GroupView: Sendable {
  public enum MemberView: Sendable, Equatable {
    case account(PublicKey)
    case group(EventID, isBlock: Bool)
  }

  public let id: EventID
  public let createdAt: UInt64
  public let tip: EventID
  public let tipCreatedAt: UInt64
  /// How many modifications the chain has.
  public let length: UInt32
  public let members: [MemberView]
  public let admin: EventID?
  public let meta: [(key: Text, value: Text)]
  public let attesters: [PublicKey]?
  /// By key.
  public let administrators: [PublicKey]
  public let status: GroupStatus
  /// Branches exist beside the canonical chain.
  public let hasForks: Bool
  /// Contested nodes that this relay's tip does not pass yet, by depth; the first hundred.
  public let contested: [Contested]

  /// A node of which nothing proves when it was made. Source: groups, 6.12.
  public struct Contested: Sendable, Equatable {
    public let node: EventID
    public let author: PublicKey
    public let createdAt: UInt64
    /// Unix seconds: from then on this relay's tip may pass it.
    public let takesEffectAt: UInt64
  }

  private static let maxContested = 100

  /// One step of the history.
  public struct Step: Sendable {
    public let node: EventID
    public let author: PublicKey
    public let createdAt: UInt64
    public let depth: UInt32
    public let isCanonical: Bool
    public let isLate: Bool
    /// Unix seconds: it is contested, and this relay's tip may pass it from then on; nil when it may already.
    public let takesEffectAt: UInt64?
    public let added: Int
    public let removed: Int
    public let status: GroupStatus
  }

  /// - Parameter now: Unix seconds: administrators are those of this moment.
  init(_ stored: GroupRecord, _ options: GroupsOptions, now: UInt64, reading state: borrowing some StateReader & ~Copyable) throws {
    let group = try stored.followed(at: now, reading: state)
    let cache = SnapshotCache()
    let snapshot = try cache.snapshot(at: group.tip, reading: state)
    id = group.id
    createdAt = group.createdAt
    tip = group.tip
    tipCreatedAt = group.tipCreatedAt
    length = group.tipDepth
    hasForks = group.hasForks
    var contested: [Contested] = []
    try state.contestedNodes(of: group.id) { record in
      if record.seenAt > now {
        let author = try state.existingNode(record.node).author
        contested.append(Contested(node: record.node, author: author, createdAt: record.createdAt, takesEffectAt: record.seenAt))
      }
      return contested.count < Self.maxContested
    }
    self.contested = contested
    members = snapshot.entries.map { entry in
      switch entry.member {
      case .account(let key): .account(key)
      case .group(let id, let isBlock): .group(id, isBlock: isBlock)
      }
    }
    admin = snapshot.admin
    meta = snapshot.meta.map { ($0.key, $0.value) }
    attesters = snapshot.attesters
    let time = max(now, group.tipCreatedAt)
    administrators = try Roles(Branch(canonical: group), options, cache).electorate(of: group.id, at: time, reading: state).accounts.sorted()
    let point = Branch.Point(id: group.tip, createdAt: group.tipCreatedAt, depth: group.tipDepth)
    status = try HistoricalQuery.status(of: point, group, now: now, cache, reading: state)
  }

  /// nil for an unknown group. Throws faults.
  public static func read(_ id: EventID, _ options: GroupsOptions, now: UInt64, reading state: borrowing some StateReader & ~Copyable) throws
    -> GroupView?
  {
    try state.group(id).map { try GroupView($0, options, now: now, reading: state) }
  }

  /// Every group, by id, until `visit` returns false.
  public static func all(
    _ options: GroupsOptions, now: UInt64, reading state: borrowing some StateReader & ~Copyable, _ visit: (GroupView) throws -> Bool
  ) throws {
    try state.scan(GroupsState.groups, prefix: []) { key, value in
      var keys = RecordReader(key, of: GroupsState.groups)
      return try visit(try GroupView(GroupRecord(id: try keys.eventID(), decoding: value), options, now: now, reading: state))
    }
  }

  /// Whether any group was ever accepted: the kinds cannot be changed then.
  public static func exists(reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    try state.hasEntry(GroupsState.groups, prefix: [])
  }

  /// The nodes of a group, those up to this relay's tip and others, oldest first; and how often the canonical chain was switched. nil for an unknown group.
  public static func history(
    _ id: EventID, now: UInt64, reading state: borrowing some StateReader & ~Copyable
  ) throws -> (steps: [Step], reorganisations: [ReorganisationRecord], tip: EventID)? {
    guard let group = try state.group(id, followedAt: now) else { return nil }
    let cache = SnapshotCache()
    let deepest = try state.deepestConfirmed(group)?.depth
    var steps: [Step] = []
    var open = [id]
    while let next = open.popLast() {
      let node = try state.existingNode(next)
      let isCanonical = try state.isCanonical(node.id, node.createdAt, group)
      var status = GroupStatus.provisional
      if isCanonical, let deepest, node.depth <= deepest {
        status = try ChainSplit(group).isFinal(node, at: now, cache, reading: state) ? .final : .confirmed
      }
      steps.append(
        Step(
          node: node.id, author: node.author, createdAt: node.createdAt, depth: node.depth, isCanonical: isCanonical, isLate: node.isLate,
          takesEffectAt: try state.contested(node).flatMap { $0.seenAt > now ? $0.seenAt : nil },
          added: node.change.adds.count, removed: node.change.removes.count, status: status))
      open += try state.children(of: next).map(\.id)
    }
    var reorganisations: [ReorganisationRecord] = []
    try state.scan(GroupsState.notes, prefix: GroupsState.reorgPrefix(id)) { key, value in
      reorganisations.append(try ReorganisationRecord(group: id, key: key, decoding: value))
      return true
    }
    return (steps.sorted { ($0.depth, $0.createdAt, $0.node) < ($1.depth, $1.createdAt, $1.node) }, reorganisations, group.tip)
  }
}
