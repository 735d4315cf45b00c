// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension CollectivesValidator {
  private static let redeliverySeconds: UInt64 = 3600

  /// A stale previous pointer (R3): refused, with what the refusal leaves behind. The two children of one parent are kept as evidence, and the
  /// head is delivered again, since its author's relay seems not to have it (4.5).
  func refuseStale(
    _ update: CollectiveUpdate, parent: UpdateRecord, _ head: UpdateRecord, _ circumstances: Circumstances,
    reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    let rejection = CollectivesRejection.stalePrevious(head.id)
    var effects = Effects()
    if try parent.leads(to: head, state), let child = try UpdateRecord.ancestor(of: head, parent.number &+ 1, state) {
      var evidence = try EquivocationRecord.read(parent.collective, parent.id, parent.pubkey, accepted: child, state)
      if evidence.add(update.id) { effects.changes.append(evidence.change(parent.collective)) }
    }
    try redeliver(head, circumstances, &effects, reading: state)
    return effects.changes.isEmpty ? .rejected(rejection) : .rejectedLeaving(rejection, effects)
  }

  private func redeliver(
    _ head: UpdateRecord, _ circumstances: Circumstances, _ effects: inout Effects, reading state: borrowing some StateReader & ~Copyable
  ) throws {
    let key = CollectivesState.chainKey(head.collective, head.pubkey)
    if let bytes = try state.value(CollectivesState.redeliveries, key) {
      var reader = RecordReader(bytes, of: CollectivesState.redeliveries)
      let last = try reader.uint64()
      guard circumstances.receivedAt > last, circumstances.receivedAt - last >= Self.redeliverySeconds else { return }
    }
    guard let raw = try state.raw(head.id) else { return }
    var writer = RecordWriter(capacity: 8)
    writer.put(circumstances.receivedAt)
    effects.changes.append(.put(CollectivesState.redeliveries, key: key, value: writer.bytes))
    effects.followUps.append(CollectivesFollowUp.redelivery(of: head, raw: raw))
  }
}
