// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// How sure an answer about a group is. Source: groups, 6.12 and 6.14.
public enum GroupStatus: Int, Comparable, Sendable {
  case provisional, confirmed, final

  public static func < (left: GroupStatus, right: GroupStatus) -> Bool { left.rawValue < right.rawValue }

  public var name: String {
    switch self {
    case .provisional: "provisional"
    case .confirmed: "confirmed"
    case .final: "final"
    }
  }
}

/// Was somebody a member, an administrator, a voter of a group at a time? Source: groups, 6.14.
public struct HistoricalQuery: Sendable {
  /// Which nodes are believed.
  public enum Mode: String, Sendable, CaseIterable {
    /// The canonical chain, as it is claimed.
    case claimed
    /// Only nodes that are confirmed.
    case confirmed
    /// For authorisation: an addition counts from its confirmation, a removal at once.
    case conservative
  }

  public struct Answer: Sendable, Equatable {
    public let isMember: Bool
    /// In the group's own members.
    public let isDirect: Bool
    public let isAdministrator: Bool
    public let isVoter: Bool
    /// The groups from the one asked to the one that names the account; empty when it is no member.
    public let via: [EventID]
    /// The worst of the nodes used.
    public let status: GroupStatus
    /// The covering node; nil before the group's init.
    public let node: EventID?
    /// The tip that it was computed from.
    public let tip: EventID
    /// From when on the nodes left out say something that is not confirmed.
    public let disputedSince: UInt64?
  }

  private let options: GroupsOptions
  private let cache = SnapshotCache()

  public init(_ options: GroupsOptions) { self.options = options }

  /// - Parameters:
  ///   - time: Unix seconds.
  ///   - now: Unix seconds, for what is final.
  /// - Returns: nil for an unknown group. Throws faults.
  public func answer(
    _ account: PublicKey, in groupID: EventID, at time: UInt64, _ mode: Mode, now: UInt64, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Answer? {
    guard let group = try state.group(groupID, followedAt: now) else { return nil }
    var time = time
    var disputedSince: UInt64?
    let canonical = Branch(canonical: group)
    if mode == .confirmed, let (last, next) = try confirmedUpTo(canonical, time, reading: state) {
      disputedSince = next
      guard let last else { return nothing(group, node: nil, disputedSince) }
      // Answers as of the last confirmed node; a moment later than its own would be covered by one that is not.
      if let next { time = max(last.createdAt, min(time, next - 1)) }
    }
    guard let node = try canonical.node(at: time, reading: state) else { return nothing(group, node: nil, disputedSince) }
    let roles = Roles(canonical, options, cache)
    let tenure = Tenure(roles)
    var path = try Membership(roles).path(to: account, at: time, reading: state) ?? []
    var isAdministrator = try tenure.spans(of: account, reading: state).contains(time)
    if mode == .conservative {
      if !path.isEmpty, try !isProven(account, along: path, at: time, roles, reading: state) { path = [] }
      if isAdministrator, try !isProvenAdministrator(account, at: time, node, group, roles, reading: state) { isAdministrator = false }
    }
    var status = try Self.status(of: node, group, now: now, cache, reading: state)
    for nested in path.dropFirst() {
      guard let other = try state.group(nested, followedAt: now), let covering = try Branch(canonical: other).node(at: time, reading: state) else {
        continue
      }
      status = min(status, try Self.status(of: covering, other, now: now, cache, reading: state))
    }
    return Answer(
      isMember: !path.isEmpty, isDirect: path.count == 1, isAdministrator: isAdministrator,
      isVoter: try tenure.isVoter(account, at: time, reading: state), via: path, status: status, node: node.id, tip: group.tip,
      disputedSince: disputedSince)
  }

  private func nothing(_ group: GroupRecord, node: EventID?, _ disputedSince: UInt64?) -> Answer {
    Answer(
      isMember: false, isDirect: false, isAdministrator: false, isVoter: false, via: [], status: .provisional, node: node, tip: group.tip,
      disputedSince: disputedSince)
  }

  /// The last confirmed canonical node that covers a time or lies before it, and when the first unconfirmed one behind it begins, if that is before
  /// the time; nil when the group has no node by then. What is confirmed is a beginning of the chain: a child proves its parent.
  private func confirmedUpTo(
    _ branch: Branch, _ time: UInt64, reading state: borrowing some StateReader & ~Copyable
  ) throws -> (last: Branch.Point?, next: UInt64?)? {
    guard let covering = try branch.node(at: time, reading: state) else { return nil }
    let deepest = try state.deepestConfirmed(branch.group)
    guard let deepest else { return (nil, branch.group.createdAt) }
    if covering.depth <= deepest.depth { return (covering, nil) }
    let next = try state.canonicalChild(of: deepest, branch.group)?.createdAt
    return (deepest.point, next)
  }

  /// Whether the account's standing, and every link to it, was added by a node confirmed by then.
  private func isProven(
    _ account: PublicKey, along path: [EventID], at time: UInt64, _ roles: Roles, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Bool {
    for (index, id) in path.enumerated() {
      guard let branch = try roles.branch(of: id, reading: state) else { return false }
      let since: UInt64?
      if index == path.count - 1 {
        since = try state.directSpans(of: account, branch).list.first { $0.start <= time && time < $0.end }?.start
      } else {
        let next = path[index + 1]
        var start: UInt64?
        for segment in try state.structureSegments(branch) where segment.span.start <= time {
          let isNamed = segment.structure.nested.contains { $0.group == next }
          start = isNamed ? start ?? segment.span.start : nil
        }
        since = start
      }
      guard let since, try isConfirmed(nodeAt: since, branch, by: time, reading: state) else { return false }
    }
    return true
  }

  private func isProvenAdministrator(
    _ account: PublicKey, at time: UInt64, _ node: Branch.Point, _ group: GroupRecord, _ roles: Roles,
    reading state: borrowing some StateReader & ~Copyable
  ) throws -> Bool {
    guard
      let since = try Tenure(roles).spans(of: account, reading: state).list.first(where: { $0.start <= time && time < $0.end })?.start
    else { return false }
    return try isConfirmed(nodeAt: since, Branch(canonical: group), by: time, reading: state)
  }

  private func isConfirmed(nodeAt since: UInt64, _ branch: Branch, by time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws
    -> Bool
  {
    guard let point = try branch.node(at: since, reading: state),
      let effective = try ChainSplit(branch.group).effective(try state.existingNode(point.id), reading: state)
    else { return false }
    return effective <= time
  }

  static func status(
    of point: Branch.Point, _ group: GroupRecord, now: UInt64, _ cache: SnapshotCache, reading state: borrowing some StateReader & ~Copyable
  ) throws -> GroupStatus {
    guard let deepest = try state.deepestConfirmed(group), point.depth <= deepest.depth else { return .provisional }
    let node = try state.existingNode(point.id)
    return try ChainSplit(group).isFinal(node, at: now, cache, reading: state) ? .final : .confirmed
  }
}

extension StateReader where Self: ~Copyable {
  /// The deepest canonical node that has an adjusted timestamp: it and all before it are confirmed.
  borrowing func deepestConfirmed(_ group: GroupRecord) throws -> NodeRecord? {
    var deepest: NodeRecord?
    let end = group.id.bytes + [UInt8](repeating: 0xff, count: 36)
    try newest(GroupsState.confirmed, prefix: group.id.bytes, upTo: end) { key, _ in
      var keys = RecordReader(Array(key.dropFirst(36)), of: GroupsState.confirmed)
      let node = try existingNode(try keys.eventID())
      if try isCanonical(node.id, node.createdAt, group) { deepest = node }
      return deepest == nil
    }
    return deepest
  }
}
