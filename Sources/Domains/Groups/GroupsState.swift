// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The tables of the domain. Ids and keys have 32 bytes, times and entry ids 8, depths 4, all big-endian. *group* is the id of its init event; a *node*
/// is an init or a modification.
///
/// ```
/// groups         group                             → GroupRecord         (its tip)
/// nodes          node                              → NodeRecord          (its parent and its change)
/// children       parent 16 · node                  → 1
/// states         node                              → GroupSnapshot       (of every 1024th node, and some others)
/// structures     group · depth · node              → GroupStructure      (where references to groups changed)
/// accounts       group 16 · pubkey · depth · node 8 → created_at · difference 4, of how often the pubkey stands in the members
/// proposals      proposal                          → ProposalRecord
/// limiting       group · created_at · proposal     → LimitingRecord      (proposals that may suspend somebody)
/// open           group · author · created_at · id  → 1                   (proposals by author)
/// done           proposal · node                   → created_at          (implementations, on any branch)
/// votes          proposal · voter · created_at · id → VoteRecord
/// attestations   target · id                       → AttestationRecord
/// proofs         height · id                       → target              (not held against a header yet)
/// confirmed      group · depth · node              → adjusted timestamp  (nodes that have one)
/// labels         event                             → the least created_at of the nodes' labels `group-accepted`; the event may be unknown
/// notes          "forks" · group · depth · parent, "reorg" · group · received_at · node, "contested" · group · depth · node → ContestedRecord,
///                "awaited" · proposal or vote · node, "deleted" · event · author, "headers",
///                "dormant" · group · author · created_at · proposal → LimitingRecord (proposals that could suspend nobody when they came)
/// ```
public enum GroupsState {
  static let groups = Table(.groups, 0, "groups")
  static let nodes = Table(.groups, 1, "nodes")
  static let children = Table(.groups, 2, "children")
  static let labels = Table(.groups, 3, "labels")
  static let states = Table(.groups, 4, "states")
  static let structures = Table(.groups, 5, "structures")
  static let accounts = Table(.groups, 6, "accounts")
  static let proposals = Table(.groups, 7, "proposals")
  static let limiting = Table(.groups, 8, "limiting")
  static let open = Table(.groups, 9, "open")
  static let done = Table(.groups, 10, "done")
  static let votes = Table(.groups, 11, "votes")
  static let attestations = Table(.groups, 12, "attestations")
  static let proofs = Table(.groups, 13, "proofs")
  static let confirmed = Table(.groups, 14, "confirmed")
  static let notes = Table(.groups, 15, "notes")

  public static let tables = [
    groups, nodes, children, labels, states, structures, accounts, proposals, limiting, open, done, votes, attestations, proofs, confirmed, notes,
  ]

  /// A full state is kept at every so many nodes of a chain,
  static let snapshotDistance: UInt32 = 1024
  /// and at nodes that change so many keys of the meta, unless it is larger than an event can be: folding many of these is dear.
  static let snapshotItems = 32
  static let snapshotItemsMaxBytes = 64 * 1024

  /// Whether a full state may be kept at a node.
  static func mayKeepState(depth: UInt32, _ change: ResolvedChange) -> Bool {
    depth > 0 && (depth % snapshotDistance == 0 || change.meta.count >= snapshotItems)
  }

  /// The half of an id stands for it in the two largest tables: 128 bits that nobody can choose.
  static let halfID = 16
  static func half(_ id: EventID) -> [UInt8] { Array(id.bytes.prefix(halfID)) }

  static func key(_ first: EventID, _ second: EventID) -> [UInt8] { first.bytes + second.bytes }

  static func timeKey(_ group: EventID, _ createdAt: UInt64) -> [UInt8] {
    var writer = RecordWriter(capacity: 40)
    writer.put(group)
    writer.put(createdAt)
    return writer.bytes
  }

  static func depthKey(_ group: EventID, _ depth: UInt32, _ node: EventID) -> [UInt8] {
    var writer = RecordWriter(capacity: 68)
    writer.put(group)
    writer.put(depth)
    writer.put(node)
    return writer.bytes
  }

  static func accountPrefix(_ group: EventID, _ account: PublicKey) -> [UInt8] { half(group) + account.bytes }

  static func childKey(_ parent: EventID, _ node: EventID) -> [UInt8] { half(parent) + node.bytes }

  static func accountKey(_ group: EventID, _ account: PublicKey, _ depth: UInt32, _ node: EventID) -> [UInt8] {
    // Eight bytes tell nodes of one depth apart, and this table is the largest.
    var writer = RecordWriter(capacity: 60)
    writer.put(fixed: half(group))
    writer.put(account)
    writer.put(depth)
    writer.put(fixed: node.bytes.prefix(8))
    return writer.bytes
  }

  static func timedKey(_ group: EventID, _ createdAt: UInt64, _ id: EventID) -> [UInt8] {
    var writer = RecordWriter(capacity: 72)
    writer.put(group)
    writer.put(createdAt)
    writer.put(id)
    return writer.bytes
  }

  static func authorKey(_ group: EventID, _ author: PublicKey, _ createdAt: UInt64, _ id: EventID) -> [UInt8] {
    var writer = RecordWriter(capacity: 104)
    writer.put(group)
    writer.put(author)
    writer.put(createdAt)
    writer.put(id)
    return writer.bytes
  }

  static func proofKey(_ height: UInt32, _ id: EventID) -> [UInt8] {
    var writer = RecordWriter(capacity: 36)
    writer.put(height)
    writer.put(id)
    return writer.bytes
  }

  static func forkPrefix(_ group: EventID) -> [UInt8] { Array("forks".utf8) + group.bytes }

  static func forkKey(_ group: EventID, _ depth: UInt32, _ parent: EventID) -> [UInt8] {
    var writer = RecordWriter(capacity: 73)
    writer.put(fixed: forkPrefix(group))
    writer.put(depth)
    writer.put(parent)
    return writer.bytes
  }

  static func reorgPrefix(_ group: EventID) -> [UInt8] { Array("reorg".utf8) + group.bytes }
  static func dormantPrefix(_ group: EventID) -> [UInt8] { Array("dormant".utf8) + group.bytes }
  /// An event that its author deleted before it came here.
  static func deletedKey(_ event: EventID, by author: PublicKey) -> [UInt8] { Array("deleted".utf8) + event.bytes + author.bytes }
  static let headersKey = Array("headers".utf8)
  static let mark: [UInt8] = [1]
}

/// The note kept with an accepted event's id.
enum GroupsNote: Equatable {
  case initGroup
  case modification
  case proposal
  case vote(proposal: EventID, voter: PublicKey, createdAt: UInt64)
  case attestation(target: EventID)
  /// A node's label of another event.
  case label
  /// Of events that had not come.
  case deletion

  var isNode: Bool { self == .initGroup || self == .modification }

  // kind 1 · for a vote: proposal 32, voter 32, created_at 8 · for an attestation: target 32
  var bytes: [UInt8] {
    var writer = RecordWriter(capacity: 73)
    switch self {
    case .initGroup: writer.put(UInt8(1))
    case .modification: writer.put(UInt8(2))
    case .proposal: writer.put(UInt8(3))
    case .vote(let proposal, let voter, let createdAt):
      writer.put(UInt8(4))
      writer.put(proposal)
      writer.put(voter)
      writer.put(createdAt)
    case .attestation(let target):
      writer.put(UInt8(5))
      writer.put(target)
    case .label: writer.put(UInt8(6))
    case .deletion: writer.put(UInt8(7))
    }
    return writer.bytes
  }

  /// nil when the event is unknown, or another domain's.
  init?(_ known: KnownEvent?) throws {
    guard let known, known.domain == .groups else { return nil }
    var reader = RecordReader(known.note, of: GroupsState.nodes)
    switch try reader.uint8() {
    case 1: self = .initGroup
    case 2: self = .modification
    case 3: self = .proposal
    case 4: self = .vote(proposal: try reader.eventID(), voter: try reader.publicKey(), createdAt: try reader.uint64())
    case 5: self = .attestation(target: try reader.eventID())
    case 6: self = .label
    case 7: self = .deletion
    default: throw Fault.corrupt(GroupsState.nodes, "unknown note")
    }
  }
}
