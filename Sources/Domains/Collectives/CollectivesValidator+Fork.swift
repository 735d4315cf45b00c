// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// `forkPolicy: "nip01"` (4.5): of two branches of a chain the one whose newest update is later counts, as on relays that keep only that one.
extension CollectivesValidator {
  /// The update that a later sibling continues: one of the chain before its head. nil where the policy does not let the sibling win.
  func parentOfNewer(
    _ update: CollectiveUpdate, _ previous: EventID, _ head: UpdateRecord, _ setting: UpdateSetting,
    reading state: borrowing some StateReader & ~Copyable
  ) throws -> UpdateRecord? {
    // Later than the whole branch: a relay that has its newest update would not take an older one.
    guard options.forkPolicy == .nip01, update.createdAt > head.createdAt, let parent = try setting.lineage.update(previous, state),
      parent.pubkey == update.pubkey, parent.collective == head.collective, try parent.isInChain(state)
    else { return nil }
    return parent
  }

  /// What changes when another child of an earlier update becomes the head of its chain. The losers stay readable, since members may stand on them,
  /// and stay where they are: what has a greater number than the head is no part of the chain, however much it is.
  ///
  /// - Parameters:
  ///   - tip: the head until now.
  ///   - record: the new head.
  func rewind(_ tip: UpdateRecord, for record: UpdateRecord, reading state: borrowing some StateReader & ~Copyable) throws -> [StateChange] {
    var changes: [StateChange] = []
    if let previous = record.previous, let parent = try UpdateRecord.read(previous, state),
      var evidence = try equivocations(of: parent, reading: state)
    {
      evidence.replace(by: record.id)
      changes.append(evidence.change(tip.collective))
    }
    return changes
  }
}
