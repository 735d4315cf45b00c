// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Everything that is written for a new node: itself, its indexes, and where the canonical chain goes now.
struct NodeEffects {
  private let node: NodeRecord
  private let before: GroupSnapshot
  private let after: GroupSnapshot

  /// - Parameter before: the parent's state; empty for an init.
  init(_ node: NodeRecord, before: GroupSnapshot, after: GroupSnapshot) {
    self.node = node
    self.before = before
    self.after = after
  }

  /// A new group.
  var opening: [StateChange] { records + [GroupRecord(node).change] }

  /// A modification.
  ///
  /// - Parameters:
  ///   - group: as it is stored.
  ///   - contested: the node's, if it is contested.
  func extending(
    _ group: GroupRecord, parent: NodeRecord, implementing proposals: [EventID], _ contested: ContestedRecord?,
    reading state: borrowing some StateReader & ~Copyable
  ) throws -> [StateChange] {
    var changes = records
    changes.append(.put(GroupsState.children, key: GroupsState.childKey(parent.id, node.id), value: GroupsState.mark))
    var createdAt = RecordWriter(capacity: 8)
    createdAt.put(node.createdAt)
    for proposal in proposals { changes.append(.put(GroupsState.done, key: GroupsState.key(proposal, node.id), value: createdAt.bytes)) }
    var course = Course(group, because: node.id, at: node.receivedAt)
    try course.place(node, on: parent, contested, reading: state)
    return changes + course.changes
  }

  private var records: [StateChange] {
    var changes: [StateChange] = [.put(GroupsState.nodes, key: node.id.bytes, value: node.encoded)]
    if GroupsState.mayKeepState(depth: node.depth, node.change) {
      let encoded = after.encoded()
      if node.depth % GroupsState.snapshotDistance == 0 || encoded.count <= GroupsState.snapshotItemsMaxBytes {
        changes.append(.put(GroupsState.states, key: node.id.bytes, value: encoded))
      }
    }
    // Without references before and after, the structure is the same; looking is cheaper than comparing.
    let touchesReferences =
      node.parent == nil || !node.change.references.isEmpty || node.change.admin != nil
      || node.change.removes.contains { id in before.index(of: id).map { before.entries[$0].member.account == nil } ?? false }
    if touchesReferences {
      let structure = after.structure
      if node.parent == nil || structure != before.structure {
        let key = GroupsState.depthKey(node.group, node.depth, node.id)
        changes.append(.put(GroupsState.structures, key: key, value: structure.encoded(createdAt: node.createdAt)))
      }
    }
    for (account, difference) in differences.sorted(by: { $0.key < $1.key }) where difference != 0 {
      let key = GroupsState.accountKey(node.group, account, node.depth, node.id)
      changes.append(.put(GroupsState.accounts, key: key, value: AccountRow.value(createdAt: node.createdAt, difference: difference)))
    }
    return changes
  }

  private var differences: [PublicKey: Int] {
    var differences: [PublicKey: Int] = [:]
    for member in node.change.adds { if let account = member.account { differences[account, default: 0] += 1 } }
    for id in node.change.removes {
      if let index = before.index(of: id), let account = before.entries[index].member.account { differences[account, default: 0] -= 1 }
    }
    return differences
  }
}
