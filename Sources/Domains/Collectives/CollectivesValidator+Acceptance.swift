// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension CollectivesValidator {
  /// Everything that accepting an update writes, once its invariants hold.
  ///
  /// - Parameters:
  ///   - parent: the update of its chain that it continues; nil for a first one, which binds its slot.
  ///   - base: what the diff was against; nil for an ignition.
  ///   - opens: the collective that begins with it.
  ///   - outcome: what the diff consumed; nil where there was none.
  func accept(
    _ update: CollectiveUpdate, _ entry: Lineage.Entry, after parent: UpdateRecord?, base: HardState? = nil, in ignition: IgnitionRecord,
    opens: IgnitionRecord? = nil, _ outcome: MeritDiff.Outcome?, _ setting: UpdateSetting,
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
      effects.changes += changes(adopted.entry, isHead: true)
      effects.changes += try bind(adopted.entry.record, adopted.ignition, reading: state)
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
    var entry = entry
    if let used = outcome?.used, !used.isEmpty {
      let (root, changes) = try UsedProofs.adding(used, to: parent?.used, by: update.id, state)
      entry.record.used = root
      effects.changes += changes
    }
    // What begins a collective has no rival in it; a head that was adopted in its place is swept away.
    let place = opens == nil ? try place(entry.record, after: parent, setting.lineage, reading: state) : (isHead: true, changes: [])
    effects.changes += place.changes + changes(entry, isHead: place.isHead)
    if parent == nil { effects.changes += try bind(entry.record, ignition, reading: state) }
    if let outcome { try writeDust(outcome, entry.record, &effects, reading: state) }
    for (pubkey, profile) in setting.proofs.profiles.sorted(by: { $0.key < $1.key }) {
      if let known = try Profile.read(pubkey, state), !profile.isNewer(than: known) { continue }
      effects.changes.append(profile.change(pubkey))
    }
    effects.provides.append(.collectiveEvent(update.id))
    if setting.circumstances.isLive { effects.followUps += try CollectivesFollowUp(options.followUps).label(update.event, ignition.id) }
    return .accepted(effects)
  }

  /// What a new collective brings: those that named it and waited, and that all its updates' `proof_id` tags are written down.
  private func open(_ ignition: IgnitionRecord, _ effects: inout Effects) {
    effects.provides.append(.collective(ignition.creator, ignition.name))
    effects.changes.append(NamedProofs.begin(ignition.id))
    effects.yieldsWhenFull = true
  }

  private func changes(_ entry: Lineage.Entry, isHead: Bool) -> [StateChange] {
    let record = entry.record
    var changes: [StateChange] = [
      .put(CollectivesState.updates, key: record.id.bytes, value: record.encoded),
      .put(CollectivesState.states, key: record.id.bytes, value: entry.state.encoded),
      .put(CollectivesState.chains, key: CollectivesState.placeKey(record), value: []),
    ]
    if isHead {
      changes.append(.put(CollectivesState.heads, key: CollectivesState.chainKey(record.collective, record.pubkey), value: record.id.bytes))
    }
    return changes
  }

  private func bind(
    _ record: UpdateRecord, _ ignition: IgnitionRecord, reading state: borrowing some StateReader & ~Copyable
  ) throws -> [StateChange] {
    let slot = SlotRecord(collective: ignition.id, isCreator: record.pubkey == ignition.creator)
    return try slot.isBound(record.pubkey, ignition.name, state) ? [] : [slot.change(record.pubkey, ignition.name)]
  }

  /// Thousandths of a satoshi that were dropped.
  private func writeDust(
    _ outcome: MeritDiff.Outcome, _ record: UpdateRecord, _ effects: inout Effects, reading state: borrowing some StateReader & ~Copyable
  ) throws {
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
