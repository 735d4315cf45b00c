// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension GroupsValidator {
  static let labels: Set<NodeLabel.Name> = [.groupAccepted]

  /// A node's label `group-accepted`: kept whatever its source, also before what it names; nothing takes it back. Source: constellation, rule 7.
  ///
  /// Of several the earliest counts, so the order in which they come makes no difference.
  func decide(_ label: NodeLabel, _ judgement: GroupJudgement, reading state: borrowing some StateReader & ~Copyable) throws -> Verdict {
    judgement.enter("label")
    guard let target = label.event else { throw GroupsRejection.labelWithoutEvent }
    var known: UInt64?
    if let bytes = try state.value(GroupsState.labels, target.bytes) {
      var reader = RecordReader(bytes, of: GroupsState.labels)
      known = try reader.uint64()
    }
    var changes: [StateChange] = []
    if label.createdAt < known ?? .max {
      var writer = RecordWriter(capacity: 8)
      writer.put(label.createdAt)
      changes.append(.put(GroupsState.labels, key: target.bytes, value: writer.bytes))
    }
    if let note = try GroupsNote(try state.known(target)), let origin = try state.origin(of: target, note) {
      let end = origin.createdAt.saturatingAdd(GroupTimes.labelWindow)
      // Only the first one that is in time proves anything.
      if label.createdAt <= end, known ?? .max > end, let group = try state.group(origin.group) {
        var course = Course(group, because: judgement.event.id, at: judgement.circumstances.receivedAt)
        try course.prove(target, note, reading: state)
        changes += course.changes
      }
    }
    return .accepted(Effects(changes: changes, note: GroupsNote.label.bytes))
  }
}
