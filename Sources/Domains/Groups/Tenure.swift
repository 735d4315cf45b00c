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
  private var lazyReach: Reach?
  private var lazySources: Sources?
  private var walks: [EventID: LineWalk] = [:]
  private var standings: [Standing] = []
  /// How often a group was asked for one account.
  private var looks = 0

  /// So many looks are cheaper than reading groups as a whole.
  private static let maxLooks = 2000
  /// So many accounts are asked for one by one.
  private static let few = 64

  /// Other groups, and when they count.
  struct Reach {
    /// Those whose direct accounts administer the judged one, itself among them.
    var direct: [EventID: Spans] = [:]
    /// All that the judged one leads to, itself among them.
    var passed: [EventID: Spans] = [:]
  }

  /// Where the accounts come from that administer.
  private struct Sources {
    /// Small groups are read as a whole where many accounts are asked for: account → its spans there, already cut to the reach.
    var loaded: [PublicKey: Spans] = [:]
    var single: [EventID] = []
  }

  /// Reads nothing until it is asked.
  init(_ roles: Roles) { self.roles = roles }

  /// When the accounts of each group administer the judged one.
  func reach(reading state: borrowing some StateReader & ~Copyable) throws -> Reach {
    let reach = try lazyReach ?? Self.reach(roles, reading: state)
    lazyReach = reach
    return reach
  }

  private func sources(reading state: borrowing some StateReader & ~Copyable) throws -> Sources {
    if let lazySources { return lazySources }
    let reach = try reach(reading: state).direct
    looks += reach.count
    guard reach.count > 4, looks > Self.maxLooks else { return Sources(single: reach.keys.sorted()) }
    var sources = Sources()
    for (group, reached) in reach.sorted(by: { $0.key < $1.key }) {
      guard let branch = try roles.branch(of: group, reading: state) else { continue }
      if branch.group.tipDepth <= 64 {
        try Self.load(group, branch, reached, into: &sources.loaded, reading: state)
      } else {
        sources.single.append(group)
      }
    }
    lazySources = sources
    return sources
  }

  /// When the direct accounts of which group administer the judged one: level by level, so that every path counts and cycles end.
  private static func reach(_ roles: Roles, reading state: borrowing some StateReader & ~Copyable) throws -> Reach {
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
        guard passed.count <= GroupLimits.visitedGroups else { continue }
        for segment in try roles.structureSegments(of: group, reading: state) {
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
    return Reach(direct: direct, passed: passed)
  }

  private static func load(
    _ group: EventID, _ branch: Branch, _ reached: Spans, into loaded: inout [PublicKey: Spans], reading state: borrowing some StateReader & ~Copyable
  ) throws {
    var current: PublicKey?
    var counter = SpanCounter()
    var cut: (since: UInt64, spans: Spans)?
    func close() {
      guard let account = current else { return }
      // Most came once, with many others, and stayed.
      if let since = counter.onlySince, since != cut?.since { cut = (since, counter.spans.intersection(reached)) }
      let spans = counter.onlySince == nil ? counter.spans.intersection(reached) : cut?.spans ?? Spans()
      if !spans.isEmpty { loaded[account] = loaded[account]?.union(spans) ?? spans }
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
    let reach = try reach(reading: state).direct
    let sources = try sources(reading: state)
    var spans = sources.loaded[account] ?? Spans()
    for group in sources.single {
      guard let reached = reach[group], let branch = try roles.branch(of: group, reading: state) else { continue }
      spans = spans.union(try state.directSpans(of: account, branch).intersection(reached))
    }
    known[account] = spans
    return spans
  }

  /// An administrator for every moment of the last 7 days.
  ///
  /// - Parameter count: how many are asked for together. Of many it is known at once who stood there throughout, and who did not at all.
  func isTenured(
    _ account: PublicKey, oneOf count: Int = 1, at time: UInt64, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Bool {
    guard time >= GroupTimes.tenure else { return false }
    if count > Self.few {
      let standing = try standing(at: time, reading: state)
      if standing.throughout.contains(account) { return true }
      if !standing.others.contains(account) { return false }
    }
    return try spans(of: account, reading: state).covers(time - GroupTimes.tenure, time)
  }

  /// May vote on what was proposed at that time: 10 days without a break; or at some moment of them, and 30 days in all.
  func isVoter(_ account: PublicKey, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    try spans(of: account, reading: state).makesVoter(at: time)
  }

  /// Who stood there in the voters' window before a time.
  final class Standing {
    let time: UInt64
    /// Accounts that surely administered throughout: those of groups that counted throughout, without a change of theirs in the window.
    let throughout: Set<PublicKey>
    /// The others that may have administered at some moment of it, which are more than those who did.
    let others: Set<PublicKey>

    init(time: UInt64, throughout: Set<PublicKey>, others: Set<PublicKey>) {
      self.time = time
      self.throughout = throughout
      self.others = others
    }
  }

  func standing(at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Standing {
    if let known = standings.first(where: { $0.time == time }) { return known }
    let start = time.saturatingSubtract(GroupTimes.voterWindow)
    var stood: [PublicKey] = []
    var others: Set<PublicKey> = []
    for (group, spans) in try reach(reading: state).direct where spans.touches(start, time) {
      guard let branch = try roles.branch(of: group, reading: state) else { continue }
      var removed: Set<EntryID> = []
      try walks[group, default: LineWalk(branch)].visit(from: time, to: start, reading: state) { change in
        removed.formUnion(change.removes)
        for member in change.adds { if let account = member.account { others.insert(account) } }
      }
      guard let first = try branch.node(at: start, reading: state) else { continue }
      let counts = spans.covers(start, time)
      let entries = try roles.cache.snapshot(at: first.id, reading: state).entries
      for entry in entries {
        guard let account = entry.member.account else { continue }
        if counts, removed.isEmpty || !removed.contains(entry.id) { stood.append(account) } else { others.insert(account) }
      }
    }
    var throughout = Set<PublicKey>(minimumCapacity: stood.count)
    for account in stood { throughout.insert(account) }
    if !others.isEmpty { others.subtract(throughout) }
    let standing = Standing(time: time, throughout: throughout, others: others)
    // That of a proposal, and that of what is judged: each may be as large as the group.
    standings = standings.suffix(1) + [standing]
    return standing
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

  /// When it came, if it came once and stayed.
  var onlySince: UInt64? { count > 0 && closed.isEmpty ? since : nil }

  var spans: Spans { Spans(count > 0 ? closed + [Spans.Span(start: since, end: .max)] : closed) }
}

/// What a group referred to for a while.
struct StructureSegment {
  var span: Spans.Span
  let structure: GroupStructure
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
  borrowing func structureSegments(_ branch: Branch) throws -> [StructureSegment] {
    var segments: [StructureSegment] = []
    for row in try structureRows(of: branch.group.id) where try branch.contains(row.node, row.createdAt, reading: self) {
      if !segments.isEmpty { segments[segments.count - 1].span.end = row.createdAt }
      segments.append(StructureSegment(span: Spans.Span(start: row.createdAt, end: .max), structure: row.structure))
    }
    return segments
  }
}
