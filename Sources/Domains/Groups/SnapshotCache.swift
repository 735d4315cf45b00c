// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The states of nodes that were asked lately, and what proposals limit in them. A node's id commits to everything before it, so its state never
/// changes, and what is kept here is never wrong: without it every state would be folded again from the last one that is stored.
///
/// Little is kept from judgement to judgement: whoever alternates between many groups asks for what is not there anyhow, so no event may depend on it.
/// One judgement asks for the same few states again and again, however large they are: `forOneJudgement` has room for them, which is given back with it.
final class SnapshotCache: Sendable {
  /// All that is kept, whatever was asked: a thousand small groups.
  static let maxBytes = 1 << 20
  /// What one judgement may hold besides: a few of the largest groups.
  static let maxBytesOfJudgement = 8 << 20

  private let kept: BoundedCache<EventID, GroupSnapshot>
  private let surveys: BoundedCache<SurveyKey, LimitingSurvey>
  /// What outlasts this one.
  private let lasting: SnapshotCache?

  private struct SurveyKey: Hashable {
    let proposal: EventID
    let covering: EventID
    let mark: UInt64
  }

  /// - Parameter maxBytes: of what is kept, all of it.
  convenience init(maxBytes: Int = SnapshotCache.maxBytes) { self.init(maxBytes: maxBytes, over: nil) }

  private init(maxBytes: Int, over lasting: SnapshotCache?) {
    let bytesOfSurveys = maxBytes / 8 * 3
    kept = BoundedCache(maxBytes: maxBytes - bytesOfSurveys)
    surveys = BoundedCache(maxBytes: bytesOfSurveys)
    self.lasting = lasting
  }

  /// One that holds whatever a judgement asks, and hands what is small enough on to this one.
  var forOneJudgement: SnapshotCache { SnapshotCache(maxBytes: Self.maxBytesOfJudgement, over: self) }

  /// How many bytes are kept.
  var bytes: Int { kept.bytes + surveys.bytes }

  /// The state at a node that was accepted. Throws faults.
  func snapshot(at id: EventID, reading state: borrowing some StateReader & ~Copyable) throws -> GroupSnapshot {
    var nodes: [NodeStep] = []
    var position = id
    var snapshot = GroupSnapshot()
    while true {
      if let known = known(position) {
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

  private func known(_ id: EventID) -> GroupSnapshot? {
    if let known = kept.value(id) { return known }
    guard let known = lasting?.known(id) else { return nil }
    // It may be dropped there before this judgement has ended.
    kept.keep(known, bytes: known.heapBytes, for: id)
    return known
  }

  private func keep(_ snapshot: GroupSnapshot, of id: EventID) {
    kept.keep(snapshot, bytes: snapshot.heapBytes, for: id)
    lasting?.keep(snapshot, of: id)
  }

  /// What a proposal limits on the line of `roles`, where a node covers its time, while other groups stand as a mark says.
  func survey(
    of proposal: ProposalRecord, on parent: NodeLink, coveredBy covering: EventID, _ mark: UInt64?, _ roles: Roles, _ tenure: Tenure,
    reading state: borrowing some StateReader & ~Copyable
  ) throws -> LimitingSurvey {
    let key = mark.map { SurveyKey(proposal: proposal.id, covering: covering, mark: $0) }
    if let key, let known = surveys.value(key) ?? lasting?.surveys.value(key) { return known }
    let survey = try LimitingSurvey(proposal, on: parent, coveredBy: covering, mark, roles, tenure, reading: state)
    // Without a mark nothing says how other groups stood.
    if let key {
      surveys.keep(survey, bytes: survey.heapBytes, for: key)
      lasting?.surveys.keep(survey, bytes: survey.heapBytes, for: key)
    }
    return survey
  }
}
