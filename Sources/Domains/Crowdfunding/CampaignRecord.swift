// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
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
  /// The newest version in force, also where it was deleted.
  var latest: Head?
  /// Where the newest version in force was deleted, as it holds here.
  var deletedAt: FoldPosition?
  /// Some version was deleted by its author: money and votes have to be looked at to know whether that holds.
  var hasDeletions = false
  /// Some vote was taken back: then the order of the votes matters; without, sums are sums.
  var hasVoteDeletions = false
  /// Whether the fold of all known events has it deleted, which other relays agree on.
  var isDeletedInFold = false
  /// It lost its Bien to a trusted campaign (C12).
  public var isStripped = false
  /// created_at of the version with which the campaign began, or began again after a deletion.
  var begunAt: UInt64 = 0
  /// Money or votes were accepted live: versions from this time on are not deleted here by what comes from sync.
  var keptFrom: UInt64?
  /// The vote as it holds here.
  public var vote = VoteState()
  /// A live event brought the approval about: nothing from sync undoes it.
  var isApprovedHere = false
  /// The vote as all known events fold, which other relays agree on; nil where it has to be folded first.
  var tally: VoteTally?

  /// The owners of the newest version in force in the fold, and those that the approval here was for.
  var foldOwners: Bytes32?
  var approvedOwners: Bytes32?
  /// What operators resolved: whether the vote is approved, and whether the campaign is deleted.
  var votesResolved = Resolutions()
  var deletionResolved = Resolutions()
  /// A decision here, or one that a node of the constellation announced, is another than that of the fold (constellation spec, rule 4).
  public var isDisputed = false
  /// Others claim the project id (rule 4, *Rivals*).
  var hasRivals = false
  /// Other projects claim its Bien, or its wallet.
  var hasBienRivals = false

  /// Its Bien, and nobody else, took the project id from a campaign that was not its own.
  var isTakenOver = false

  /// Nothing vouches for this campaign, nor for the others that claim the project id or the Bien.
  public var isRivalled: Bool { (hasRivals || hasBienRivals) && trust == .none }
  /// Which campaign is meant is disputed.
  public var isContested: Bool { isRivalled || isTakenOver && trust < .captain }

  /// The newest version in force; nil when it was deleted.
  public var head: Head? { isDeleted ? nil : latest }
  /// Whether it is deleted here.
  public var isDeleted: Bool { deletionResolved.inForce.map { $0 == .deleted } ?? (deletedAt != nil) }

  // version 1 · epoch 1 · trust 1 · deletions 1 · vote deletions 1 · stripped 1 · captain 32 · bien ? · wallet ? · cell ? ·
  // latest ?(id 32, author 32, created_at 8, unclaimed 1, terms) · vote; from version 2 on also:
  // deleted at ?(created_at 8, id 32) · begun at 8 · kept from ?8 · approved here 1 · tally ?; from version 3 on also:
  // marks 1 (1 deleted in the fold, 2 unused, 4 disputed, 8 rivals, 16 of its Bien, 32 taken over) · fold's owners ?32 · approved owners ?32 ·
  // vote resolved: own 1, in force 1 · deletion resolved: own 1, in force 1 (0 none)
  static let recordVersion: UInt8 = 3

  func encoded() -> [UInt8] {
    var writer = RecordWriter(capacity: 640)
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
    writer.put(optional: latest) {
      $0.put($1.id)
      $0.put($1.author)
      $0.put($1.createdAt)
      $0.put($1.unclaimedStatus.rawValue)
      $0.put($1.terms)
    }
    writer.put(vote)
    writer.put(optional: deletedAt) { $0.put($1) }
    writer.put(begunAt)
    writer.put(optional: keptFrom) { $0.put($1) }
    writer.put(isApprovedHere)
    writer.put(optional: tally) { $0.put($1) }
    let contest = (hasRivals ? 8 : 0) | (hasBienRivals ? 16 : 0) | (isTakenOver ? 32 : 0) as UInt8
    writer.put((isDeletedInFold ? 1 : 0) | (isDisputed ? 4 : 0) | contest)
    writer.put(optional: foldOwners) { $0.put($1) }
    writer.put(optional: approvedOwners) { $0.put($1) }
    for resolutions in [votesResolved, deletionResolved] {
      writer.put(resolutions.own?.code ?? 0)
      writer.put(resolutions.inForce?.code ?? 0)
    }
    return writer.bytes
  }

  init(project: ProjectID, epoch: UInt8, trust: CampaignTrust, captain: PublicKey, bien: PublicKey?, wallet: G1Key?, cell: PublicKey?) {
    self.project = project
    self.epoch = epoch
    self.trust = trust
    self.captain = captain
    self.bien = bien
    self.wallet = wallet
    self.cell = cell
  }

  init(project: ProjectID, decoding bytes: [UInt8]) throws {
    let table = CrowdfundingState.campaigns
    var reader = RecordReader(bytes, of: table)
    let version = try reader.uint8()
    guard (1...Self.recordVersion).contains(version) else { throw Fault.corrupt(table, "record version \(version)") }
    let epoch = try reader.uint8()
    guard let trust = CampaignTrust(rawValue: try reader.uint8()) else { throw Fault.corrupt(table, "unknown trust") }
    let hasDeletions = try reader.bool()
    let hasVoteDeletions = try reader.bool()
    let isStripped = try reader.bool()
    let captain = try reader.publicKey()
    let bien = try reader.optional { try $0.publicKey() }
    let wallet = try reader.optional { try $0.g1Key() }
    self.init(
      project: project, epoch: epoch, trust: trust, captain: captain, bien: bien, wallet: wallet, cell: try reader.optional { try $0.publicKey() })
    self.hasDeletions = hasDeletions
    self.hasVoteDeletions = hasVoteDeletions
    self.isStripped = isStripped
    latest = try reader.optional { reader in
      let id = try reader.eventID()
      let author = try reader.publicKey()
      let createdAt = try reader.uint64()
      guard let unclaimed = CampaignStatus(rawValue: try reader.uint8()) else { throw Fault.corrupt(table, "unknown status") }
      let terms = try reader.campaignTerms(of: table, version == 1 ? .first : .second)
      return Head(id: id, author: author, createdAt: createdAt, terms: terms, unclaimedStatus: unclaimed)
    }
    vote = try reader.voteState()
    foldOwners = latest?.terms.owners
    guard version > 1 else {
      // Who brought an approval about was not kept then.
      isApprovedHere = vote.isApproved
      return
    }
    deletedAt = try reader.optional { try $0.foldPosition() }
    begunAt = try reader.uint64()
    keptFrom = try reader.optional { try $0.uint64() }
    isApprovedHere = try reader.bool()
    tally = try reader.optional { try $0.voteTally() }
    guard version > 2 else {
      isDeletedInFold = deletedAt != nil
      // Deletions without labels were folded into it.
      if hasVoteDeletions { tally = nil }
      return
    }
    let marks = try reader.uint8()
    (isDeletedInFold, isDisputed) = (marks & 1 != 0, marks & 4 != 0)
    (hasRivals, hasBienRivals, isTakenOver) = (marks & 8 != 0, marks & 16 != 0, marks & 32 != 0)
    foldOwners = try reader.optional { try $0.bytes32() }
    approvedOwners = try reader.optional { try $0.bytes32() }
    votesResolved = Resolutions(own: Resolution(code: try reader.uint8()), inForce: Resolution(code: try reader.uint8()))
    deletionResolved = Resolutions(own: Resolution(code: try reader.uint8()), inForce: Resolution(code: try reader.uint8()))
  }

  static func read(_ project: ProjectID, _ state: borrowing some StateReader & ~Copyable) throws -> CampaignRecord? {
    guard let bytes = try state.value(CrowdfundingState.campaigns, project.bytes) else { return nil }
    return try CampaignRecord(project: project, decoding: bytes, completing: state)
  }

  /// As it is stored. What a record of before does not hold of its newest version is read from the event itself, and whether money or votes keep that
  /// version here from what there are.
  init(project: ProjectID, decoding bytes: [UInt8], completing state: borrowing some StateReader & ~Copyable) throws {
    try self.init(project: project, decoding: bytes)
    if bytes.first == 1, hasDeletions, let latest {
      // A version that is in force in spite of deletions: those before it stay as they were held.
      begunAt = latest.createdAt
      if try state.hasLiveActivity(project) { keptFrom = begunAt }
    }
    guard let latest, latest.terms.commons == nil else { return }
    let terms = try latest.terms.completed(from: latest.id, reading: state)
    self.latest = Head(id: latest.id, author: latest.author, createdAt: latest.createdAt, terms: terms, unclaimedStatus: latest.unclaimedStatus)
  }

  var change: StateChange { .put(CrowdfundingState.campaigns, key: project.bytes, value: encoded()) }

  /// Whether a key may publish versions (C11).
  func permits(_ author: PublicKey) -> Bool { author == captain || author == bien || author == cell }
}

/// A vote on ASSETS, added up.
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
