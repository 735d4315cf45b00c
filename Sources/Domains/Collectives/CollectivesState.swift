// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// The tables of the domain. Ids, keys and hashes are 32 bytes, numbers big-endian; I is the ignition's id, P a pubkey.
///
/// ```
/// ignitions      I                    → IgnitionRecord
/// slots          P · sha256(d) · P did not create it 1 · I → I 32 · P created it 1
///                P · sha256(d)        → the same, before a name could be bound to several
/// heads          I · P                → id of the last update of the canonical line of the chain
/// updates        id                   → UpdateRecord
/// chains         I · P · number 8 · id → nothing: all updates of a chain, whichever branch they are on
///                I · P · number 8     → id, before branches were kept; for the greatest number the chain's head then
/// states         id                   → HardState
/// used           I · P · proof id     → n × (number of an update that used it 8 · its id 32), before there was `usedNodes`
/// equivocations  I · parent id        → EquivocationRecord
///                I · P                → the same, of the first updates of a member
/// redeliveries   I · P                → receivedAt of the last one 8
/// satellites     I · id               → kind 8 · signed by a zapper of the creator 1
/// profiles       P                    → created_at 8 · id 32 · zapper 32 · has an address 1      (kind 0 seen as proof)
/// dust           I · P                → thousandths of a satoshi that were dropped 8
/// hidden         I · P                → id of the deletion
///                P                    → created_at of its newest request to vanish 8
/// archives       I · id               → previous ? 32      (the history of an adopted collective, until it is whole)
///                I                    → how many there were when they did not hold 8
/// named          1 · proof id         → id of an update that names it by `proof_id`
///                0 · I                → nothing; the updates of this collective were looked at from the first one on
///                2 · id · its author  → id of an accepted deletion that names it
///                3 · P · sha256(d)    → created_at of the newest deletion of the address 8 · its id 32
/// usedNodes      update id · number 2 → a node of `UsedProofs`
/// ```
public enum CollectivesState {
  static let ignitions = Table(.collectives, 0, "ignitions")
  static let slots = Table(.collectives, 1, "slots")
  static let heads = Table(.collectives, 2, "heads")
  static let updates = Table(.collectives, 3, "updates")
  static let chains = Table(.collectives, 4, "chains")
  static let states = Table(.collectives, 5, "states")
  static let used = Table(.collectives, 6, "used")
  static let equivocations = Table(.collectives, 7, "equivocations")
  static let redeliveries = Table(.collectives, 8, "redeliveries")
  static let satellites = Table(.collectives, 9, "satellites")
  static let profiles = Table(.collectives, 10, "profiles")
  static let dust = Table(.collectives, 11, "dust")
  static let hidden = Table(.collectives, 12, "hidden")
  static let archives = Table(.collectives, 13, "archives")
  static let named = Table(.collectives, 14, "named")
  static let usedNodes = Table(.collectives, 15, "usedNodes")

  public static let tables = [
    ignitions, slots, heads, updates, chains, states, used, equivocations, redeliveries, satellites, profiles, dust, hidden, archives,
    named, usedNodes,
  ]

  /// LMDB's keys are short, names are not: the name is hashed.
  static func slotKey(_ pubkey: PublicKey, _ name: Text) -> [UInt8] { pubkey.bytes + SHA256.digest(of: name.bytes).bytes }

  static func chainKey(_ collective: EventID, _ pubkey: PublicKey) -> [UInt8] { collective.bytes + pubkey.bytes }

  /// An update's place in `chains`.
  static func placeKey(_ update: UpdateRecord) -> [UInt8] { numberedKey(update.collective, update.pubkey, update.number) + update.id.bytes }

  static func numberedKey(_ collective: EventID, _ pubkey: PublicKey, _ number: UInt64) -> [UInt8] {
    var writer = RecordWriter(capacity: 72)
    writer.put(collective)
    writer.put(pubkey)
    writer.put(number)
    return writer.bytes
  }

  static func usedKey(_ collective: EventID, _ pubkey: PublicKey, _ proof: Bytes32) -> [UInt8] { chainKey(collective, pubkey) + proof.bytes }
}

/// A collective, from its ignition.
public struct IgnitionRecord: Hashable, Sendable {
  public let id: EventID
  public let creator: PublicKey
  public let name: Text
  public let createdAt: UInt64
  /// Adopted from a head whose lineage is unknown (4.5).
  public var isCheckpoint: Bool

  /// What `a` tags name: `31108:C:d`.
  public var address: Text { Address(kind: CollectivesOptions.updateKind, pubkey: creator, identifier: name).text }

  // version 1 · checkpoint 1 · creator 32 · created_at 8 · name n
  private static let recordVersion: UInt8 = 1

  var change: StateChange {
    var writer = RecordWriter(capacity: 110)
    writer.put(Self.recordVersion)
    writer.put(isCheckpoint)
    writer.put(creator)
    writer.put(createdAt)
    writer.put(counted: name.bytes)
    return .put(CollectivesState.ignitions, key: id.bytes, value: writer.bytes)
  }

  init(id: EventID, creator: PublicKey, name: Text, createdAt: UInt64, isCheckpoint: Bool = false) {
    self.id = id
    self.creator = creator
    self.name = name
    self.createdAt = createdAt
    self.isCheckpoint = isCheckpoint
  }

  init(id: EventID, decoding bytes: [UInt8]) throws {
    var reader = RecordReader(bytes, of: CollectivesState.ignitions)
    try reader.version(Self.recordVersion)
    self.id = id
    isCheckpoint = try reader.bool()
    creator = try reader.publicKey()
    createdAt = try reader.uint64()
    name = Text(utf8: try reader.counted()[...])
  }
}

/// The note kept with an accepted event's id: what it is, and of which collective.
struct CollectivesNote {
  enum Kind: UInt8 {
    case update = 1
    case satellite = 2
    case deletion = 3
    case label = 4
  }

  let kind: Kind
  /// Zero for a deletion of what is not known, and for a label.
  let collective: EventID
  let pubkey: PublicKey

  /// Whether its author's kind 5 may name it: deletions and labels are not taken back.
  var isDeletable: Bool { kind == .update || kind == .satellite }

  // kind 1 · collective 32 · pubkey 32
  var bytes: [UInt8] { [kind.rawValue] + collective.bytes + pubkey.bytes }

  init(_ kind: Kind, _ collective: EventID, _ pubkey: PublicKey) {
    self.kind = kind
    self.collective = collective
    self.pubkey = pubkey
  }

  /// nil when the event is another domain's.
  init?(_ known: KnownEvent?) throws {
    guard let known, known.domain == .collectives else { return nil }
    var reader = RecordReader(known.note, of: CollectivesState.updates)
    guard let kind = Kind(rawValue: try reader.uint8()) else { throw Fault.corrupt(CollectivesState.updates, "unknown note") }
    self.init(kind, try reader.eventID(), try reader.publicKey())
  }
}

extension Dependency {
  /// An update, or an event that is evidence, by its id.
  static func collectiveEvent(_ id: EventID) -> Dependency { Dependency(.collectives, [1] + id.bytes) }

  /// The collective that a key began under a name.
  static func collective(_ creator: PublicKey, _ name: Text) -> Dependency {
    Dependency(.collectives, [2] + CollectivesState.slotKey(creator, name))
  }
}
