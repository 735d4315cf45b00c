// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// A pointer from a node to one of its ancestors, far back: with one of them in each node, any ancestor is found in a number of steps that grows with
/// the logarithm of the line's length, and the canonical chain needs no index of its own: it is the line that ends at the tip, and a reorganisation
/// moves the tip.
///
/// How far they reach follows the skew-binary numbers: 1, 1, 3, 1, 1, 3, 7, … Source: Myers, *An applicative random-access stack*, 1983.
struct Jump: Sendable, Equatable {
  let id: EventID
  let depth: UInt32
  let createdAt: UInt64

  init(id: EventID, depth: UInt32, createdAt: UInt64) {
    self.id = id
    self.depth = depth
    self.createdAt = createdAt
  }

  /// The jump of a node that stands on `parent`: over two jumps of one length, otherwise to the parent.
  init(fromChildOf parent: NodeRecord, reading state: borrowing some StateReader & ~Copyable) throws {
    if let first = parent.jump, let second = try state.link(first.id).jump, parent.depth - first.depth == first.depth - second.depth {
      self = second
    } else {
      self.init(id: parent.id, depth: parent.depth, createdAt: parent.createdAt)
    }
  }
}

/// What finding ancestors needs of one node.
struct NodeLink: Sendable, Equatable {
  let id: EventID
  let parent: EventID?
  let jump: Jump?
  let createdAt: UInt64
  let depth: UInt32

  var point: Branch.Point { Branch.Point(id: id, createdAt: createdAt, depth: depth) }

  /// - Parameter bytes: of a `NodeRecord`; what follows the fields needed is not looked at.
  init(id: EventID, decoding bytes: [UInt8]) throws {
    var reader = RecordReader(bytes, of: GroupsState.nodes)
    try reader.version(1)
    self.id = id
    if try reader.bool() {
      _ = try reader.eventID()
      parent = try reader.eventID()
      jump = Jump(id: try reader.eventID(), depth: try reader.uint32(), createdAt: try reader.uint64())
    } else {
      parent = nil
      jump = nil
    }
    _ = try reader.publicKey()
    createdAt = try reader.uint64()
    _ = try reader.uint64()
    depth = try reader.uint32()
  }
}

extension StateReader where Self: ~Copyable {
  /// The links of a node that has to be there.
  borrowing func link(_ id: EventID) throws -> NodeLink {
    guard let bytes = try value(GroupsState.nodes, id.bytes) else { throw Fault.corrupt(GroupsState.nodes, "node \(id.short) is missing") }
    return try NodeLink(id: id, decoding: bytes)
  }

  /// The last node created at or before a time on the line that ends at `head`, itself included; nil before the init.
  borrowing func ancestor(of head: Branch.Point, at time: UInt64) throws -> Branch.Point? {
    if head.createdAt <= time { return head }
    // An init may not be stored yet when its group is judged.
    if head.depth == 0 { return nil }
    var current = try link(head.id)
    while let parent = current.parent, let jump = current.jump {
      if jump.createdAt > time {
        current = try link(jump.id)
        continue
      }
      if jump.id == parent { return Branch.Point(id: jump.id, createdAt: jump.createdAt, depth: jump.depth) }
      current = try link(parent)
      if current.createdAt <= time { return current.point }
    }
    return nil
  }

  /// The node of a depth on the line that ends at `head`; nil when the line is shorter.
  borrowing func ancestor(of head: Branch.Point, atDepth depth: UInt32) throws -> EventID? {
    if head.depth <= depth { return head.depth == depth ? head.id : nil }
    var current = try link(head.id)
    while current.depth > depth, let parent = current.parent, let jump = current.jump {
      current = try link(jump.depth >= depth ? jump.id : parent)
    }
    return current.depth == depth ? current.id : nil
  }
}
