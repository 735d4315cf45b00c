// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// One line of a group's history, from its init to a head: the canonical chain as far as it goes along, then nodes of a side branch.
struct Branch: Sendable {
  struct Point: Sendable, Equatable {
    let id: EventID
    let createdAt: UInt64
    let depth: UInt32
  }

  let group: GroupRecord
  /// The canonical part reaches up to this time, inclusive.
  let trunkEnd: UInt64
  /// Oldest first; empty when the head is canonical.
  let side: [Point]

  /// The whole canonical chain.
  init(canonical group: GroupRecord) {
    self.group = group
    trunkEnd = .max
    side = []
  }

  /// The line that ends at a node.
  init(endingAt node: NodeRecord, _ group: GroupRecord, reading state: borrowing some StateReader & ~Copyable) throws {
    self.group = group
    var side: [Point] = []
    var current = node
    while try !state.isCanonical(current.id, current.createdAt, group) {
      side.append(Point(id: current.id, createdAt: current.createdAt, depth: current.depth))
      guard let parent = current.parent else { throw Fault.corrupt(GroupsState.chain, "the init of \(group.id.short) is not on its chain") }
      current = try state.existingNode(parent)
    }
    trunkEnd = current.createdAt
    self.side = side.reversed()
  }

  /// The line through a node: the canonical chain where the node is on it, else on to the heirs that would be chosen behind it.
  init(through node: NodeRecord, _ group: GroupRecord, reading state: borrowing some StateReader & ~Copyable) throws {
    if try state.isCanonical(node.id, node.createdAt, group) {
      self.init(canonical: group)
      return
    }
    let head = try ChainSplit(group).follow(node, reading: state).last ?? node
    try self.init(endingAt: head, group, reading: state)
  }

  /// When its head was created; `.max` for the whole canonical chain.
  var end: UInt64 { side.last?.createdAt ?? trunkEnd }

  /// The covering node: the last one created at or before a time; nil before the init.
  func node(at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Point? {
    if let last = side.last(where: { $0.createdAt <= time }) { return last }
    if trunkEnd == .max, time >= group.tipCreatedAt { return Point(id: group.tip, createdAt: group.tipCreatedAt, depth: group.tipDepth) }
    return try state.canonicalNode(of: group.id, at: min(time, trunkEnd))
  }

  func contains(_ id: EventID, _ createdAt: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    try contains(idPrefix: id.bytes[...], createdAt, reading: state)
  }

  /// - Parameter idPrefix: the first bytes of the node's id; all of them, or enough to tell nodes of one time apart.
  func contains(idPrefix: ArraySlice<UInt8>, _ createdAt: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    if createdAt <= trunkEnd, try state.isCanonical(idPrefix: idPrefix, createdAt, group) { return true }
    return side.contains { $0.createdAt == createdAt && $0.id.bytes.starts(with: idPrefix) }
  }
}

extension StateReader where Self: ~Copyable {
  borrowing func isCanonical(_ id: EventID, _ createdAt: UInt64, _ group: GroupRecord) throws -> Bool {
    try isCanonical(idPrefix: id.bytes[...], createdAt, group)
  }

  borrowing func isCanonical(idPrefix: ArraySlice<UInt8>, _ createdAt: UInt64, _ group: GroupRecord) throws -> Bool {
    if !group.hasForks { return true }
    guard let value = try value(GroupsState.chain, GroupsState.chainKey(group.id, createdAt)) else { return false }
    return value.starts(with: idPrefix)
  }

  /// The last canonical node created at or before a time.
  borrowing func canonicalNode(of group: EventID, at time: UInt64) throws -> Branch.Point? {
    guard let (key, value) = try last(GroupsState.chain, prefix: group.bytes, upTo: GroupsState.chainKey(group, time)) else { return nil }
    return try Self.chainPoint(key, value)
  }

  static func chainPoint(_ key: [UInt8], _ value: [UInt8]) throws -> Branch.Point {
    var keys = RecordReader(Array(key.dropFirst(32)), of: GroupsState.chain)
    var reader = RecordReader(value, of: GroupsState.chain)
    let id = try reader.eventID()
    return Branch.Point(id: id, createdAt: try keys.uint64(), depth: try reader.uint32())
  }

  /// The canonical nodes created after a time, oldest first.
  borrowing func canonicalNodes(of group: EventID, after time: UInt64, _ visit: (Branch.Point) throws -> Bool) throws {
    guard time < .max else { return }
    try scan(GroupsState.chain, prefix: group.bytes, from: GroupsState.chainKey(group, time + 1)) { key, value in
      try visit(try Self.chainPoint(key, value))
    }
  }
}
