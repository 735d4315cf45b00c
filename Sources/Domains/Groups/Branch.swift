// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// One line of a group's history, from its init to a head. created_at increases along it.
struct Branch: Sendable {
  struct Point: Sendable, Equatable {
    let id: EventID
    let createdAt: UInt64
    let depth: UInt32
  }

  let group: GroupRecord
  let head: Point
  /// The head is its end; otherwise it is the tip, and goes on.
  private let isEnded: Bool

  /// The whole canonical chain; of a group as this relay follows it, up to its own tip.
  init(canonical group: GroupRecord) {
    self.group = group
    head = Point(id: group.tip, createdAt: group.tipCreatedAt, depth: group.tipDepth)
    isEnded = false
  }

  /// The line that ends at a node.
  init(endingAt node: NodeRecord, _ group: GroupRecord) { self.init(endingAt: node.point, group) }

  init(endingAt point: Point, _ group: GroupRecord) {
    self.group = group
    head = point
    isEnded = true
  }

  /// The line through a node: the canonical chain where the node is on it, else on to the heirs that would be chosen behind it.
  init(through node: NodeRecord, _ group: GroupRecord, reading state: borrowing some StateReader & ~Copyable) throws {
    if try state.isCanonical(node.id, node.createdAt, group) {
      self.init(canonical: group)
    } else {
      self.init(endingAt: try ChainSplit(group).follow(node, reading: state), group)
    }
  }

  /// When its head was created; `.max` for the whole canonical chain.
  var end: UInt64 { isEnded ? head.createdAt : .max }

  /// The covering node: the last one created at or before a time; nil before the init.
  func node(at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Point? {
    try state.ancestor(of: head, at: time)
  }

  func contains(_ id: EventID, _ createdAt: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    try contains(idPrefix: id.bytes[...], createdAt, reading: state)
  }

  /// Whether a node of the group, which was accepted, is on the line.
  ///
  /// - Parameter idPrefix: the first bytes of the node's id; all of them, or enough to tell nodes of one time apart.
  func contains(idPrefix: ArraySlice<UInt8>, _ createdAt: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    if createdAt > head.createdAt { return false }
    if createdAt <= group.firstForkAt { return true }
    guard let point = try node(at: createdAt, reading: state) else { return false }
    return point.createdAt == createdAt && point.id.bytes.starts(with: idPrefix)
  }
}

extension StateReader where Self: ~Copyable {
  borrowing func isCanonical(_ id: EventID, _ createdAt: UInt64, _ group: GroupRecord) throws -> Bool {
    try Branch(canonical: group).contains(id, createdAt, reading: self)
  }

  /// The node that follows one on the canonical chain; nil behind the tip, and where the node does not stand on the chain.
  borrowing func canonicalChild(of parent: NodeRecord, _ group: GroupRecord) throws -> NodeRecord? {
    let tip = Branch(canonical: group).head
    guard let child = try ancestor(of: tip, atDepth: parent.depth + 1) else { return nil }
    let node = try existingNode(child)
    return node.parent == parent.id ? node : nil
  }
}
