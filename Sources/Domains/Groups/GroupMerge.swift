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
  private var present: Set<Member>?

  init(_ snapshot: GroupSnapshot, depth: UInt32) {
    self.snapshot = snapshot
    self.depth = depth
  }

  /// The key under which an entry counts as present: a group whatever its flag.
  private static func key(_ member: Member) -> Member {
    if case .group(let id, _) = member { .group(id, isBlock: false) } else { member }
  }

  mutating func apply(_ wanted: ResolvedChange) {
    for id in wanted.removes {
      guard let index = snapshot.index(of: id) else { continue }
      let entry = snapshot.entries.remove(at: index)
      removed.append(entry.member)
      change.removes.append(id)
      present = nil
    }
    let isFew = wanted.adds.count <= 8
    for member in wanted.adds where !contains(member, isFew: isFew) {
      let id = EntryID(depth: depth, ordinal: change.adds.count)
      snapshot.entries.append(Entry(id: id, member: member))
      change.adds.append(member)
      present?.insert(Self.key(member))
    }
    if let setting = wanted.admin, setting.value != snapshot.admin {
      snapshot.admin = setting.value
      change.admin = setting
    }
    for item in wanted.meta where snapshot.meta.first(where: { $0.key == item.key })?.value != item.value {
      snapshot.setMeta(item)
      change.meta.append(item)
    }
    if let setting = wanted.attesters, setting.value != snapshot.attesters {
      snapshot.attesters = setting.value
      change.attesters = setting
    }
  }

  private mutating func contains(_ member: Member, isFew: Bool) -> Bool {
    // A few looks are cheaper than an index; many are not.
    if present == nil, isFew || snapshot.entries.count < 64 { return snapshot.entries.contains { $0.member.isSame(as: member) } }
    let keys = present ?? Set(snapshot.entries.map { Self.key($0.member) })
    present = keys
    return keys.contains(Self.key(member))
  }
}
