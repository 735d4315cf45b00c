// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Who may have counted in other groups at a time, whatever of them had arrived: every addition and every reference up to then is believed, on any
/// branch, and no removal is. Who really counted is always among them, so it can be asked when an event is judged again (law 5).
///
/// Not Sendable: it belongs to one judgement.
final class PossibleMembers {
  private struct Question: Hashable {
    let groups: [EventID]
    let time: UInt64
  }

  private var closures: [Question: Set<EventID>] = [:]

  /// - Returns: whether an account may count in one of the groups, or in any that these refer to.
  func contains(
    _ account: PublicKey, in groups: [EventID], until time: UInt64, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Bool {
    if groups.isEmpty { return false }
    let reached = try closure(of: groups, until: time, reading: state)
    if reached.count > GroupLimits.visitedGroups { return true }
    for group in reached where try isNamed(account, in: group, until: time, reading: state) { return true }
    return false
  }

  private func isNamed(
    _ account: PublicKey, in group: EventID, until time: UInt64, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Bool {
    var found = false
    try state.scan(GroupsState.accounts, prefix: GroupsState.accountPrefix(group, account)) { key, value in
      let row = try AccountRow(key, value)
      found = row.difference > 0 && row.createdAt <= time
      return !found
    }
    return found
  }

  private func closure(of groups: [EventID], until time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Set<EventID> {
    let question = Question(groups: groups, time: time)
    if let known = closures[question] { return known }
    var reached = Set(groups)
    var open = Array(reached)
    while let next = open.popLast(), reached.count <= GroupLimits.visitedGroups {
      for row in try state.structureRows(of: next) where row.createdAt <= time {
        for reference in row.structure.references where reached.insert(reference).inserted { open.append(reference) }
      }
    }
    closures[question] = reached
    return reached
  }
}

extension StateReader where Self: ~Copyable {
  /// What a group referred to from when on, on any branch.
  borrowing func structureRows(of group: EventID) throws -> [(createdAt: UInt64, structure: GroupStructure, node: EventID)] {
    var rows: [(createdAt: UInt64, structure: GroupStructure, node: EventID)] = []
    try scan(GroupsState.structures, prefix: group.bytes) { key, value in
      var keys = RecordReader(Array(key.dropFirst(36)), of: GroupsState.structures)
      let node = try keys.eventID()
      let (createdAt, structure) = try GroupStructure.decoding(value)
      rows.append((createdAt, structure, node))
      return true
    }
    return rows
  }
}
