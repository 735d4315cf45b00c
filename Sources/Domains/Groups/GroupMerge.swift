// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// Builds a modification's effect on its parent's state: its proposals in order, then its own content. Source: groups, 6.10.
///
/// Entries are removed by their lasting ids, so an entry that is gone already is skipped; what is there already is not added a second time.
struct GroupMerge {
  private(set) var snapshot: GroupSnapshot
  /// What really changed, to be kept with the node.
  private(set) var change = ResolvedChange()
  /// The members that went.
  private(set) var removed: [Member] = []
  private let depth: UInt32
  /// How often each member stands there.
  private var present: [Member: Int]?

  init(_ snapshot: GroupSnapshot, depth: UInt32) {
    self.snapshot = snapshot
    self.depth = depth
  }

  /// The key under which an entry counts as present: a group whatever its flag.
  private static func key(_ member: Member) -> Member {
    if case .group(let id, _) = member { .group(id, isBlock: false) } else { member }
  }

  mutating func apply(_ wanted: ResolvedChange) {
    remove(wanted.removes)
    add(wanted.adds)
    if let setting = wanted.admin, setting.value != snapshot.admin {
      snapshot.admin = setting.value
      change.admin = setting
    }
    // The keys of one change are distinct.
    let items = wanted.meta.filter { snapshot.metaValue(of: $0.key) != $0.value }
    snapshot.apply(meta: items)
    change.meta += items
    if let setting = wanted.attesters, setting.value != snapshot.attesters {
      snapshot.attesters = setting.value
      change.attesters = setting
    }
  }

  private mutating func remove(_ ids: [EntryID]) {
    let found = ids.compactMap { id in snapshot.index(of: id).map { (id: id, index: $0) } }
    guard !found.isEmpty else { return }
    for (id, index) in found {
      let member = snapshot.entries[index].member
      removed.append(member)
      change.removes.append(id)
      let key = Self.key(member)
      if let count = present?[key] { present?[key] = count > 1 ? count - 1 : nil }
    }
    if found.count == 1 {
      snapshot.entries.remove(at: found[0].index)
      return
    }
    // One pass, however many go.
    var isGone = [Bool](repeating: false, count: snapshot.entries.count)
    for (_, index) in found { isGone[index] = true }
    var index = 0
    snapshot.entries.removeAll { _ in
      defer { index += 1 }
      return isGone[index]
    }
  }

  private mutating func add(_ members: [Member]) {
    let isFew = members.count <= 8
    for member in members where !contains(member, isFew: isFew) {
      let id = EntryID(depth: depth, ordinal: change.adds.count)
      snapshot.entries.append(Entry(id: id, member: member))
      change.adds.append(member)
      present?[Self.key(member), default: 0] += 1
    }
  }

  private mutating func contains(_ member: Member, isFew: Bool) -> Bool {
    // A few looks are cheaper than an index; many are not.
    if present == nil, isFew || snapshot.entries.count < 64 { return snapshot.entries.contains { $0.member.isSame(as: member) } }
    let counts = present ?? snapshot.entries.reduce(into: [:]) { $0[Self.key($1.member), default: 0] += 1 }
    present = counts
    return counts[Self.key(member)] != nil
  }
}
