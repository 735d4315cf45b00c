// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// The evidence of one update as the state sees it: everything that a diff may rest on.
struct Evidence: Sendable {
  let set: ProofSet
  /// The proofs that this chain, or the part of the creator's chain that it stands on, has used (D4, D5, D8).
  let used: Set<Bytes32>
  /// The carried updates that were accepted in this collective (P3).
  let updates: [EventID: Lineage.Entry]
  /// The carried updates that were accepted, in whichever collective.
  let known: Set<EventID>

  func isUsed(_ id: EventID) -> Bool { used.contains(id.value) }
}

/// Which collective a diff is for, and who publishes it.
struct DiffTerms: Sendable {
  let collective: EventID
  /// As `a` tags write it.
  let address: Text
  let creator: PublicKey
  /// Of the update.
  let author: PublicKey
  let options: CollectivesOptions

  /// Whether a proof names this collective: by `a`, or by `e` the ignition.
  func isTarget(of event: Event) -> Bool {
    event.tags.contains { tag in
      if tag.name == "a" { return tag[1] == address }
      return tag.name == "e" && tag[1].flatMap { EventID(hex: $0) } == collective
    }
  }

  /// Whether a proof names this collective by `a`.
  func isAddressed(by event: Event) -> Bool { event.tags.contains { $0.name == "a" && $0[1] == address } }
}

/// Whose receipts are believed for whom: never those of zappers that the event itself introduces (ST-86), but for a payee's own kind 0.
struct ZapperBook: Sendable {
  private let options: CollectivesOptions
  private let creator: PublicKey
  private let base: [PublicKey]
  private let profiles: [PublicKey: Profile]

  init(_ base: HardState, _ evidence: Evidence, _ terms: DiffTerms) {
    options = terms.options
    creator = terms.creator
    self.base = base.zappers
    profiles = evidence.set.profiles
  }

  /// The creator's own, from the base state.
  func isCreators(_ signer: PublicKey) -> Bool { base.contains(signer) }

  func isAuthorised(_ signer: PublicKey, for payee: PublicKey) -> Bool {
    if options.trustedZappers.contains(signer) { return true }
    if options.zappers[payee]?.contains(signer) == true { return true }
    if payee == creator, isCreators(signer) { return true }
    return profiles[payee]?.zapper == signer
  }
}

/// What a kind 0 says about being paid (P5).
struct Profile: Sendable {
  let id: EventID
  let createdAt: UInt64
  let zapper: PublicKey
  let hasAddress: Bool

  /// nil when it names no zapper.
  init?(_ event: Event) {
    guard let content = JSONValue(parsing: event.content),
      let zapper = (content["zapper"]?.text ?? content["nostrPubkey"]?.text).flatMap({ PublicKey(hex: $0) })
    else { return nil }
    id = event.id
    createdAt = event.createdAt
    self.zapper = zapper
    hasAddress = content["lud16"]?.text.map(ZapperTag.isAddress) ?? false
  }

  private init(id: EventID, createdAt: UInt64, zapper: PublicKey, hasAddress: Bool) {
    self.id = id
    self.createdAt = createdAt
    self.zapper = zapper
    self.hasAddress = hasAddress
  }

  /// Replaces an older one; of equal times the lower id wins (NIP-01).
  func isNewer(than other: Profile) -> Bool { createdAt != other.createdAt ? createdAt > other.createdAt : id < other.id }

  // created_at 8 · id 32 · zapper 32 · has an address 1
  func change(_ pubkey: PublicKey) -> StateChange {
    var writer = RecordWriter(capacity: 73)
    writer.put(createdAt)
    writer.put(id)
    writer.put(zapper)
    writer.put(hasAddress)
    return .put(CollectivesState.profiles, key: pubkey.bytes, value: writer.bytes)
  }

  static func read(_ pubkey: PublicKey, _ state: borrowing some StateReader & ~Copyable) throws -> Profile? {
    guard let bytes = try state.value(CollectivesState.profiles, pubkey.bytes) else { return nil }
    var reader = RecordReader(bytes, of: CollectivesState.profiles)
    let createdAt = try reader.uint64()
    return Profile(id: try reader.eventID(), createdAt: createdAt, zapper: try reader.publicKey(), hasAddress: try reader.bool())
  }
}
