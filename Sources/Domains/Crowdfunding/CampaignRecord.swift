// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Why a campaign's binding is believed (C12). The raw value is stored; a greater one is stronger.
public enum CampaignTrust: UInt8, Comparable, Sendable {
  case none = 0
  /// A version was signed by the Bien.
  case bien = 1
  /// A version was signed by one of `crowdfunding.captains`.
  case captain = 2
  /// The operator said so (`campaign trust`).
  case `operator` = 3

  public static func < (left: CampaignTrust, right: CampaignTrust) -> Bool { left.rawValue < right.rawValue }
}

/// What is known of one campaign: its binding, its head, its vote.
public struct CampaignRecord: Sendable, Equatable {
  /// The newest effective version. A class, since records are handed around and its terms are much to copy.
  public final class Head: Sendable, Equatable {
    public let id: EventID
    public let author: PublicKey
    public let createdAt: UInt64
    public let terms: CampaignTerms
    /// The last status that was no claim on the ledger (neither funded nor completed): what the status is while a claim is not borne out.
    public let unclaimedStatus: CampaignStatus

    init(id: EventID, author: PublicKey, createdAt: UInt64, terms: CampaignTerms, unclaimedStatus: CampaignStatus) {
      self.id = id
      self.author = author
      self.createdAt = createdAt
      self.terms = terms
      self.unclaimedStatus = unclaimedStatus
    }

    public static func == (left: Head, right: Head) -> Bool {
      left.id == right.id && left.author == right.author && left.createdAt == right.createdAt && left.terms == right.terms
        && left.unclaimedStatus == right.unclaimedStatus
    }
  }

  public let project: ProjectID
  /// Counts the displacements of the binding: versions of an earlier one are history only.
  public var epoch: UInt8
  public var trust: CampaignTrust
  public var captain: PublicKey
  public var bien: PublicKey?
  public var wallet: G1Key?
  /// The map cell of the first version, whose key may publish versions too.
  public var cell: PublicKey?
  /// nil when every version was deleted.
  public var head: Head?
  /// Some version was deleted by its author: money and votes have to be looked at to know whether that holds.
  public var hasDeletions: Bool
  /// Some vote was taken back: then the order of the ballots matters, and a late one is folded in; without, sums are sums.
  public var hasVoteDeletions: Bool
  /// It lost its Bien to a trusted campaign (C12).
  public var isStripped = false
  public var vote: VoteState

  // version 1 · epoch 1 · trust 1 · deletions 1 · stripped 1 · captain 32 · bien ? · wallet ? · cell ? ·
  // head ?(id 32, author 32, created_at 8, unclaimed 1, terms) · vote
  static let recordVersion: UInt8 = 1

  func encoded() -> [UInt8] {
    var writer = RecordWriter(capacity: 512)
    writer.put(Self.recordVersion)
    writer.put(epoch)
    writer.put(trust.rawValue)
    writer.put(hasDeletions)
    writer.put(hasVoteDeletions)
    writer.put(isStripped)
    writer.put(captain)
    writer.put(optional: bien) { $0.put($1) }
    writer.put(optional: wallet) { $0.put($1) }
    writer.put(optional: cell) { $0.put($1) }
    writer.put(optional: head) {
      $0.put($1.id)
      $0.put($1.author)
      $0.put($1.createdAt)
      $0.put($1.unclaimedStatus.rawValue)
      $0.put($1.terms)
    }
    writer.put(vote)
    return writer.bytes
  }

  init(
    project: ProjectID, epoch: UInt8, trust: CampaignTrust, captain: PublicKey, bien: PublicKey?, wallet: G1Key?, cell: PublicKey?, head: Head?,
    hasDeletions: Bool = false, hasVoteDeletions: Bool = false, vote: VoteState = VoteState()
  ) {
    self.project = project
    self.epoch = epoch
    self.trust = trust
    self.captain = captain
    self.bien = bien
    self.wallet = wallet
    self.cell = cell
    self.head = head
    self.hasDeletions = hasDeletions
    self.hasVoteDeletions = hasVoteDeletions
    self.vote = vote
  }

  init(project: ProjectID, decoding bytes: [UInt8]) throws {
    let table = CrowdfundingState.campaigns
    var reader = RecordReader(bytes, of: table)
    try reader.version(Self.recordVersion)
    let epoch = try reader.uint8()
    guard let trust = CampaignTrust(rawValue: try reader.uint8()) else { throw Fault.corrupt(table, "unknown trust") }
    let hasDeletions = try reader.bool()
    let hasVoteDeletions = try reader.bool()
    let isStripped = try reader.bool()
    let captain = try reader.publicKey()
    let bien = try reader.optional { try $0.publicKey() }
    let wallet = try reader.optional { try $0.g1Key() }
    let cell = try reader.optional { try $0.publicKey() }
    let head = try reader.optional { reader in
      let id = try reader.eventID()
      let author = try reader.publicKey()
      let createdAt = try reader.uint64()
      guard let unclaimed = CampaignStatus(rawValue: try reader.uint8()) else { throw Fault.corrupt(table, "unknown status") }
      return Head(id: id, author: author, createdAt: createdAt, terms: try reader.campaignTerms(of: table), unclaimedStatus: unclaimed)
    }
    self.init(
      project: project, epoch: epoch, trust: trust, captain: captain, bien: bien, wallet: wallet, cell: cell, head: head,
      hasDeletions: hasDeletions, hasVoteDeletions: hasVoteDeletions, vote: try reader.voteState())
    self.isStripped = isStripped
  }

  static func read(_ project: ProjectID, _ state: borrowing some StateReader & ~Copyable) throws -> CampaignRecord? {
    try state.value(CrowdfundingState.campaigns, project.bytes).map { try CampaignRecord(project: project, decoding: $0) }
  }

  var change: StateChange { .put(CrowdfundingState.campaigns, key: project.bytes, value: encoded()) }

  /// Whether a key may publish versions (C11).
  func permits(_ author: PublicKey) -> Bool { author == captain || author == bien || author == cell }
}

/// The vote on ASSETS, folded so far.
public struct VoteState: Sendable, Equatable {
  public var total: Amount = .zero
  public var voters: UInt64 = 0
  /// Approved once, and then for ever.
  public var isApproved = false

  public init() {}
}

extension RecordWriter {
  mutating func put(_ vote: VoteState) {
    put(vote.total)
    put(vote.voters)
    put(vote.isApproved)
  }
}

extension RecordReader {
  mutating func voteState() throws -> VoteState {
    var vote = VoteState()
    vote.total = try amount()
    vote.voters = try uint64()
    vote.isApproved = try bool()
    return vote
  }
}
