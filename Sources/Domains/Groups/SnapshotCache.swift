// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import Synchronization

/// The states of nodes that were asked lately. A node's id commits to everything before it, so its state never changes, and what is kept here is never
/// wrong: without it every state would be folded again from the last one that is stored.
final class SnapshotCache: Sendable {
  private struct Kept {
    var snapshots: [EventID: GroupSnapshot] = [:]
    /// Oldest first.
    var order: [EventID] = []
    var entries = 0
  }

  /// About 48 bytes each.
  private static let maxEntries = 250_000
  private static let maxSnapshots = 4096
  private let kept = Mutex(Kept())

  /// The state at a node that was accepted. Throws faults.
  func snapshot(at id: EventID, reading state: borrowing some StateReader & ~Copyable) throws -> GroupSnapshot {
    var nodes: [NodeStep] = []
    var position = id
    var snapshot = GroupSnapshot()
    while true {
      if let known = kept.withLock({ $0.snapshots[position] }) {
        if nodes.isEmpty { return known }
        snapshot = known
        break
      }
      let node = try state.step(position)
      if node.depth > 0, node.depth % GroupsState.snapshotDistance == 0, let stored = try state.value(GroupsState.states, position.bytes) {
        snapshot = try GroupSnapshot(decoding: stored)
        if nodes.isEmpty {
          keep(snapshot, of: id)
          return snapshot
        }
        break
      }
      nodes.append(node)
      guard let parent = node.parent else { break }
      position = parent
    }
    snapshot.apply(nodes.reversed().map { ($0.change, $0.depth) })
    keep(snapshot, of: id)
    return snapshot
  }

  private func keep(_ snapshot: GroupSnapshot, of id: EventID) {
    kept.withLock { kept in
      guard kept.snapshots.updateValue(snapshot, forKey: id) == nil else { return }
      kept.order.append(id)
      kept.entries += snapshot.entries.count
      guard kept.entries > Self.maxEntries || kept.order.count > Self.maxSnapshots else { return }
      // Half of them go at once, so that this is rare.
      let gone = kept.order.prefix(kept.order.count / 2)
      for id in gone { kept.entries -= kept.snapshots.removeValue(forKey: id)?.entries.count ?? 0 }
      kept.order.removeFirst(gone.count)
    }
  }
}
