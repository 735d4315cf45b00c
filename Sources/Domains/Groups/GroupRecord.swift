// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Where a group's canonical chain begins and ends.
struct GroupRecord: Sendable, Equatable {
  let id: EventID
  /// Of its init event.
  let createdAt: UInt64
  var tip: EventID
  var tipDepth: UInt32
  var tipCreatedAt: UInt64
  /// When the first of the nodes with several children was created: every node created until then stands on every line; `.max` without such nodes.
  var firstForkAt: UInt64

  var hasForks: Bool { firstForkAt < .max }

  // version 1 · created_at 8 · tip 32 · depth 4 · tip's created_at 8 · first fork 8
  var change: StateChange {
    var writer = RecordWriter(capacity: 61)
    writer.put(UInt8(1))
    writer.put(createdAt)
    writer.put(tip)
    writer.put(tipDepth)
    writer.put(tipCreatedAt)
    writer.put(firstForkAt)
    return .put(GroupsState.groups, key: id.bytes, value: writer.bytes)
  }

  init(_ node: NodeRecord) {
    id = node.id
    createdAt = node.createdAt
    tip = node.id
    tipDepth = 0
    tipCreatedAt = node.createdAt
    firstForkAt = .max
  }

  init(id: EventID, decoding bytes: [UInt8]) throws {
    var reader = RecordReader(bytes, of: GroupsState.groups)
    try reader.version(1)
    self.id = id
    createdAt = try reader.uint64()
    tip = try reader.eventID()
    tipDepth = try reader.uint32()
    tipCreatedAt = try reader.uint64()
    firstForkAt = try reader.uint64()
  }
}

/// One step of a group's history: its init, or a modification.
struct NodeRecord: Sendable, Equatable {
  let id: EventID
  let group: EventID
  /// nil for the init.
  let parent: EventID?
  /// Far back on its line; nil for the init.
  let jump: Jump?
  let author: PublicKey
  let createdAt: UInt64
  let receivedAt: UInt64
  let depth: UInt32
  /// It came from sync later than a live one would have been taken.
  let isLate: Bool
  /// What it really changed; for an init, everything.
  let change: ResolvedChange

  var point: Branch.Point { Branch.Point(id: id, createdAt: createdAt, depth: depth) }

  // version 1 · line ?(group 32 · parent 32 · jump 32 · its depth 4 · its created_at 8) ·
  // author 32 · created_at 8 · received_at 8 · depth 4 · late 1 · change
  var encoded: [UInt8] {
    var writer = RecordWriter(capacity: 240)
    writer.put(UInt8(1))
    writer.put(parent != nil)
    if let parent {
      writer.put(group)
      writer.put(parent)
      // Every node but an init has one.
      let jump = jump ?? Jump(id: group, depth: 0, createdAt: 0)
      writer.put(jump.id)
      writer.put(jump.depth)
      writer.put(jump.createdAt)
    }
    writer.put(author)
    writer.put(createdAt)
    writer.put(receivedAt)
    writer.put(depth)
    writer.put(isLate)
    writer.put(change)
    return writer.bytes
  }

  init(
    id: EventID, group: EventID, parent: EventID?, jump: Jump?, author: PublicKey, createdAt: UInt64, receivedAt: UInt64, depth: UInt32, isLate: Bool,
    change: ResolvedChange
  ) {
    self.id = id
    self.group = group
    self.parent = parent
    self.jump = jump
    self.author = author
    self.createdAt = createdAt
    self.receivedAt = receivedAt
    self.depth = depth
    self.isLate = isLate
    self.change = change
  }

  init(id: EventID, decoding bytes: [UInt8]) throws {
    var reader = RecordReader(bytes, of: GroupsState.nodes)
    try reader.version(1)
    self.id = id
    if try reader.bool() {
      group = try reader.eventID()
      parent = try reader.eventID()
      jump = Jump(id: try reader.eventID(), depth: try reader.uint32(), createdAt: try reader.uint64())
    } else {
      group = id
      parent = nil
      jump = nil
    }
    author = try reader.publicKey()
    createdAt = try reader.uint64()
    receivedAt = try reader.uint64()
    depth = try reader.uint32()
    isLate = try reader.bool()
    change = try reader.resolvedChange(of: GroupsState.nodes)
  }
}

extension StateReader where Self: ~Copyable {
  borrowing func group(_ id: EventID) throws -> GroupRecord? {
    try value(GroupsState.groups, id.bytes).map { try GroupRecord(id: id, decoding: $0) }
  }

  borrowing func node(_ id: EventID) throws -> NodeRecord? {
    try value(GroupsState.nodes, id.bytes).map { try NodeRecord(id: id, decoding: $0) }
  }

  /// A node that has to be there.
  borrowing func existingNode(_ id: EventID) throws -> NodeRecord {
    guard let node = try node(id) else { throw Fault.corrupt(GroupsState.nodes, "node \(id.short) is missing") }
    return node
  }

  /// What folding needs of a node that has to be there.
  borrowing func step(_ id: EventID) throws -> NodeStep {
    guard let bytes = try value(GroupsState.nodes, id.bytes) else { throw Fault.corrupt(GroupsState.nodes, "node \(id.short) is missing") }
    return try NodeStep(id: id, decoding: bytes)
  }

  /// All of them, or so many of them.
  borrowing func children(of parent: EventID, atMost limit: Int = .max) throws -> [NodeRecord] {
    var ids: [EventID] = []
    try scan(GroupsState.children, prefix: GroupsState.half(parent)) { key, _ in
      var reader = RecordReader(Array(key.dropFirst(GroupsState.halfID)), of: GroupsState.children)
      ids.append(try reader.eventID())
      return ids.count < limit
    }
    return try ids.map { try existingNode($0) }.filter { $0.parent == parent }
  }
}
