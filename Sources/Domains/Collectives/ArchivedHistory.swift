// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The history of a collective that was adopted from a head (4.5), as far as it came in later: kept until it is whole, then judged from the ignition on.
struct ArchivedHistory {
  let ignition: IgnitionRecord
  /// What came in: the update before each; nil for the ignition.
  private(set) var previous: [EventID: EventID?]
  /// How many there were when they did not hold the last time.
  private let refused: UInt64?

  /// So many are kept for a collective, and judged with as many that were adopted.
  static let maxUpdates = 128
  /// So many bytes of events are judged at once: no event may keep the relay waiting, nor fill the memory.
  static let maxBytes = 192 * 1024

  init(_ ignition: IgnitionRecord, reading state: borrowing some StateReader & ~Copyable) throws {
    self.ignition = ignition
    var previous: [EventID: EventID?] = [:]
    var refused: UInt64?
    try state.scan(CollectivesState.archives, prefix: ignition.id.bytes) { key, value in
      var keys = RecordReader(key, of: CollectivesState.archives)
      _ = try keys.eventID()
      var reader = RecordReader(value, of: CollectivesState.archives)
      if keys.isAtEnd {
        refused = try reader.uint64()
      } else {
        previous.updateValue(try reader.optional { try $0.eventID() }, forKey: try keys.eventID())
      }
      return true
    }
    self.previous = previous
    self.refused = refused
  }

  mutating func add(_ update: CollectiveUpdate) -> StateChange {
    var pointer: EventID?
    if case .event(let id)? = update.previous { pointer = id }
    previous.updateValue(pointer, forKey: update.id)
    var writer = RecordWriter(capacity: 33)
    writer.put(optional: pointer) { $0.put($1) }
    return .put(CollectivesState.archives, key: ignition.id.bytes + update.id.bytes, value: writer.bytes)
  }

  /// The ignition is there, and every update of the creator that is known follows from one that is; and it is worth judging them (again).
  func isWhole(reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    guard previous[ignition.id] != nil, UInt64(previous.count) >= (refused ?? 0).multipliedReportingOverflow(by: 2).partialValue else { return false }
    // What leads to the ignition.
    var known: Set<EventID> = [ignition.id]
    var isWhole = false
    try UpdateRecord.scanChains(prefix: CollectivesState.chainKey(ignition.id, ignition.creator), state) { record in
      isWhole = record.number < Self.maxUpdates && (record.previous.map { follows($0, &known) } ?? false)
      known.insert(record.id)
      return isWhole
    }
    return isWhole
  }

  /// Whether a pointer leads to the ignition, or to an update that does, over what came in: then all on the way do.
  private func follows(_ pointer: EventID, _ known: inout Set<EventID>) -> Bool {
    var way: Set<EventID> = []
    var pointer = pointer
    while !known.contains(pointer) {
      guard way.insert(pointer).inserted, case .some(.some(let before)) = previous[pointer] else { return false }
      pointer = before
    }
    known.formUnion(way)
    return true
  }

  /// They did not hold: not judged again before there are twice as many.
  var refusal: StateChange {
    var writer = RecordWriter(capacity: 8)
    writer.put(UInt64(previous.count))
    return .put(CollectivesState.archives, key: ignition.id.bytes, value: writer.bytes)
  }

  /// What is not needed any more once the history is part of the state.
  var removal: [StateChange] {
    previous.keys.sorted().map { .delete(CollectivesState.archives, key: ignition.id.bytes + $0.bytes) }
      + (refused == nil ? [] : [.delete(CollectivesState.archives, key: ignition.id.bytes)])
  }
}
