// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Evidence that an author signed two children of one update, or two first updates of a member: the one that counts, and the others (4.5).
public struct EquivocationRecord: Hashable, Sendable {
  /// nil for first updates of a member.
  public let parent: EventID?
  public let pubkey: PublicKey
  public private(set) var accepted: EventID
  /// The others, refused or on a branch that does not count, in the order in which they came.
  public private(set) var refused: [EventID]

  /// So many are kept for a parent.
  static let maxRefused = 16

  init(parent: EventID?, pubkey: PublicKey, accepted: EventID) {
    self.parent = parent
    self.pubkey = pubkey
    self.accepted = accepted
    refused = []
  }

  /// False when it is known already, or there is no room.
  mutating func add(_ id: EventID) -> Bool {
    guard refused.count < Self.maxRefused, !refused.contains(id), id != accepted else { return false }
    refused.append(id)
    return true
  }

  /// Another child takes the place of the one that counts, which becomes evidence itself.
  mutating func replace(by id: EventID) {
    let loser = accepted
    refused.removeAll { $0 == id }
    accepted = id
    _ = add(loser)
  }

  private static func key(_ collective: EventID, _ parent: EventID?, _ pubkey: PublicKey) -> [UInt8] {
    collective.bytes + (parent.map(\.bytes) ?? pubkey.bytes)
  }

  /// What is known of the children of an update; nothing yet where `accepted` has no rival.
  static func read(
    _ collective: EventID, _ parent: EventID?, _ pubkey: PublicKey, accepted: EventID, _ state: borrowing some StateReader & ~Copyable
  ) throws -> EquivocationRecord {
    guard let bytes = try state.value(CollectivesState.equivocations, key(collective, parent, pubkey)) else {
      return EquivocationRecord(parent: parent, pubkey: pubkey, accepted: accepted)
    }
    return try EquivocationRecord(parent: parent, decoding: bytes)
  }

  // pubkey 32 · accepted 32 · refused n × 32
  func change(_ collective: EventID) -> StateChange {
    .put(
      CollectivesState.equivocations, key: Self.key(collective, parent, pubkey),
      value: pubkey.bytes + accepted.bytes + refused.flatMap(\.bytes))
  }

  init(parent: EventID?, decoding bytes: [UInt8]) throws {
    var reader = RecordReader(bytes, of: CollectivesState.equivocations)
    let pubkey = try reader.publicKey()
    self.pubkey = pubkey
    // First updates are kept under their author's key.
    self.parent = parent?.value == pubkey.value ? nil : parent
    accepted = try reader.eventID()
    refused = []
    while !reader.isAtEnd { refused.append(try reader.eventID()) }
  }
}
