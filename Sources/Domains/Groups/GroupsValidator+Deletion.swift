// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension GroupsValidator {
  /// A kind 5 that names events of a group's history, or some that may turn out to be: its `k` says so and they have not come.
  func ownsDeletion(_ event: Event, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    let isOurs = event.tags.all(named: "k").contains { tag in
      options.kinds.named.contains { tag[1]?.equals("\($0.kind)") ?? false }
    }
    var hasUnknown = false
    for tag in event.tags.all(named: "e").prefix(GroupsEvent.maxTargets) {
      guard let id = tag[1].flatMap({ EventID(hex: $0) }) else { continue }
      let known = try state.known(id)
      if known == nil { hasUnknown = true }
      if try isHistory(known) { return true }
    }
    return isOurs && hasUnknown
  }

  /// A deletion of a group's events is blocked, from every source: history cannot be deleted. One of events that have not come is remembered for ever:
  /// live they are refused then, from sync taken all the same. Source: constellation, rule 3.
  func decide(deletionOf targets: [EventID], _ judgement: GroupJudgement, reading state: borrowing some StateReader & ~Copyable) throws -> Verdict {
    judgement.enter("deletion")
    var changes: [StateChange] = []
    for target in targets {
      let known = try state.known(target)
      if try isHistory(known) { throw GroupsRejection.undeletable }
      guard known == nil else { continue }
      changes.append(.put(GroupsState.notes, key: GroupsState.deletedKey(target, by: judgement.event.pubkey), value: GroupsState.mark))
    }
    return .accepted(Effects(changes: changes, note: GroupsNote.deletion.bytes, yieldsWhenFull: true))
  }

  /// What a group's history is made of, labels included; not a deletion of ours.
  private func isHistory(_ known: KnownEvent?) throws -> Bool {
    guard let note = try GroupsNote(known) else { return false }
    return note != .deletion
  }

  /// Live, what its author had deleted before it came is refused.
  func checkDeleted(_ judgement: GroupJudgement, reading state: borrowing some StateReader & ~Copyable) throws {
    guard judgement.circumstances.isLive, judgement.asksLimits else { return }
    judgement.enter("deletion")
    let key = GroupsState.deletedKey(judgement.event.id, by: judgement.event.pubkey)
    if try state.contains(GroupsState.notes, key) { throw GroupsRejection.deletedByAuthor }
  }
}
