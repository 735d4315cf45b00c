// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Where this relay's own tip stands while a contested node keeps it from the canonical one. Source: groups, 6.12.
struct Gate: Sendable, Equatable {
  var point: Branch.Point
  /// When the next contested node beside its line may be passed: from then on the tip has to be looked for again.
  var until: UInt64
}

/// A node of which nothing proves when it was made: this relay's tip passes it later. Source: groups, 6.12, *Contested nodes*.
struct ContestedRecord: Sendable, Equatable {
  let node: EventID
  let group: EventID
  let depth: UInt32
  let createdAt: UInt64
  /// From then on the tip may pass it.
  let seenAt: UInt64
  /// Its own time is not proven.
  var isLate: Bool
  /// The proposals and votes that it needs and whose times are not proven.
  private(set) var awaits: [EventID]
  /// It needs more than are kept: it is not let through before its time.
  let awaitsMore: Bool

  /// So many are kept, and so many nodes are looked at for one label of what they wait for.
  static let maxAwaited = 256

  /// Nothing is missing any more.
  var isProven: Bool { !isLate && awaits.isEmpty && !awaitsMore }

  init(_ node: NodeRecord, isLate: Bool, awaits: [EventID]) {
    self.node = node.id
    group = node.group
    depth = node.depth
    createdAt = node.createdAt
    seenAt = node.receivedAt.saturatingAdd(GroupTimes.contested)
    self.isLate = isLate
    self.awaits = Array(awaits.prefix(Self.maxAwaited))
    awaitsMore = awaits.count > Self.maxAwaited
  }

  mutating func remove(_ awaited: EventID) { awaits.removeAll { $0 == awaited } }

  // key: "contested" · group 32 · depth 4 · node 32; value: version 1 · created_at 8 · seen 8 · late 1 · more 1 · awaits n×32
  private var key: [UInt8] { Self.key(group, depth, node) }

  static func prefix(_ group: EventID) -> [UInt8] { Array("contested".utf8) + group.bytes }
  static func key(_ group: EventID, _ depth: UInt32, _ node: EventID) -> [UInt8] {
    Array("contested".utf8) + GroupsState.depthKey(group, depth, node)
  }
  /// key: "awaited" · proposal or vote 32 · node 32; value: 1
  static func awaitedPrefix(_ id: EventID) -> [UInt8] { Array("awaited".utf8) + id.bytes }

  var put: StateChange {
    var value = RecordWriter(capacity: 23 + 32 * awaits.count)
    value.put(UInt8(1))
    value.put(createdAt)
    value.put(seenAt)
    value.put(isLate)
    value.put(awaitsMore)
    value.put(list: awaits) { $0.put($1) }
    return .put(GroupsState.notes, key: key, value: value.bytes)
  }

  /// With what leads to it from those that it waits for.
  var opening: [StateChange] {
    [put] + awaits.map { .put(GroupsState.notes, key: Self.awaitedPrefix($0) + node.bytes, value: GroupsState.mark) }
  }

  var removal: [StateChange] {
    [.delete(GroupsState.notes, key: key)] + awaits.map { .delete(GroupsState.notes, key: Self.awaitedPrefix($0) + node.bytes) }
  }

  init(key: [UInt8], decoding bytes: [UInt8]) throws {
    var keys = RecordReader(Array(key.dropFirst("contested".utf8.count)), of: GroupsState.notes)
    group = try keys.eventID()
    depth = try keys.uint32()
    node = try keys.eventID()
    var reader = RecordReader(bytes, of: GroupsState.notes)
    try reader.version(1)
    createdAt = try reader.uint64()
    seenAt = try reader.uint64()
    isLate = try reader.bool()
    awaitsMore = try reader.bool()
    awaits = try reader.list { try $0.eventID() }
  }
}

extension StateReader where Self: ~Copyable {
  /// nil for a node that is not contested, or was let through.
  borrowing func contested(_ node: NodeRecord) throws -> ContestedRecord? {
    let key = ContestedRecord.key(node.group, node.depth, node.id)
    return try value(GroupsState.notes, key).map { try ContestedRecord(key: key, decoding: $0) }
  }

  /// A group's contested nodes, by depth, until `visit` returns false.
  borrowing func contestedNodes(of group: EventID, upTo depth: UInt32 = .max, _ visit: (ContestedRecord) throws -> Bool) throws {
    try scan(GroupsState.notes, prefix: ContestedRecord.prefix(group)) { key, value in
      let record = try ContestedRecord(key: key, decoding: value)
      return try record.depth <= depth && visit(record)
    }
  }
}
