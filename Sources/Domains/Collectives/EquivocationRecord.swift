// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Evidence that an author signed two children of one update: the one that counts, and the others (4.5).
public struct EquivocationRecord: Hashable, Sendable {
  public let parent: EventID
  public let pubkey: PublicKey
  public private(set) var accepted: EventID
  /// The refused ones, in the order in which they came.
  public private(set) var refused: [EventID]

  /// So many are kept for a parent.
  static let maxRefused = 16

  init(parent: EventID, pubkey: PublicKey, accepted: EventID) {
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

  /// Another child takes the accepted one's place (`forkPolicy: "nip01"`), which becomes evidence itself.
  mutating func replace(by id: EventID) {
    let loser = accepted
    refused.removeAll { $0 == id }
    accepted = id
    _ = add(loser)
  }

  static func key(_ collective: EventID, _ parent: EventID) -> [UInt8] { collective.bytes + parent.bytes }

  // pubkey 32 · accepted 32 · refused n × 32
  func change(_ collective: EventID) -> StateChange {
    .put(
      CollectivesState.equivocations, key: Self.key(collective, parent),
      value: pubkey.bytes + accepted.bytes + refused.flatMap(\.bytes))
  }

  init(parent: EventID, decoding bytes: [UInt8]) throws {
    var reader = RecordReader(bytes, of: CollectivesState.equivocations)
    self.parent = parent
    pubkey = try reader.publicKey()
    accepted = try reader.eventID()
    refused = []
    while !reader.isAtEnd { refused.append(try reader.eventID()) }
  }
}
