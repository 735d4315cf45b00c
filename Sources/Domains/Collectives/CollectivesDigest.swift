// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The canonical bytes of everything in collectives that follows from the accepted events alone (architecture, law 5), in whatever order they came:
/// ignitions, the heads of all chains, and every update on whichever branch, with its state. Slots and used proofs follow from those. Not when and from
/// where events came, nor equivocations, nor what is only shown (hidden, dust, satellites).
enum CollectivesDigest {
  static func feed(reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {
    for (number, table) in [CollectivesState.ignitions, CollectivesState.heads].enumerated() {
      try state.scan(table, prefix: []) { key, value in
        self.feed(UInt8(number + 1), key, value, into: feed)
        return true
      }
    }
    try state.scan(CollectivesState.updates, prefix: []) { key, value in
      var reader = RecordReader(key, of: CollectivesState.updates)
      let record = try UpdateRecord(id: try reader.eventID(), decoding: value)
      guard let hardState = try state.value(CollectivesState.states, key) else {
        throw Fault.corrupt(CollectivesState.updates, "an update without its state")
      }
      self.feed(3, key, record.canonical, into: feed)
      self.feed(4, key, hardState, into: feed)
      return true
    }
  }

  /// What this node takes for the newest update of each chain.
  static func feedHeads(reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {
    try state.scan(CollectivesState.heads, prefix: []) { key, value in
      self.feed(1, key, value, into: feed)
      return true
    }
  }

  private static func feed(_ kind: UInt8, _ key: [UInt8], _ value: [UInt8], into feed: ([UInt8]) -> Void) {
    var writer = RecordWriter(capacity: 9 + key.count + value.count)
    writer.put(kind)
    writer.put(counted: key)
    writer.put(counted: value)
    feed(writer.bytes)
  }
}
