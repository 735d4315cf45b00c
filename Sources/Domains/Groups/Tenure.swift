// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// For how long accounts have administered the judged group, up to a time: from the spans during which other groups' members count here, and the
/// spans during which an account stands in their members. Source: groups, 6.3.
///
/// Not Sendable: it belongs to one judgement.
final class Tenure {
  private let roles: Roles
  private var known: [PublicKey: Spans] = [:]
  private var lazyScope: Scope?

  /// Where the accounts come from that administer.
  private struct Scope {
    /// When the accounts of each group administer the judged one.
    let reach: [EventID: Spans]
    /// Small groups are read as a whole where there are many: account → its spans there, already cut to the reach.
    var loaded: [PublicKey: Spans] = [:]
    var single: [EventID] = []
  }

  /// Reads nothing until it is asked.
  init(_ roles: Roles) { self.roles = roles }

  private func scope(reading state: borrowing some StateReader & ~Copyable) throws -> Scope {
    if let lazyScope { return lazyScope }
    var scope = Scope(reach: try Self.reach(roles, reading: state))
    let isWide = scope.reach.count > 4
    for (group, reached) in scope.reach.sorted(by: { $0.key < $1.key }) {
      guard let branch = try roles.branch(of: group, reading: state) else { continue }
      if isWide, branch.group.tipDepth <= 64 {
        try Self.load(group, branch, reached, into: &scope.loaded, reading: state)
      } else {
        scope.single.append(group)
      }
    }
    lazyScope = scope
    return scope
  }

  /// When the direct accounts of which group administer the judged one: level by level, so that every path counts and cycles end.
  private static func reach(_ roles: Roles, reading state: borrowing some StateReader & ~Copyable) throws -> [EventID: Spans] {
    var direct: [EventID: Spans] = [:]
    var passed: [EventID: Spans] = [:]
    var level: [EventID: Spans] = [roles.group: .always]
    for _ in 0..<roles.options.maxDepth {
      var next: [EventID: Spans] = [:]
      for (group, spans) in level {
        let before = passed[group] ?? Spans()
        let merged = before.union(spans)
        // The same group by another way, at no other time: nothing new lies behind it.
        if merged == before { continue }
        passed[group] = merged
        guard passed.count <= GroupLimits.visitedGroups, let branch = try roles.branch(of: group, reading: state) else { continue }
        for segment in try state.structureSegments(branch) {
          let here = spans.intersection(Spans([segment.span]))
          if here.isEmpty { continue }
          if let admin = segment.structure.admin {
            next[admin] = (next[admin] ?? Spans()).union(here)
          } else {
            direct[group] = (direct[group] ?? Spans()).union(here)
            for nested in segment.structure.nested { next[nested.group] = (next[nested.group] ?? Spans()).union(here) }
          }
        }
      }
      level = next
    }
    return direct
  }

  private static func load(
    _ group: EventID, _ branch: Branch, _ reached: Spans, into loaded: inout [PublicKey: Spans], reading state: borrowing some StateReader & ~Copyable
  ) throws {
    var current: PublicKey?
    var counter = SpanCounter()
    func close() {
      guard let account = current else { return }
      let spans = counter.spans.intersection(reached)
      if !spans.isEmpty { loaded[account] = (loaded[account] ?? Spans()).union(spans) }
    }
    try state.scan(GroupsState.accounts, prefix: GroupsState.half(group)) { key, value in
      let row = try AccountRow(key, value)
      if row.account != current {
        close()
        current = row.account
        counter = SpanCounter()
      }
      if try branch.contains(idPrefix: row.node, row.createdAt, reading: state) { counter.add(row) }
      return true
    }
    close()
  }

  /// When an account administers the judged group, over all of its history.
  func spans(of account: PublicKey, reading state: borrowing some StateReader & ~Copyable) throws -> Spans {
    if let spans = known[account] { return spans }
    let scope = try scope(reading: state)
    var spans = scope.loaded[account] ?? Spans()
    for group in scope.single {
      guard let reached = scope.reach[group], let branch = try roles.branch(of: group, reading: state) else { continue }
      spans = spans.union(try state.directSpans(of: account, branch).intersection(reached))
    }
    known[account] = spans
    return spans
  }

  /// An administrator for every moment of the last 7 days.
  func isTenured(_ account: PublicKey, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    guard time >= GroupTimes.tenure else { return false }
    return try spans(of: account, reading: state).covers(time - GroupTimes.tenure, time)
  }

  /// May vote on what was proposed at that time: 10 days without a break; or at some moment of them, and 30 days in all.
  func isVoter(_ account: PublicKey, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    try spans(of: account, reading: state).makesVoter(at: time)
  }

  /// Accounts that surely administered throughout the window: those of groups that counted throughout, without a change of theirs in it.
  func steady(from start: UInt64, to end: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Set<PublicKey> {
    var steady: Set<PublicKey> = []
    for (group, spans) in try scope(reading: state).reach where spans.covers(start, end) {
      guard let branch = try roles.branch(of: group, reading: state), let first = try branch.node(at: start, reading: state) else { continue }
      var members = try roles.cache.snapshot(at: first.id, reading: state)
      var removed: Set<EntryID> = []
      try state.walkBack(branch, from: end, to: start) { removed.formUnion($0.change.removes) }
      if !removed.isEmpty { members.entries.removeAll { removed.contains($0.id) } }
      for entry in members.entries { if let account = entry.member.account { steady.insert(account) } }
    }
    return steady
  }

  /// Accounts that may have administered at some moment of the window; more than those who did.
  func candidates(from start: UInt64, to end: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Set<PublicKey> {
    let scope = try scope(reading: state)
    var found = Set(scope.loaded.filter { $0.value.touches(start, end) }.keys)
    for group in scope.single {
      guard let spans = scope.reach[group], spans.touches(start, end), let branch = try roles.branch(of: group, reading: state) else { continue }
      if let first = try branch.node(at: start, reading: state) {
        for entry in try roles.cache.snapshot(at: first.id, reading: state).entries {
          if let account = entry.member.account { found.insert(account) }
        }
      }
      try state.walkBack(branch, from: end, to: start) { node in
        for member in node.change.adds { if let account = member.account { found.insert(account) } }
      }
    }
    return found
  }
}

/// One row of `accounts`: how often an account stands in a group's members changed at a node.
struct AccountRow {
  let account: PublicKey
  let depth: UInt32
  /// The first bytes of its id.
  let node: ArraySlice<UInt8>
  let createdAt: UInt64
  let difference: Int

  init(_ key: [UInt8], _ value: [UInt8]) throws {
    var keys = RecordReader(key, of: GroupsState.accounts)
    _ = try keys.fixed(GroupsState.halfID)
    account = try keys.publicKey()
    depth = try keys.uint32()
    node = try keys.fixed(8)
    var reader = RecordReader(value, of: GroupsState.accounts)
    createdAt = try reader.uint64()
    difference = Int(Int32(bitPattern: try reader.uint32()))
  }

  static func value(createdAt: UInt64, difference: Int) -> [UInt8] {
    var writer = RecordWriter(capacity: 12)
    writer.put(createdAt)
    writer.put(UInt32(bitPattern: Int32(clamping: difference)))
    return writer.bytes
  }
}

/// Turns rows of one account, in the order of a branch, into the spans during which it stands in the members at all.
struct SpanCounter {
  private var count = 0
  private var since: UInt64 = 0
  private var closed: [Spans.Span] = []

  mutating func add(_ row: AccountRow) {
    let before = count
    count += row.difference
    if before <= 0, count > 0 { since = row.createdAt }
    if before > 0, count <= 0 { closed.append(Spans.Span(start: since, end: row.createdAt)) }
  }

  var spans: Spans { Spans(count > 0 ? closed + [Spans.Span(start: since, end: .max)] : closed) }
}

extension StateReader where Self: ~Copyable {
  /// When an account stands in a group's own members, along a branch.
  borrowing func directSpans(of account: PublicKey, _ branch: Branch) throws -> Spans {
    var counter = SpanCounter()
    try scan(GroupsState.accounts, prefix: GroupsState.accountPrefix(branch.group.id, account)) { key, value in
      let row = try AccountRow(key, value)
      if try branch.contains(idPrefix: row.node, row.createdAt, reading: self) { counter.add(row) }
      return true
    }
    return counter.spans
  }

  /// What a group referred to, and when, along a branch.
  borrowing func structureSegments(_ branch: Branch) throws -> [(span: Spans.Span, structure: GroupStructure, node: EventID)] {
    var segments: [(span: Spans.Span, structure: GroupStructure, node: EventID)] = []
    for row in try structureRows(of: branch.group.id) where try branch.contains(row.node, row.createdAt, reading: self) {
      if !segments.isEmpty { segments[segments.count - 1].span.end = row.createdAt }
      segments.append((Spans.Span(start: row.createdAt, end: .max), row.structure, row.node))
    }
    return segments
  }

  /// Visits a branch's nodes created after `start`, up to `end`, newest first.
  borrowing func walkBack(_ branch: Branch, from end: UInt64, to start: UInt64, _ visit: (NodeRecord) throws -> Void) throws {
    guard let last = try branch.node(at: end, reading: self) else { return }
    var position: EventID? = last.id
    while let id = position {
      let node = try existingNode(id)
      guard node.createdAt > start else { return }
      try visit(node)
      position = node.parent
    }
  }
}
