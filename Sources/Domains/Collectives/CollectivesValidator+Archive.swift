// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// How a collective that was adopted from a head loses its flag (4.5): its history comes in from an archive, and holds.
extension CollectivesValidator {
  /// An update from sync that is older than what was adopted: kept, and with the last of them everything is judged from the ignition on.
  ///
  /// Nothing is checked of it before: should the history not hold, the collective stays as it is, with its flag.
  func decideArchived(
    _ update: CollectiveUpdate, in ignition: IgnitionRecord, _ setting: UpdateSetting, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    setting.trace?.enter("archive")
    var archive = try ArchivedHistory(ignition, reading: state)
    guard archive.previous.count < ArchivedHistory.maxUpdates else { throw CollectivesRejection.notAfterPrevious }
    var effects = Effects(note: CollectivesNote(.update, ignition.id, update.pubkey).bytes)
    effects.changes.append(archive.add(update))
    effects.changes += NamedProofs.changes(update)
    guard try archive.isWhole(reading: state) else { return .accepted(effects) }
    setting.trace?.enter("history")
    guard let changes = try judgeHistory(archive, update, reading: state) else {
      effects.changes.append(archive.refusal)
      return .accepted(effects)
    }
    effects.changes = changes + archive.removal + NamedProofs.changes(update)
    effects.provides = archive.previous.keys.sorted().map { .collectiveEvent($0) }
    return .accepted(effects)
  }

  /// So often the updates of a history are gone through: each of them may prove something for an older one, but not in a long row.
  private static let maxRounds = 4

  /// Judges the archived updates and those of all chains, in the order of their times: what an update points at is older than itself.
  ///
  /// - Returns: what the state says then; nil when one of the updates that were accepted does not hold, or they are too many.
  private func judgeHistory(
    _ archive: ArchivedHistory, _ last: CollectiveUpdate, reading state: borrowing some StateReader & ~Copyable
  ) throws -> [StateChange]? {
    var ids = Set(archive.previous.keys)
    try UpdateRecord.scanChains(prefix: archive.ignition.id.bytes, state) { record in
      ids.insert(record.id)
      return ids.count <= 2 * ArchivedHistory.maxUpdates
    }
    guard ids.count <= 2 * ArchivedHistory.maxUpdates else { return nil }
    var heads: [[UInt8]: [UInt8]] = [:]
    try state.scan(CollectivesState.heads, prefix: archive.ignition.id.bytes) { key, id in
      heads[key] = id
      return true
    }
    let remembered = RememberedState()
    guard var waiting = try updates(ids, last, remembered, reading: state) else { return nil }
    var options = options
    options.checkpoint = false
    let validator = CollectivesValidator(options: options)
    // Mostly once; a proof may be younger than what it proves.
    for _ in 0..<Self.maxRounds {
      let count = waiting.count
      var refused: [CollectiveUpdate] = []
      for update in waiting {
        let circumstances = Circumstances(receivedAt: update.createdAt, source: .sync, isRejudged: true)
        do {
          if case .accepted(let effects) = try validator.decide(update, in: circumstances, reading: remembered, trace: nil) {
            remembered.apply(effects.changes)
            continue
          }
        } catch is Rejection {
        } catch is Parked {}
        refused.append(update)
      }
      waiting = refused
      if waiting.isEmpty || waiting.count == count { break }
    }
    guard try heads.allSatisfy({ try remembered.value(CollectivesState.heads, $0.key) == $0.value }) else { return nil }
    // Not what is only shown, and was written when the events came.
    let tables = [
      CollectivesState.ignitions, CollectivesState.slots, CollectivesState.heads, CollectivesState.updates, CollectivesState.chains,
      CollectivesState.states, CollectivesState.usedNodes, CollectivesState.dust,
    ]
    // Adopted updates were numbered as they came.
    var changes: [StateChange] = []
    try state.scan(CollectivesState.chains, prefix: archive.ignition.id.bytes) { key, _ in
      changes.append(.delete(CollectivesState.chains, key: key))
      return true
    }
    return changes
      + tables.flatMap { table in
        (remembered.tables[table] ?? [:]).sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { .put(table, key: $0.key, value: $0.value) }
      }
  }

  /// All of them, by their times; nil when they are more than is judged at once.
  private func updates(
    _ ids: Set<EventID>, _ last: CollectiveUpdate, _ remembered: RememberedState, reading state: borrowing some StateReader & ~Copyable
  ) throws -> [CollectiveUpdate]? {
    let verifier: EventVerifier
    do { verifier = try EventVerifier(cachedKeys: 64) } catch { throw Fault(answer: "could not judge", detail: "\(error)") }
    var updates = [last]
    var bytes = last.event.raw.count
    for id in ids where id != last.id {
      guard let raw = try state.raw(id) else { throw Fault.corrupt(CollectivesState.updates, "an update without its event") }
      bytes += raw.count
      guard bytes <= ArchivedHistory.maxBytes else { return nil }
      guard let event = try? Event(parsing: raw), let verified = try? verifier.verify(event) else {
        throw Fault.corrupt(CollectivesState.updates, "an update without its event")
      }
      do { updates.append(try CollectiveUpdate(parsing: verified, options: options, trace: nil)) } catch is Rejection { continue }
    }
    for id in updates.flatMap(\.proofs.references) where remembered.raws[id] == nil {
      guard let raw = try state.raw(id) else { continue }
      bytes += raw.count
      guard bytes <= ArchivedHistory.maxBytes else { return nil }
      remembered.raws[id] = raw
    }
    return updates.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
  }

  /// What was adopted in the name of another creator goes when the true ignition comes.
  func sweep(_ adopted: IgnitionRecord, reading state: borrowing some StateReader & ~Copyable) throws -> [StateChange] {
    var changes: [StateChange] = []
    var pubkeys: Set<PublicKey> = []
    try state.scan(CollectivesState.chains, prefix: adopted.id.bytes) { key, id in
      var reader = RecordReader(key, of: CollectivesState.chains)
      _ = try reader.eventID()
      pubkeys.insert(try reader.publicKey())
      _ = try reader.uint64()
      let id = reader.isAtEnd ? id : try reader.eventID().bytes
      changes += [
        .delete(CollectivesState.chains, key: key), .delete(CollectivesState.updates, key: id), .delete(CollectivesState.states, key: id),
      ]
      try state.scan(CollectivesState.usedNodes, prefix: id) { key, _ in
        changes.append(.delete(CollectivesState.usedNodes, key: key))
        return true
      }
      return true
    }
    for pubkey in pubkeys.sorted() {
      changes.append(.delete(CollectivesState.heads, key: CollectivesState.chainKey(adopted.id, pubkey)))
      let slot = SlotRecord(collective: adopted.id, isCreator: pubkey == adopted.creator)
      changes += try slot.removal(pubkey, adopted.name, state)
    }
    for table in [CollectivesState.used, CollectivesState.dust, CollectivesState.archives, CollectivesState.equivocations] {
      try state.scan(table, prefix: adopted.id.bytes) { key, _ in
        changes.append(.delete(table, key: key))
        return true
      }
    }
    return changes
  }
}
