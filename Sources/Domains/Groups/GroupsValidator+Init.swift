// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension GroupsValidator {
  /// GI3, GI5, GI8 and GI9; the others are context-free (`InitContent`).
  func decide(_ content: InitContent, _ judgement: GroupJudgement, reading state: borrowing some StateReader & ~Copyable) throws -> Verdict {
    let event = judgement.event
    judgement.enter("GI3")
    try judgement.checkReferences(content.members, nil, besides: nil, reading: state)
    judgement.enter("GI5")
    try judgement.checkReferences([], content.admin, besides: nil, reading: state)

    let node = NodeRecord(
      id: event.id, group: event.id, parent: nil, jump: nil, author: event.pubkey, createdAt: event.createdAt,
      receivedAt: judgement.circumstances.receivedAt,
      depth: 0, isLate: false, isProven: judgement.circumstances.isLive, change: content.change)
    var snapshot = GroupSnapshot()
    snapshot.apply(node.change, depth: 0)
    let roles = Roles(Branch(canonical: try judgement.followed(GroupRecord(node), reading: state)), options, judgement.cache)
    judgement.enter("GI8")
    guard try judgement.hasAdministrators(snapshot, roles, reading: state) else { throw GroupsRejection.noAdministrators }
    judgement.enter("GI9")
    if judgement.asksLimits {
      try checkLimits(snapshot, try roles.electorate(of: snapshot, at: event.createdAt, reading: state), reading: state)
    }

    return .accepted(
      Effects(
        changes: NodeEffects(node, before: GroupSnapshot(), after: snapshot).opening,
        followUps: try GroupsFollowUp(options).attestation(of: event, in: event.id, listed: snapshot.attesters, judgement.circumstances),
        note: GroupsNote.initGroup.bytes, provides: [Dependency(.groups, event.id.bytes)], yieldsWhenFull: true))
  }

  /// GI9 and GM9: how deep a group reaches, and how much it holds.
  /// - Parameter hasNewReferences: depth is checked on the event that refers alone.
  func checkLimits(
    _ snapshot: GroupSnapshot, _ electorate: Electorate, hasNewReferences: Bool = true, reading state: borrowing some StateReader & ~Copyable
  ) throws {
    if hasNewReferences {
      let structure = snapshot.structure
      guard try Nesting(options).depth(above: structure.references, reading: state) <= options.maxDepth else { throw GroupsRejection.tooDeep }
    }
    guard electorate.count <= options.maxElectorate, snapshot.entries.count <= GroupLimits.entries else { throw GroupsRejection.tooManyPeople }
  }
}
