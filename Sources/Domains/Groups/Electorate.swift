// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Who administers a group: accounts, each as often as it counts, and blocks of accounts that have one vote together. Source: groups, 6.3.
struct Electorate: Sendable, Equatable {
  enum Item: Sendable, Equatable {
    case leaf(PublicKey)
    case block([Item])
  }

  var items: [Item] = []
  /// Leaves, those of blocks included, each as often as it stands there.
  var count = 0

  var isEmpty: Bool { count == 0 }

  /// Every account, as a set.
  var accounts: Set<PublicKey> {
    var accounts: Set<PublicKey> = []
    accounts.reserveCapacity(count)
    visit { account, _ in accounts.insert(account) }
    return accounts
  }

  /// How many accounts there are, and the greatest weight that one account's vote can move: how often it stands there, counting a block once however
  /// often it stands in it; at least 1.
  var extent: (accounts: Int, greatestWeight: Int) {
    var weights: [PublicKey: Int] = [:]
    weights.reserveCapacity(count)
    for item in items {
      switch item {
      case .leaf(let account): weights[account, default: 0] += 1
      case .block(let inner):
        var accounts: Set<PublicKey> = []
        Self.visit(inner, inBlock: true) { account, _ in accounts.insert(account) }
        for account in accounts { weights[account, default: 0] += 1 }
      }
    }
    return (weights.count, weights.values.max() ?? 1)
  }

  /// Every leaf, and whether it stands in a block.
  func visit(_ body: (PublicKey, _ inBlock: Bool) -> Void) { Self.visit(items, inBlock: false, body) }

  func contains(_ account: PublicKey) -> Bool { Self.contains(account, items) }

  private static func contains(_ account: PublicKey, _ items: [Item]) -> Bool {
    items.contains { item in
      switch item {
      case .leaf(let key): key == account
      case .block(let inner): contains(account, inner)
      }
    }
  }

  /// Blocks nest no deeper than groups do.
  private static func visit(_ items: [Item], inBlock: Bool, _ body: (PublicKey, Bool) -> Void) {
    for item in items {
      switch item {
      case .leaf(let key): body(key, inBlock)
      case .block(let inner): visit(inner, inBlock: true, body)
      }
    }
  }

  /// Those whose say gets less: gone, or fewer times outside any block.
  func affected(becoming after: Electorate) -> Set<PublicKey> {
    var remaining: [PublicKey: Int] = [:]
    remaining.reserveCapacity(after.count)
    after.visit { account, inBlock in remaining[account, default: 0] += inBlock ? 0 : 1 }
    var before: [PublicKey: Int] = [:]
    before.reserveCapacity(count)
    visit { account, inBlock in before[account, default: 0] += inBlock ? 0 : 1 }
    return Set(before.compactMap { account, count in remaining[account].map { $0 < count } ?? true ? account : nil })
  }
}

/// Answers who administers what, for one judgement: the judged group on one of its branches, all others on their canonical chains; where
/// that is followed at a time (`GroupRecord.clock`), on this relay's own lines of that time.
///
/// Every group is evaluated once for each span of time during which nothing of it changed. Not Sendable: it belongs to one judgement.
final class Roles {
  let branch: Branch
  let options: GroupsOptions
  let cache: SnapshotCache
  /// What was carried out on the judged line.
  var implementations: Implementations
  private var branches: [EventID: Branch?] = [:]
  private var memo: [Key: [Known]] = [:]
  private var segments: [EventID: [StructureSegment]] = [:]

  private struct Key: Hashable {
    let group: EventID
    let levels: Int
  }

  /// An electorate, and when it is the same: everything that it was made of is covered by the same nodes then.
  private struct Known {
    var electorate = Electorate()
    var since: UInt64 = 0
    /// Inclusive.
    var until: UInt64 = .max

    /// Where a path was cut off, it is believed of the very time alone.
    static func cut(at time: UInt64) -> Known { Known(since: time, until: time) }

    mutating func restrict(to other: Known) {
      since = max(since, other.since)
      until = min(until, other.until)
    }
  }

  /// So many spans are remembered of each group.
  private static let maxKnown = 8

  init(_ branch: Branch, _ options: GroupsOptions, _ cache: SnapshotCache) {
    self.branch = branch
    implementations = Implementations(on: branch)
    self.options = options
    self.cache = cache
  }

  var group: EventID { branch.group.id }

  /// nil for a group that is unknown.
  func branch(of group: EventID, reading state: borrowing some StateReader & ~Copyable) throws -> Branch? {
    if group == branch.group.id { return branch }
    if let known = branches[group] { return known }
    let found = try state.group(group, followedAt: branch.group.clock).map { Branch(canonical: $0) }
    branches[group] = .some(found)
    return found
  }

  /// nil before its init.
  func snapshot(of group: EventID, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> GroupSnapshot? {
    guard let node = try branch(of: group, reading: state)?.node(at: time, reading: state) else { return nil }
    return try cache.snapshot(at: node.id, reading: state)
  }

  /// What a group referred to, and when, on its line.
  func structureSegments(of group: EventID, reading state: borrowing some StateReader & ~Copyable) throws -> [StructureSegment] {
    if let known = segments[group] { return known }
    let found = try branch(of: group, reading: state).map { try state.structureSegments($0) } ?? []
    segments[group] = found
    return found
  }

  /// Whether another group administered the judged one: answered without its members.
  func isAdministeredElsewhere(at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    try structureSegments(of: group, reading: state).last { $0.span.start <= time }?.structure.admin != nil
  }

  /// `electorate(G,T)` of the spec; empty before the init.
  func electorate(of group: EventID, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Electorate {
    var path: Set<EventID> = []
    return try known(group, at: time, levels: options.maxDepth, path: &path, reading: state).electorate
  }

  /// The electorate that a state of the judged group would have.
  func electorate(of snapshot: GroupSnapshot, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Electorate {
    var path: Set<EventID> = [group]
    return try known(snapshot, at: time, levels: options.maxDepth, path: &path, reading: state).electorate
  }

  func isAdministrator(_ account: PublicKey, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    // Flat groups, the most of all, need no electorate.
    guard let snapshot = try snapshot(of: group, at: time, reading: state) else { return false }
    if snapshot.admin == nil, snapshot.contains(account) { return true }
    return try electorate(of: group, at: time, reading: state).contains(account)
  }

  /// Recursion ends with the levels, at most `maxDepth`; a group on the path again contributes nothing (a cycle, after a reorganisation).
  private func known(
    _ group: EventID, at time: UInt64, levels: Int, path: inout Set<EventID>, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Known {
    let key = Key(group: group, levels: levels)
    if let known = memo[key]?.last(where: { $0.since <= time && time <= $0.until }) { return known }
    guard levels > 0, path.insert(group).inserted else { return .cut(at: time) }
    defer { path.remove(group) }
    guard let branch = try branch(of: group, reading: state) else { return Known() }
    guard let node = try branch.node(at: time, reading: state) else { return Known(until: time) }
    let snapshot = try cache.snapshot(at: node.id, reading: state)
    var result = try known(snapshot, at: time, levels: levels, path: &path, reading: state)
    // Behind the head nothing comes; elsewhere it lasts at least up to the time that was asked.
    result.restrict(to: Known(since: node.createdAt, until: node.id == branch.head.id ? .max : time))
    if let count = memo[key]?.count, count >= Self.maxKnown { memo[key]?.removeFirst() }
    memo[key, default: []].append(result)
    return result
  }

  private func known(
    _ snapshot: GroupSnapshot, at time: UInt64, levels: Int, path: inout Set<EventID>, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Known {
    if let admin = snapshot.admin { return try known(admin, at: time, levels: levels - 1, path: &path, reading: state) }
    var result = Known()
    result.electorate.items.reserveCapacity(min(snapshot.entries.count, options.maxElectorate + 1))
    for entry in snapshot.entries {
      // One more than the limit tells that it is passed; what lies beyond contributes nothing.
      if result.electorate.count > options.maxElectorate { break }
      switch entry.member {
      case .account(let account):
        result.electorate.items.append(.leaf(account))
        result.electorate.count += 1
      case .group(let nested, let isBlock):
        let inner = try known(nested, at: time, levels: levels - 1, path: &path, reading: state)
        if isBlock {
          result.electorate.items.append(.block(inner.electorate.items))
        } else {
          result.electorate.items += inner.electorate.items
        }
        result.electorate.count += inner.electorate.count
        result.restrict(to: inner)
      }
    }
    return result
  }
}
