// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// What one judgement makes of a group's course: where its canonical chain goes, which is the same on every relay, and where this relay's own tip stands,
/// which stops before contested nodes. Source: groups, 6.12.
///
/// Both are kept with the group, and only moved where something changed: at the parent of a new node, at the split where a label changes the order, at
/// the forks when something is confirmed.
struct Course {
  private let stored: GroupRecord
  private var group: GroupRecord
  private var rows: [StateChange] = []
  /// The event that is judged, and when it came.
  private let trigger: EventID
  private let now: UInt64
  /// Adjusted timestamps that this judgement is about to store.
  private var pending: [EventID: UInt64] = [:]
  /// Events whose times this judgement proves.
  private var cleared: Set<EventID> = []
  /// Nodes that are let through, now or in an earlier step of this judgement.
  private var lifted: Set<EventID> = []

  /// - Parameter group: as it is stored.
  init(_ group: GroupRecord, because trigger: EventID, at now: UInt64) {
    stored = group
    self.group = group
    self.trigger = trigger
    self.now = now
  }

  /// Everything that has to be written.
  var changes: [StateChange] { group == stored ? rows : rows + [group.change] }

  private var split: ChainSplit { ChainSplit(group, pending: pending, cleared: cleared) }
  private var passage: Passage { Passage(group, split, lifted, at: now) }

  // MARK: A new node

  /// - Parameter contested: the node's, if it is contested.
  mutating func place(
    _ node: NodeRecord, on parent: NodeRecord, _ contested: ContestedRecord?, reading state: borrowing some StateReader & ~Copyable
  ) throws {
    if let contested { rows += contested.opening }
    if parent.id == stored.tip {
      group.head = node.point
    } else if try state.hasEntry(GroupsState.children, prefix: GroupsState.half(parent.id)) {
      rows.append(.put(GroupsState.notes, key: GroupsState.forkKey(group.id, parent.depth, parent.id), value: GroupsState.mark))
      group.firstForkAt = min(group.firstForkAt, parent.createdAt)
      if let rival = try state.canonicalChild(of: parent, stored), try split.precedes(node, rival, reading: state) {
        move(behind: parent.id, to: node.point)
      }
    }
    try standing(after: node, on: parent, contested, reading: state)
  }

  /// Where this relay's tip stands once a node is there.
  private mutating func standing(
    after node: NodeRecord, on parent: NodeRecord, _ contested: ContestedRecord?, reading state: borrowing some StateReader & ~Copyable
  ) throws {
    if stored.gate == nil, contested == nil { return }
    var here = try gate(reading: state)
    if let contested {
      here.until = min(here.until, contested.seenAt)
    } else if parent.id == here.point.id {
      here.point = node.point
    } else if try hasPlace(for: node, on: parent, line: here.point, reading: state) {
      here.point = node.point
    }
    group.gate = here.point == group.head ? nil : here
  }

  /// Where it stood before; what was let through by its time is forgotten.
  private mutating func gate(reading state: borrowing some StateReader & ~Copyable) throws -> Gate {
    guard let gate = stored.gate else { return Gate(point: stored.head, until: .max) }
    if now < gate.until { return gate }
    var left = ContestedRecord.maxAwaited
    try state.contestedNodes(of: group.id) { record in
      if record.seenAt <= now {
        rows += record.removal
        left -= 1
      }
      return left > 0
    }
    return try Passage(stored, ChainSplit(stored), [], at: now).gate(reading: state) ?? Gate(point: stored.head, until: .max)
  }

  /// Whether a node goes before the one that a line goes on with behind its parent.
  private func hasPlace(
    for node: NodeRecord, on parent: NodeRecord, line head: Branch.Point, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Bool {
    guard parent.depth < head.depth, try Branch(endingAt: head, group).contains(parent.id, parent.createdAt, reading: state),
      let rival = try state.ancestor(of: head, atDepth: node.depth), rival != node.id
    else { return false }
    return try split.precedes(node, try state.existingNode(rival), reading: state)
  }

  // MARK: A time that is proven

  /// A label, or a listed attester, says when an event was there.
  ///
  /// - Parameter target: what it is about, by its note.
  mutating func prove(_ target: EventID, _ note: GroupsNote, reading state: borrowing some StateReader & ~Copyable) throws {
    switch note {
    case .modification:
      let node = try state.existingNode(target)
      guard try state.isLate(node) else { return }
      cleared.insert(target)
      if var record = try state.contested(node) {
        record.isLate = false
        settle(record)
      }
      if let parent = node.parent, try state.isCanonical(parent, try state.link(parent).createdAt, group) {
        let parent = try state.existingNode(parent)
        if let rival = try state.canonicalChild(of: parent, group), rival.id != target, try split.precedes(node, rival, reading: state) {
          move(behind: parent.id, to: try split.follow(node, reading: state).point)
        }
      }
      try pass([node], reading: state)
    case .proposal, .vote:
      var nodes: [NodeRecord] = []
      for id in try awaiting(target, reading: state) {
        let node = try state.existingNode(id)
        rows.append(.delete(GroupsState.notes, key: ContestedRecord.awaitedPrefix(target) + id.bytes))
        guard var record = try state.contested(node) else { continue }
        record.remove(target)
        settle(record)
        if record.isProven { nodes.append(node) }
      }
      try pass(nodes.sorted { $0.depth < $1.depth }, reading: state)
    case .initGroup, .attestation, .label, .deletion: return
    }
  }

  /// The nodes that wait for a proposal or a vote: so many of them; what more there are wait for their time.
  private func awaiting(_ id: EventID, reading state: borrowing some StateReader & ~Copyable) throws -> [EventID] {
    var nodes: [EventID] = []
    let prefix = ContestedRecord.awaitedPrefix(id)
    try state.scan(GroupsState.notes, prefix: prefix) { key, _ in
      var keys = RecordReader(Array(key.dropFirst(prefix.count)), of: GroupsState.notes)
      nodes.append(try keys.eventID())
      return nodes.count < ContestedRecord.maxAwaited
    }
    return nodes
  }

  private mutating func settle(_ record: ContestedRecord) {
    if record.isProven {
      lifted.insert(record.node)
      rows += record.removal
    } else {
      rows.append(record.put)
    }
  }

  /// This relay's tip goes on where these nodes are let through, or go before others now.
  private mutating func pass(_ nodes: [NodeRecord], reading state: borrowing some StateReader & ~Copyable) throws {
    if nodes.isEmpty || (stored.gate == nil && group.head == stored.head) { return }
    var here = stored.gate ?? Gate(point: stored.head, until: .max)
    if now >= here.until { here = try passage.gate(reading: state) ?? Gate(point: group.head, until: .max) }
    for node in nodes {
      guard let id = node.parent else { continue }
      if let seenAt = try passage.seenAt(node, reading: state) {
        here.until = min(here.until, seenAt)
        continue
      }
      let isNext = id == here.point.id
      if try isNext || hasPlace(for: node, on: try state.existingNode(id), line: here.point, reading: state) {
        here.point = try passage.follow(node, &here.until, reading: state).point
      }
    }
    group.gate = here.point == group.head ? nil : here
  }

  // MARK: A node that is confirmed

  /// A node's adjusted timestamp: every fork is looked at again, from the beginning of the chain, and what it proves is let through.
  mutating func confirm(
    _ node: NodeRecord, _ adjusted: UInt64, attesters: [PublicKey]?, reading state: borrowing some StateReader & ~Copyable
  ) throws {
    var value = RecordWriter(capacity: 8)
    value.put(adjusted)
    rows.append(.put(GroupsState.confirmed, key: GroupsState.depthKey(group.id, node.depth, node.id), value: value.bytes))
    pending[node.id] = adjusted
    if let (fork, head) = try split.reconsidered(reading: state) { move(behind: fork, to: head) }
    let wasLifted = lifted.count
    try state.contestedNodes(of: group.id, upTo: node.depth) { record in
      // Without attesters anybody can stamp today what is dated last year.
      let isInTime = attesters != nil || adjusted <= record.createdAt.saturatingAdd(GroupTimes.labelWindow)
      if isInTime, try state.ancestor(of: node.point, atDepth: record.depth) == record.node {
        lifted.insert(record.node)
        rows += record.removal
      }
      return true
    }
    if group.head != stored.head || lifted.count > wasLifted { group.gate = try passage.gate(reading: state) }
  }

  // MARK: Switching

  /// Another canonical chain from a node on: the tip moves, and the log says so.
  private mutating func move(behind fork: EventID, to head: Branch.Point) {
    let log = ReorganisationRecord(group: group.id, receivedAt: now, trigger: trigger, fork: fork, from: group.tip, to: head.id)
    group.head = head
    rows.append(log.change)
  }
}

/// Finds where this relay's tip may go: heir by heir, past no node that is contested still.
struct Passage {
  private let group: GroupRecord
  private let split: ChainSplit
  private let lifted: Set<EventID>
  private let now: UInt64

  init(_ group: GroupRecord, _ split: ChainSplit, _ lifted: Set<EventID>, at now: UInt64) {
    self.group = group
    self.split = split
    self.lifted = lifted
    self.now = now
  }

  /// When a node may be passed; nil: now.
  func seenAt(_ node: NodeRecord, reading state: borrowing some StateReader & ~Copyable) throws -> UInt64? {
    if lifted.contains(node.id) { return nil }
    return try state.contested(node).flatMap { $0.seenAt > now ? $0.seenAt : nil }
  }

  /// Where the tip stands; nil where it is the canonical one: nothing on the chain is contested.
  func gate(reading state: borrowing some StateReader & ~Copyable) throws -> Gate? {
    var first: ContestedRecord?
    try state.contestedNodes(of: group.id) { record in
      guard record.seenAt > now, !lifted.contains(record.node), try state.isCanonical(record.node, record.createdAt, group) else { return true }
      first = record
      return false
    }
    guard let first, let parent = try state.existingNode(first.node).parent else { return nil }
    var until = UInt64.max
    let end = try follow(try state.existingNode(parent), &until, reading: state)
    return Gate(point: end.point, until: until)
  }

  /// From a node on; the node itself where nothing behind it may be passed.
  ///
  /// - Parameter until: becomes the time at which the first of those that were passed over may be passed, if that is earlier.
  func follow(_ node: NodeRecord, _ until: inout UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> NodeRecord {
    var current = node
    while true {
      var open: [NodeRecord] = []
      for child in try state.children(of: current.id) {
        if let seenAt = try seenAt(child, reading: state) { until = min(until, seenAt) } else { open.append(child) }
      }
      guard let heir = try split.heir(among: open, reading: state) else { return current }
      current = heir
    }
  }
}

extension GroupRecord {
  /// As this relay follows it at a time: with its own tip. Not to be written.
  func followed(at clock: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> GroupRecord {
    var followed = self
    followed.clock = clock
    guard let gate else { return followed }
    let here = clock < gate.until ? gate : try Passage(self, ChainSplit(self), [], at: clock).gate(reading: state)
    if let here { followed.head = here.point }
    followed.gate = nil
    return followed
  }
}

extension StateReader where Self: ~Copyable {
  /// A group with this relay's own tip at a time; with the canonical one where there is no clock.
  borrowing func group(_ id: EventID, followedAt clock: UInt64?) throws -> GroupRecord? {
    guard let clock else { return try group(id) }
    return try group(id)?.followed(at: clock, reading: self)
  }
}
