// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Who administered the judged group, as far as it can still be said when an accepted event is judged again (architecture, law 5).
///
/// The branch that the event stands on never changes, for a node commits to everything before it. How other groups stood depends on what of them had
/// arrived, and so does, where `goesOn`, what stood behind the branch's head. Hence two bounds, which hold in every order that keeps what was read
/// first: what *may* have been (all that was added is believed), and what *certainly* was (only what the branch itself grants).
///
/// Not Sendable: it belongs to one judgement.
final class Recollection {
  let branch: Branch
  /// The first judgement also looked at nodes behind the branch's head: for votes and proposals. What is certain cannot be asked then.
  private let goesOn: Bool
  let cache: SnapshotCache
  let others = PossibleMembers()
  private let segments: [StructureSegment]
  private var walk: LineWalk
  private var known: [PublicKey: Spans] = [:]

  init(_ branch: Branch, goesOn: Bool, _ cache: SnapshotCache, reading state: borrowing some StateReader & ~Copyable) throws {
    self.branch = branch
    self.goesOn = goesOn
    self.cache = cache
    walk = LineWalk(branch)
    var segments = try state.structureSegments(branch)
    if goesOn {
      // What is believed of the nodes behind the head: all of it, for good.
      for row in try state.structureRows(of: branch.group.id) where row.createdAt > branch.end {
        segments.append(StructureSegment(span: Spans.Span(start: row.createdAt, end: .max), structure: row.structure))
      }
    }
    self.segments = segments
  }

  // MARK: The group's own members

  /// When the group's own members administered.
  private var ownReach: Spans { Spans(segments.filter { $0.structure.admin == nil }.map(\.span)) }

  /// When an account administered as a member of the group itself: exactly, or, where the branch goes on, at most.
  private func direct(_ account: PublicKey, reading state: borrowing some StateReader & ~Copyable) throws -> Spans {
    if let spans = known[account] { return spans }
    let spans = try belonging(account, reading: state).intersection(ownReach)
    known[account] = spans
    return spans
  }

  /// When an account stood in the group's own members: exactly, or, where the branch goes on, at most.
  private func belonging(_ account: PublicKey, reading state: borrowing some StateReader & ~Copyable) throws -> Spans {
    var spans = try state.directSpans(of: account, branch)
    guard goesOn else { return spans }
    try state.scan(GroupsState.accounts, prefix: GroupsState.accountPrefix(branch.group.id, account)) { key, value in
      let row = try AccountRow(key, value)
      if row.difference > 0, row.createdAt > branch.end { spans = spans.union(Spans([Spans.Span(start: row.createdAt, end: .max)])) }
      return true
    }
    return spans
  }

  // MARK: What may have been

  /// Through another group, at some moment from `start` to `end`.
  private func mayCountElsewhere(
    _ account: PublicKey, from start: UInt64, to end: UInt64, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Bool {
    let references = segments.filter { $0.span.start <= end && start < $0.span.end }.flatMap { segment in
      segment.structure.admin.map { [$0] } ?? segment.structure.nested.map(\.group)
    }
    return try others.contains(account, in: Array(Set(references)).sorted(), until: end, reading: state)
  }

  func mayCountElsewhere(_ account: PublicKey, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    try mayCountElsewhere(account, from: time, to: time, reading: state)
  }

  func mayAdminister(_ account: PublicKey, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    try direct(account, reading: state).contains(time) || mayCountElsewhere(account, at: time, reading: state)
  }

  /// A member, whoever administers; or an administrator.
  func mayBelong(_ account: PublicKey, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    if try belonging(account, reading: state).contains(time) { return true }
    let references = Set(segments.filter { $0.span.start <= time && time < $0.span.end }.flatMap(\.structure.references))
    return try others.contains(account, in: references.sorted(), until: time, reading: state)
  }

  func mayBeTenured(_ account: PublicKey, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    guard time >= GroupTimes.tenure else { return false }
    let start = time - GroupTimes.tenure
    if try direct(account, reading: state).covers(start, time) { return true }
    return try mayCountElsewhere(account, from: start, to: time, reading: state) && mayAdminister(account, at: start, reading: state)
      && mayAdminister(account, at: time, reading: state)
  }

  func mayVote(_ account: PublicKey, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    guard time >= GroupTimes.voterWindow else { return false }
    let spans = try direct(account, reading: state)
    if spans.makesVoter(at: time) { return true }
    guard try mayCountElsewhere(account, from: 0, to: time, reading: state) else { return false }
    // Whoever votes began ten days ago at the latest.
    let start = time - GroupTimes.voterWindow
    return try spans.touches(0, start) || mayCountElsewhere(account, from: 0, to: start, reading: state)
  }

  /// A group that administers, or whose members do, has administrators from its beginning on.
  static func mayHaveAdministrators(_ snapshot: GroupSnapshot, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool
  {
    if snapshot.admin == nil, snapshot.entries.contains(where: { $0.member.account != nil }) { return true }
    for group in snapshot.admin.map({ [$0] }) ?? snapshot.structure.references {
      if let record = try state.group(group), record.createdAt <= time { return true }
    }
    return false
  }

  // MARK: What certainly was

  func isCertainlyTenured(_ account: PublicKey, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    guard !goesOn, time >= GroupTimes.tenure else { return false }
    return try direct(account, reading: state).covers(time - GroupTimes.tenure, time)
  }

  func isCertainlyVoter(_ account: PublicKey, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    guard !goesOn, time >= GroupTimes.voterWindow else { return false }
    return try direct(account, reading: state).makesVoter(at: time)
  }

  /// An account stood in the group's own members and administered by it.
  func stands(_ account: PublicKey, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    try direct(account, reading: state).contains(time)
  }

  /// Accounts that certainly voted at a time, each with its weight at least.
  func certainVoters(at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> [PublicKey: Int] {
    guard !goesOn, time >= GroupTimes.voterWindow else { return [:] }
    let start = time - GroupTimes.voterWindow
    var weights: [PublicKey: Int] = [:]
    var isThroughout: Set<PublicKey> = []
    if let first = try branch.node(at: start, reading: state) {
      var entries = try cache.snapshot(at: first.id, reading: state).entries
      var added: Set<PublicKey> = []
      var removed: Set<EntryID> = []
      try walk.visit(from: time, to: start, reading: state) { change in
        removed.formUnion(change.removes)
        added.formUnion(change.adds.compactMap(\.account))
      }
      for entry in entries { if let account = entry.member.account { weights[account] = 1 } }
      for account in added { weights[account] = 1 }
      if !removed.isEmpty { entries.removeAll { removed.contains($0.id) } }
      // Most members stay: no need to look at the history of each.
      if ownReach.covers(start, time) { isThroughout = Set(entries.compactMap(\.member.account)) }
    } else {
      return [:]
    }
    for account in weights.keys where try !isThroughout.contains(account) && !isCertainlyVoter(account, at: time, reading: state) {
      weights[account] = nil
    }
    guard ownReach.contains(time), let node = try branch.node(at: time, reading: state) else { return weights }
    var standing: [PublicKey: Int] = [:]
    for entry in try cache.snapshot(at: node.id, reading: state).entries {
      if let account = entry.member.account { standing[account, default: 0] += 1 }
    }
    return weights.merging(standing.filter { weights[$0.key] != nil }) { _, count in count }
  }
}
