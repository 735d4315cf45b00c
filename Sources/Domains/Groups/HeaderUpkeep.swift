// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Holds stored proofs against headers that have come since: outside of any judgement, by the worker. Source: groups, GA5.
struct HeaderUpkeep {
  private let options: GroupsOptions
  private let cache: SnapshotCache

  init(_ options: GroupsOptions, _ cache: SnapshotCache) {
    self.options = options
    self.cache = cache
  }

  /// What one pass changes: one proof that a known header can decide, and the canonical chain that follows; nil when there is none.
  func effects(reading state: borrowing some StateReader & ~Copyable) throws -> Effects? {
    let headers = BitcoinHeaders(path: options.headersFile)
    let count = headers.count
    guard count > 0 else { return nil }
    var found: (height: UInt32, id: EventID, target: EventID)?
    try state.scan(GroupsState.proofs, prefix: []) { key, value in
      var keys = RecordReader(key, of: GroupsState.proofs)
      var reader = RecordReader(value, of: GroupsState.proofs)
      let height = try keys.uint32()
      if height < count { found = (height, try keys.eventID(), try reader.eventID()) }
      return false
    }
    guard let found, let header = headers.header(at: found.height) else { return nil }
    var changes: [StateChange] = [.delete(GroupsState.proofs, key: GroupsState.proofKey(found.height, found.id))]
    guard var record = try state.attestation(found.id, of: found.target) else { return Effects(changes: changes) }
    for position in record.anchors.indices where record.anchors[position].height == found.height {
      record.anchors[position].isChecked = true
      if record.anchors[position].root == header.merkleRoot { record.anchors[position].blockTime = header.time }
    }
    changes.append(record.change)
    if let node = try state.node(found.target), let group = try state.group(node.group) {
      let attesters = try cache.snapshot(at: node.parent ?? node.id, reading: state).attesters
      let attestations = try state.attestationSummary(of: node.id, with: record)
      if let adjusted = ChainSplit.adjusted(node, attesters: attesters, attestations) {
        var course = Course(group, because: found.id, at: UInt64(header.time))
        try course.confirm(node, adjusted, attesters: attesters, reading: state)
        changes += course.changes
      }
    }
    var effects = Effects(changes: changes)
    effects.diagnostics = try ReorganisationRecord.diagnostics(of: changes)
    return effects
  }
}
