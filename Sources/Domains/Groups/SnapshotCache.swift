// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The states of nodes that were asked lately, and what proposals limit in them. A node's id commits to everything before it, so its state never
/// changes, and what is kept here is never wrong: without it every state would be folded again from the last one that is stored.
final class SnapshotCache: Sendable {
  /// All that is kept, whatever was asked.
  static let maxBytes = 8 << 20
  /// Room for a few of the largest groups, or for thousands of small ones.
  private let kept = BoundedCache<EventID, GroupSnapshot>(maxBytes: maxBytes / 8 * 7)
  private let surveys = BoundedCache<SurveyKey, LimitingSurvey>(maxBytes: maxBytes / 8)

  private struct SurveyKey: Hashable {
    let proposal: EventID
    let covering: EventID
  }

  /// How many bytes are kept.
  var bytes: Int { kept.bytes + surveys.bytes }

  /// The state at a node that was accepted. Throws faults.
  func snapshot(at id: EventID, reading state: borrowing some StateReader & ~Copyable) throws -> GroupSnapshot {
    var nodes: [NodeStep] = []
    var position = id
    var snapshot = GroupSnapshot()
    while true {
      if let known = kept.value(position) {
        if nodes.isEmpty { return known }
        snapshot = known
        break
      }
      let node = try state.step(position)
      if GroupsState.mayKeepState(depth: node.depth, node.change), let stored = try state.value(GroupsState.states, position.bytes) {
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

  private func keep(_ snapshot: GroupSnapshot, of id: EventID) { kept.keep(snapshot, bytes: snapshot.heapBytes, for: id) }

  /// What a proposal limits on the line of `roles`, where a node covers its time.
  func survey(
    of proposal: ProposalRecord, on parent: NodeLink, coveredBy covering: EventID, _ roles: Roles, _ tenure: Tenure,
    reading state: borrowing some StateReader & ~Copyable
  ) throws -> LimitingSurvey {
    let key = SurveyKey(proposal: proposal.id, covering: covering)
    if let known = surveys.value(key) { return known }
    let survey = try LimitingSurvey(proposal, on: parent, coveredBy: covering, roles, tenure, reading: state)
    // How other groups stand may still change.
    let isOwn = try state.structureRows(of: proposal.group).allSatisfy { $0.structure.isFlat }
    if isOwn { surveys.keep(survey, bytes: survey.heapBytes, for: key) }
    return survey
  }
}
