// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension CollectivesValidator {
  /// Everything that accepting an update writes, once its invariants hold.
  ///
  /// - Parameters:
  ///   - base: what the diff was against; nil for an ignition.
  ///   - isFirst: it binds its slot.
  ///   - opens: the collective that begins with it.
  ///   - tip: the head of its chain that it takes the place of; nil when it continues the head.
  ///   - outcome: what the diff consumed; nil where there was none.
  func accept(
    _ update: CollectiveUpdate, _ entry: Lineage.Entry, base: HardState? = nil, in ignition: IgnitionRecord, isFirst: Bool,
    opens: IgnitionRecord? = nil, insteadOf tip: UpdateRecord? = nil, _ outcome: MeritDiff.Outcome?, _ setting: UpdateSetting,
    reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    if !entry.record.isCheckpoint || base != nil {
      let genesis: UInt64 = opens != nil && outcome == nil ? entry.state.rows.first?.amount ?? 0 : 0
      try Invariants.check(
        base?.rows ?? [], entry.state.rows, approved: outcome?.approved ?? genesis, incoming: outcome?.incoming ?? 0, author: update.pubkey,
        outcome: outcome)
    }
    var effects = Effects(note: CollectivesNote(.update, ignition.id, update.pubkey).bytes)
    if let adopted = setting.lineage.adopted {
      effects.changes += changes(adopted.entry, name: adopted.ignition.name, isFirst: true, isCreator: true)
      effects.changes.append(adopted.ignition.change)
      effects.provides.append(.collectiveEvent(adopted.ignition.id))
      open(adopted.ignition, &effects)
    }
    if let opens {
      effects.changes.append(opens.change)
      // A collective that is adopted from its head has another id than the head.
      if opens.id != update.id { effects.provides.append(.collectiveEvent(opens.id)) }
      open(opens, &effects)
    }
    effects.changes += NamedProofs.changes(update)
    if let tip { effects.changes += try rewind(tip, for: entry.record, reading: state) }
    effects.changes += changes(entry, name: update.name, isFirst: isFirst, isCreator: update.pubkey == ignition.creator)
    if let outcome { try write(outcome, entry.record, &effects, reading: state) }
    for (pubkey, profile) in setting.proofs.profiles.sorted(by: { $0.key < $1.key }) {
      if let known = try Profile.read(pubkey, state), !profile.isNewer(than: known) { continue }
      effects.changes.append(profile.change(pubkey))
    }
    effects.provides.append(.collectiveEvent(update.id))
    effects.followUps += try CollectivesFollowUp(options.followUps).label(update.event, ignition.id)
    return .accepted(effects)
  }

  /// What a new collective brings: those that named it and waited, and that all its updates' `proof_id` tags are written down.
  private func open(_ ignition: IgnitionRecord, _ effects: inout Effects) {
    effects.provides.append(.collective(ignition.creator, ignition.name))
    effects.changes.append(NamedProofs.begin(ignition.id))
    effects.yieldsWhenFull = true
  }

  private func changes(_ entry: Lineage.Entry, name: Text, isFirst: Bool, isCreator: Bool) -> [StateChange] {
    let record = entry.record
    var changes: [StateChange] = [
      .put(CollectivesState.updates, key: record.id.bytes, value: record.encoded),
      .put(CollectivesState.states, key: record.id.bytes, value: entry.state.encoded),
      .put(CollectivesState.chains, key: CollectivesState.numberedKey(record.collective, record.pubkey, record.number), value: record.id.bytes),
      .put(CollectivesState.heads, key: CollectivesState.chainKey(record.collective, record.pubkey), value: record.id.bytes),
    ]
    if isFirst { changes.append(SlotRecord(collective: record.collective, isCreator: isCreator).change(record.pubkey, name)) }
    return changes
  }

  /// I6: what was consumed cannot be consumed again.
  private func write(
    _ outcome: MeritDiff.Outcome, _ record: UpdateRecord, _ effects: inout Effects, reading state: borrowing some StateReader & ~Copyable
  ) throws {
    for id in outcome.used { effects.changes.append(try ProofUses.change(adding: record, for: id, reading: state)) }
    guard outcome.dust > 0 else { return }
    let key = CollectivesState.chainKey(record.collective, record.pubkey)
    var dust: UInt64 = 0
    if let bytes = try state.value(CollectivesState.dust, key) {
      var reader = RecordReader(bytes, of: CollectivesState.dust)
      dust = try reader.uint64()
    }
    var writer = RecordWriter(capacity: 8)
    writer.put(dust.addingReportingOverflow(outcome.dust).partialValue)
    effects.changes.append(.put(CollectivesState.dust, key: key, value: writer.bytes))
  }
}
