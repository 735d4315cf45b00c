// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// The tables of the domain. In keys, *project* is the id's length (1 byte) and its bytes; times are 8 bytes, big-endian; ids and keys 32 bytes.
///
/// ```
/// campaigns      project                        → CampaignRecord
/// versions       project · created_at · ~id     → VersionRecord        (~id: complemented, so that of equal times the lowest id comes last)
/// addresses      author · d                     → project              (what an `a` tag names)
/// biens          bien                           → project
/// wallets        g1 key                         → project
/// contributions  project · created_at · id      → ContributionRecord
/// ballots        project · created_at · id      → VoteRecord
/// voters         project · pubkey               → VoterRecord          (also of votes taken back)
/// deletions      pubkey · target id             → DeletionRecord       (of events that were unknown)
/// addressDeletions  author · |d| 1 · d · created_at · id → 1           (deletions of campaigns by their address)
/// snapshots      project                        → created_at of the last snapshot
/// labels         event · name 1 · node          → 1                    (`LabelRecord`: of votes and kind 5s, known or not)
/// receipts       reaction · node                → 1                    (`ReceiptRecord`)
/// announcements  project · kind 1 · node        → 1, or an `AnnouncedResolution`
/// disputed       project                        → 1                    (what is not disputed has no row)
/// rivals         project · 0 · created_at · id  → author               (`Rival`: who claims the project beside the campaign in force)
/// rivals         project · 1 · author · created_at · id → VersionRecord (all versions of each)
/// addressProjects  author · |d| 1 · d · project → 1                    (`AddressProjects`: of addresses that had several)
/// rivals         0 · kind 1 · key 32 · created_at · id → project       (`BienClaims`: who claims a Bien or wallet beside its owner)
/// ```
public enum CrowdfundingState {
  static let campaigns = Table(.crowdfunding, 0, "campaigns")
  static let versions = Table(.crowdfunding, 1, "versions")
  static let addresses = Table(.crowdfunding, 2, "addresses")
  static let biens = Table(.crowdfunding, 3, "biens")
  static let wallets = Table(.crowdfunding, 4, "wallets")
  static let contributions = Table(.crowdfunding, 5, "contributions")
  static let ballots = Table(.crowdfunding, 6, "ballots")
  static let voters = Table(.crowdfunding, 7, "voters")
  static let deletions = Table(.crowdfunding, 8, "deletions")
  static let snapshots = Table(.crowdfunding, 9, "snapshots")

  static let addressDeletions = Table(.crowdfunding, 10, "addressDeletions")
  static let labels = Table(.crowdfunding, 11, "labels")
  static let receipts = Table(.crowdfunding, 12, "receipts")
  static let announcements = Table(.crowdfunding, 13, "announcements")
  static let disputed = Table(.crowdfunding, 14, "disputed")
  static let rivals = Table(.crowdfunding, 15, "rivals")
  static let addressProjects = Table(.crowdfunding, 16, "addressProjects")

  public static let tables = [
    campaigns, versions, addresses, biens, wallets, contributions, ballots, voters, deletions, snapshots, addressDeletions, labels, receipts,
    announcements, disputed, rivals, addressProjects,
  ]

  /// How many campaigns are disputed.
  public static func disputedCount(reading state: borrowing some StateReader & ~Copyable) throws -> Int {
    var count = 0
    try state.scan(disputed, prefix: []) { _, _ in
      count += 1
      return true
    }
    return count
  }

  /// The key of a contribution or a ballot; also the end of a campaign's entries up to a time, with the greatest id.
  static func timedKey(_ project: ProjectID, _ createdAt: UInt64, _ id: EventID) -> [UInt8] {
    var writer = RecordWriter(capacity: 108)
    writer.put(UInt8(truncatingIfNeeded: project.bytes.count))
    writer.put(fixed: project.bytes)
    writer.put(createdAt)
    writer.put(id)
    return writer.bytes
  }

  /// Whether a campaign's `d` can be this (C1).
  static func isIdentifier(_ text: Text) -> Bool { (1...128).contains(text.count) }

  static func addressKey(_ author: PublicKey, _ identifier: Text) -> [UInt8] {
    var writer = RecordWriter(capacity: 32 + identifier.count)
    writer.put(author)
    writer.put(fixed: identifier.bytes)
    return writer.bytes
  }

  static func project(_ bytes: [UInt8], in table: Table) throws -> ProjectID {
    guard let project = ProjectID(ascii: bytes) else { throw Fault.corrupt(table, "malformed project id") }
    return project
  }
}

/// The position of an event in the order in which things are folded.
struct FoldPosition: Comparable, Hashable, Sendable {
  let createdAt: UInt64
  let id: EventID

  static func < (left: FoldPosition, right: FoldPosition) -> Bool {
    left.createdAt == right.createdAt ? left.id < right.id : left.createdAt < right.createdAt
  }
}

/// The note kept with an accepted event's id: what it is, and of which campaign.
struct CrowdfundingNote {
  enum Kind: UInt8 {
    case version = 1
    case contribution = 2
    case vote = 3
    case deletion = 4
    case label = 5
    case receipt = 6
  }

  let kind: Kind
  let author: PublicKey
  let createdAt: UInt64
  /// nil for a deletion, which may concern several, and for a label that names none.
  let project: ProjectID?

  // kind 1 · created_at 8 · author 32 · project, the rest
  var bytes: [UInt8] {
    var writer = RecordWriter(capacity: 112)
    writer.put(kind.rawValue)
    writer.put(createdAt)
    writer.put(author)
    writer.put(fixed: project?.bytes ?? [])
    return writer.bytes
  }

  init(_ kind: Kind, _ event: VerifiedEvent, _ project: ProjectID?) {
    self.kind = kind
    author = event.pubkey
    createdAt = event.createdAt
    self.project = project
  }

  /// nil when the event is another domain's.
  init?(_ known: KnownEvent?) throws {
    guard let known, known.domain == .crowdfunding else { return nil }
    var reader = RecordReader(known.note, of: CrowdfundingState.campaigns)
    guard let kind = Kind(rawValue: try reader.uint8()) else { throw Fault.corrupt(CrowdfundingState.campaigns, "unknown note") }
    self.kind = kind
    createdAt = try reader.uint64()
    author = try reader.publicKey()
    project = ProjectID(ascii: known.note.dropFirst(41))
  }
}

/// The project a bound key belongs to.
extension StateReader where Self: ~Copyable {
  borrowing func project(in table: Table, _ key: [UInt8]) throws -> ProjectID? {
    try value(table, key).map { try CrowdfundingState.project($0, in: table) }
  }
}
