// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// Builds a modification's effect on its parent's state: its proposals in order, then its own content. Source: groups, 6.10.
///
/// Entries are removed by their lasting ids, so an entry that is gone already is skipped; what is there already is not added a second time. Those that
/// go are only marked until somebody asks for the state: thirty proposals may each remove thousands.
struct GroupMerge {
  /// What really changed, to be kept with the node.
  private(set) var change = ResolvedChange()
  /// As it has become, but for entries that are still there though they are gone.
  private var working: GroupSnapshot
  /// By the place among the entries; empty as long as all of them stand.
  private var isGone: [Bool] = []
  private var goneCount = 0
  private let depth: UInt32
  /// How often each member stands there.
  private var present: [Member: Int]?

  init(_ snapshot: GroupSnapshot, depth: UInt32) {
    working = snapshot
    self.depth = depth
  }

  /// The state that it has become.
  var snapshot: GroupSnapshot {
    mutating get {
      settle()
      return working
    }
  }

  /// The same without the members, which costs nothing.
  var settings: GroupSnapshot {
    var settings = working
    settings.entries = []
    return settings
  }

  var entryCount: Int { working.entries.count - goneCount }

  /// Drops what is gone, in one pass.
  private mutating func settle() {
    guard goneCount > 0 else { return }
    var kept: [Entry] = []
    kept.reserveCapacity(entryCount)
    for (entry, isGone) in zip(working.entries, isGone) where !isGone { kept.append(entry) }
    working.entries = kept
    isGone = []
    goneCount = 0
  }

  /// The key under which an entry counts as present: a group whatever its flag.
  static func key(_ member: Member) -> Member {
    if case .group(let id, _) = member { .group(id, isBlock: false) } else { member }
  }

  mutating func apply(_ wanted: ResolvedChange) {
    remove(wanted.removes)
    add(wanted.adds)
    if let setting = wanted.admin, setting.value != working.admin {
      working.admin = setting.value
      change.admin = setting
    }
    // The keys of one change are distinct.
    let items = wanted.meta.filter { working.metaValue(of: $0.key) != $0.value }
    working.apply(meta: items)
    change.meta += items
    if let setting = wanted.attesters, setting.value != working.attesters {
      working.attesters = setting.value
      change.attesters = setting
    }
  }

  private mutating func remove(_ ids: [EntryID]) {
    if ids.isEmpty { return }
    if isGone.isEmpty { isGone = [Bool](repeating: false, count: working.entries.count) }
    var last: Int?
    for id in ids {
      guard let index = working.index(of: id, near: last) else { continue }
      last = index
      if isGone[index] { continue }
      isGone[index] = true
      goneCount += 1
      change.removes.append(id)
      guard present != nil else { continue }
      let key = Self.key(working.entries[index].member)
      if let count = present?[key] { present?[key] = count > 1 ? count - 1 : nil }
    }
  }

  private mutating func add(_ members: [Member]) {
    let isFew = members.count <= 8
    for member in members where !contains(member, isFew: isFew) {
      let id = EntryID(depth: depth, ordinal: change.adds.count)
      working.entries.append(Entry(id: id, member: member))
      if !isGone.isEmpty { isGone.append(false) }
      change.adds.append(member)
      present?[Self.key(member), default: 0] += 1
    }
  }

  private mutating func contains(_ member: Member, isFew: Bool) -> Bool {
    // A few looks are cheaper than an index; many are not.
    if present == nil, isFew || working.entries.count < 64 {
      return working.entries.indices.contains { working.entries[$0].member.isSame(as: member) && stands(at: $0) }
    }
    if present == nil {
      var counts: [Member: Int] = [:]
      counts.reserveCapacity(entryCount)
      for index in working.entries.indices where stands(at: index) { counts[Self.key(working.entries[index].member), default: 0] += 1 }
      present = counts
    }
    return present?[Self.key(member)] != nil
  }

  private func stands(at index: Int) -> Bool { isGone.isEmpty || !isGone[index] }
}
