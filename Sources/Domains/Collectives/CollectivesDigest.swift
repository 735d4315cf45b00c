// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The canonical bytes of everything in collectives that follows from the accepted events alone (architecture, law 5): ignitions, slots, chains
/// with their states, used proofs. Not when and from where events came, nor equivocations, nor what is only shown (hidden, dust, satellites).
enum CollectivesDigest {
  static func feed(reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {
    for (number, table) in [CollectivesState.ignitions, CollectivesState.slots, CollectivesState.heads, CollectivesState.used].enumerated() {
      try state.scan(table, prefix: []) { key, value in
        self.feed(UInt8(number + 1), key, value, into: feed)
        return true
      }
    }
    try UpdateRecord.scanChains(prefix: [], state) { key, record in
      self.feed(5, key, record.id.bytes, into: feed)
      guard let hardState = try state.value(CollectivesState.states, record.id.bytes) else {
        throw Fault.corrupt(CollectivesState.chains, "an update without its state")
      }
      self.feed(6, record.canonical, hardState, into: feed)
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
