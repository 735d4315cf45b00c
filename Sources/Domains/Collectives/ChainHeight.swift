// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The highest block that a chain names so far, and since when: what the next update's block is held against (M8, R7).
struct ChainHeight {
  let block: BlockStamp
  /// The created_at of the update by which the chain reached that height.
  let since: UInt64

  /// What an update's chain stands at; nil while it names no block.
  init?(of record: UpdateRecord, reading state: borrowing some StateReader & ~Copyable) throws {
    guard let block = record.block else { return nil }
    self.block = block
    since = try record.blockTime ?? Self.search(record, block.height, state)
  }

  private init(block: BlockStamp, since: UInt64) {
    self.block = block
    self.since = since
  }

  /// The higher one; of two at one height what the first says, since the earlier of the two times.
  static func highest(_ first: ChainHeight?, _ second: ChainHeight?) -> ChainHeight? {
    guard let first, let second else { return first ?? second }
    if first.block.height != second.block.height { return first.block.height > second.block.height ? first : second }
    return ChainHeight(block: first.block, since: min(first.since, second.since))
  }

  /// What the chain stands at after an update.
  static func after(_ update: CollectiveUpdate, on known: ChainHeight?) -> ChainHeight? {
    guard let own = update.block else { return known }
    let isReached = known.map { $0.block.height >= own.height } ?? false
    return ChainHeight(block: own, since: isReached ? known?.since ?? update.createdAt : update.createdAt)
  }

  /// A record of version 1 does not say since when: heights never fall along a line, so the first update at that height is found by halves.
  private static func search(_ record: UpdateRecord, _ height: UInt32, _ state: borrowing some StateReader & ~Copyable) throws -> UInt64 {
    var first = record
    var low: UInt64 = 0
    while low < first.number {
      let middle = low + (first.number - low) / 2
      guard let id = try UpdateRecord.ancestor(of: first, middle, state), let found = try UpdateRecord.read(id, state) else {
        throw Fault.corrupt(CollectivesState.chains, "a chain with a gap")
      }
      if found.block?.height == height { first = found } else { low = middle + 1 }
    }
    return try reached(by: first, height, state)
  }

  /// The first update of a chain at a height named it itself, or took it over from the creator's update that it stands on.
  private static func reached(by record: UpdateRecord, _ height: UInt32, _ state: borrowing some StateReader & ~Copyable) throws -> UInt64 {
    if let boost = record.boost, let boosted = try UpdateRecord.read(boost.id, state), boosted.boost == nil, boosted.block?.height == height {
      return try boosted.blockTime ?? search(boosted, height, state)
    }
    return record.createdAt
  }
}
