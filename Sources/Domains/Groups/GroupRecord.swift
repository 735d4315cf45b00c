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
  /// Where this relay's own tip stands while it may not follow the canonical one; nil: it does.
  var gate: Gate?
  /// The time at which the tip is this relay's own (`followed`); nil: it is the canonical one, as it is stored.
  var clock: UInt64?

  /// The tip.
  var head: Branch.Point {
    get { Branch.Point(id: tip, createdAt: tipCreatedAt, depth: tipDepth) }
    set { (tip, tipCreatedAt, tipDepth) = (newValue.id, newValue.createdAt, newValue.depth) }
  }

  var hasForks: Bool { firstForkAt < .max }

  // version 2 · created_at 8 · tip 32 · depth 4 · tip's created_at 8 · first fork 8 · gate ?(tip 32 · depth 4 · tip's created_at 8 · until 8);
  // version 1 ends before the gate
  var change: StateChange {
    var writer = RecordWriter(capacity: 114)
    writer.put(UInt8(2))
    writer.put(createdAt)
    writer.put(tip)
    writer.put(tipDepth)
    writer.put(tipCreatedAt)
    writer.put(firstForkAt)
    writer.put(optional: gate) { writer, gate in
      writer.put(gate.point.id)
      writer.put(gate.point.depth)
      writer.put(gate.point.createdAt)
      writer.put(gate.until)
    }
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
    let version = try reader.uint8()
    guard version == 1 || version == 2 else { throw Fault.corrupt(GroupsState.groups, "record version \(version)") }
    self.id = id
    createdAt = try reader.uint64()
    tip = try reader.eventID()
    tipDepth = try reader.uint32()
    tipCreatedAt = try reader.uint64()
    firstForkAt = try reader.uint64()
    guard version == 2 else { return }
    gate = try reader.optional { reader in
      let (tip, depth, createdAt) = (try reader.eventID(), try reader.uint32(), try reader.uint64())
      return Gate(point: Branch.Point(id: tip, createdAt: createdAt, depth: depth), until: try reader.uint64())
    }
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
  /// It came here live and in time, or was taken as it came: here nothing else has to prove its time. Of an init: it came live.
  let isProven: Bool
  /// What it really changed; for an init, everything.
  let change: ResolvedChange

  var point: Branch.Point { Branch.Point(id: id, createdAt: createdAt, depth: depth) }

  // version 1 · line ?(group 32 · parent 32 · jump 32 · its depth 4 · its created_at 8) ·
  // author 32 · created_at 8 · received_at 8 · depth 4 · arrival 1 · change
  // arrival: late 1, proven 4, and 2; without the 2, of an earlier version: late or not, and proven where it is not
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
    writer.put(2 | (isLate ? 1 : 0) | (isProven ? 4 : 0) as UInt8)
    writer.put(change)
    return writer.bytes
  }

  init(
    id: EventID, group: EventID, parent: EventID?, jump: Jump?, author: PublicKey, createdAt: UInt64, receivedAt: UInt64, depth: UInt32, isLate: Bool,
    isProven: Bool, change: ResolvedChange
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
    self.isProven = isProven
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
    let arrival = try reader.uint8()
    isLate = arrival & 1 != 0
    isProven = arrival & 2 == 0 ? !isLate : arrival & 4 != 0
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
