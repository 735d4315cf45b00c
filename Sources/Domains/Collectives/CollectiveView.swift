// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// A collective as people and programs see it: one chain's head and what it made, read in one transaction (4.10).
public struct CollectiveView: Sendable {
  public let ignition: IgnitionRecord
  public let head: UpdateRecord
  public let state: HardState
  /// Its author asked for its deletion.
  public let isHidden: Bool
  /// Its author signed what excludes each other: two updates on one, two first ones, or two collectives of one name.
  public let isEquivocated: Bool
  /// Thousandths of a satoshi that were too small to share.
  public let dust: UInt64

  public var votepower: Votepower { Votepower(state.rows, creator: ignition.creator) }

  /// Products as they are offered and how many were sold.
  public var products: [Product] { state.products }

  /// The chain of a pubkey; by default the creator's, which is the canonical one.
  /// - Returns: nil when the collective, or the pubkey's chain, is unknown.
  public static func read(
    _ id: EventID, of pubkey: PublicKey? = nil, reading state: borrowing some StateReader & ~Copyable
  ) throws -> CollectiveView? {
    guard let ignition = try IgnitionRecord.read(id, state), let head = try UpdateRecord.head(id, pubkey ?? ignition.creator, state) else {
      return nil
    }
    return try CollectiveView(ignition, head, reading: state)
  }

  init(_ ignition: IgnitionRecord, _ head: UpdateRecord, reading state: borrowing some StateReader & ~Copyable) throws {
    self.ignition = ignition
    self.head = head
    self.state = try HardState.read(head.id, state)
    let key = CollectivesState.chainKey(ignition.id, head.pubkey)
    var isHidden = try state.contains(CollectivesState.hidden, key)
    if !isHidden, let vanished = try Vanished.read(head.pubkey, state) {
      let first = try UpdateRecord.ancestor(of: head, 0, state)
      isHidden = vanished.hides(chainFrom: try first.flatMap { try UpdateRecord.read($0, state) }?.createdAt ?? head.createdAt)
    }
    self.isHidden = isHidden
    isEquivocated = try Self.isEquivocated(ignition, head.pubkey, reading: state)
    var dust: UInt64 = 0
    if let bytes = try state.value(CollectivesState.dust, key) {
      var reader = RecordReader(bytes, of: CollectivesState.dust)
      dust = try reader.uint64()
    }
    self.dust = dust
  }

  private static func isEquivocated(
    _ ignition: IgnitionRecord, _ pubkey: PublicKey, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Bool {
    if try SlotRecord.all(pubkey, ignition.name, limit: 2, state).contains(where: { $0.collective != ignition.id }) { return true }
    var isFound = false
    try state.scan(CollectivesState.equivocations, prefix: ignition.id.bytes) { _, value in
      isFound = try EquivocationRecord(parent: nil, decoding: value).pubkey == pubkey
      return !isFound
    }
    return isFound
  }

  /// Every collective, by its id.
  public static func all(reading state: borrowing some StateReader & ~Copyable, _ visit: (CollectiveView) throws -> Bool) throws {
    try state.scan(CollectivesState.ignitions, prefix: []) { key, value in
      var reader = RecordReader(key, of: CollectivesState.ignitions)
      let ignition = try IgnitionRecord(id: try reader.eventID(), decoding: value)
      guard let head = try UpdateRecord.head(ignition.id, ignition.creator, state) else {
        throw Fault.corrupt(CollectivesState.heads, "a collective without its creator's head")
      }
      return try visit(CollectiveView(ignition, head, reading: state))
    }
  }

  /// The heads of all chains: the creator's first, then the members' by pubkey.
  public static func heads(of id: EventID, reading state: borrowing some StateReader & ~Copyable) throws -> [CollectiveView] {
    guard let ignition = try IgnitionRecord.read(id, state) else { return [] }
    var heads: [CollectiveView] = []
    try state.scan(CollectivesState.heads, prefix: id.bytes) { _, value in
      var reader = RecordReader(value, of: CollectivesState.heads)
      guard let head = try UpdateRecord.read(try reader.eventID(), state) else {
        throw Fault.corrupt(CollectivesState.heads, "a head without its update")
      }
      heads.append(try CollectiveView(ignition, head, reading: state))
      return true
    }
    return heads.filter { $0.head.pubkey == ignition.creator } + heads.filter { $0.head.pubkey != ignition.creator }
  }

  /// The updates of the canonical line of a chain, oldest first, each with its state.
  public static func history(
    of id: EventID, _ pubkey: PublicKey, reading state: borrowing some StateReader & ~Copyable, _ visit: (UpdateRecord, HardState) throws -> Bool
  ) throws {
    var line: [EventID] = []
    var update = try UpdateRecord.head(id, pubkey, state)
    while let current = update {
      line.append(current.id)
      update = try current.parent(state)
    }
    for id in line.reversed() {
      guard let record = try UpdateRecord.read(id, state) else { throw Fault.corrupt(CollectivesState.updates, "an update vanished") }
      guard try visit(record, HardState.read(id, state)) else { return }
    }
  }

  /// The evidence of double updates, by parent.
  public static func equivocations(of id: EventID, reading state: borrowing some StateReader & ~Copyable) throws -> [EquivocationRecord] {
    var records: [EquivocationRecord] = []
    try state.scan(CollectivesState.equivocations, prefix: id.bytes) { key, value in
      var reader = RecordReader(key, of: CollectivesState.equivocations)
      _ = try reader.eventID()
      records.append(try EquivocationRecord(parent: try reader.eventID(), decoding: value))
      return true
    }
    return records
  }
}
