// SPDX-License-Identifier: AGPL-3.0-or-later
import Ledger
import Nostr
import Policy

/// A campaign as people and programs see it: the record, the ledger and the vote, read in one transaction.
public struct CampaignView: Sendable {
  public struct GoalFigures: Sendable {
    public let goal: Goal
    public let collected: Amount
    public let reserved: Amount
    public let isActive: Bool
  }

  public struct ContributionFigures: Sendable {
    public let id: EventID
    public let pubkey: PublicKey
    public let amount: Amount
    public let target: GoalType
    public let createdAt: UInt64
    public let state: TransferState
  }

  public let record: CampaignRecord
  /// As the ledger and the vote bear it out; draft when every version was deleted.
  public let status: CampaignStatus
  /// What the head claims beyond that.
  public let claimedStatus: CampaignStatus?
  public let goals: [GoalFigures]
  /// Distinct pubkeys that contributed; nil when it was not asked for, since it takes reading every contribution.
  public let contributors: Int?
  /// Oldest first.
  public let contributions: [ContributionFigures]
  public let voteStatus: VoteStatus
  /// Who claims the project id beside the campaign in force, and then who claims its Bien, the lowest (created_at, id) first; nobody once something
  /// vouches for it.
  public let rivals: [Rival]

  public enum VoteStatus: String, Sendable {
    /// No vote was ever open, as far as the head says.
    case none
    case open = "pending"
    case approved
    /// The campaign moved on without an approval.
    case closed

    init(_ vote: VoteState, _ head: CampaignRecord.Head?) {
      if vote.isApproved {
        self = .approved
      } else if head?.terms.status == .votePending {
        self = .open
      } else {
        self = vote.voters > 0 ? .closed : .none
      }
    }
  }

  /// - Parameters:
  ///   - newest: how many of the newest contributions are listed; nil: all.
  ///   - countsContributors: reads every contribution of the campaign.
  public init(_ record: CampaignRecord, newest: Int? = nil, countsContributors: Bool = true, reading state: borrowing some StateReader & ~Copyable)
    throws
  {
    self.record = record
    let derived = try DerivedStatus.read(record, state)
    status = derived?.status ?? .draft
    claimedStatus = derived?.claimed
    var figures: [GoalFigures] = []
    for goal in record.head?.terms.goals ?? [] {
      let totals = try Ledger.totals(of: record.project.bytes, target: goal.type.rawValue, reading: state)
      figures.append(
        GoalFigures(goal: goal, collected: totals.collected, reserved: totals.reserved, isActive: record.head?.terms.goal(goal.type) != nil))
    }
    goals = figures
    var rows: [ContributionRecord] = []
    if countsContributors || newest == nil {
      var pubkeys: Set<PublicKey> = []
      try state.scanTimed(CrowdfundingState.contributions, record.project) { position, value in
        let row = try ContributionRecord(position, decoding: value)
        pubkeys.insert(row.pubkey)
        if newest == nil { rows.append(row) }
        return true
      }
      contributors = pubkeys.count
    } else {
      contributors = nil
    }
    if let newest { rows = try Self.newest(newest, of: record.project, reading: state) }
    var listed: [ContributionFigures] = []
    for row in rows {
      let transfer = try Ledger.transfer(row.id, reading: state)
      listed.append(
        ContributionFigures(
          id: row.id, pubkey: row.pubkey, amount: row.amount, target: row.target, createdAt: row.createdAt, state: transfer?.state ?? .unknown))
    }
    contributions = listed
    voteStatus = VoteStatus(record.vote, record.head)
    rivals = try record.isRivalled ? Rival.all(of: record.project, state) + Rival.ofBien(of: record, state) : []
  }

  /// The newest contributions, oldest first, without reading the others.
  private static func newest(
    _ count: Int, of project: ProjectID, reading state: borrowing some StateReader & ~Copyable
  ) throws -> [ContributionRecord] {
    var rows: [ContributionRecord] = []
    let prefix = project.keyPrefix
    var end = prefix + [UInt8](repeating: 0xff, count: 40)
    while rows.count < count, let (key, value) = try state.last(CrowdfundingState.contributions, prefix: prefix, upTo: end) {
      var reader = RecordReader(key, of: CrowdfundingState.contributions)
      _ = try reader.fixed(prefix.count)
      let createdAt = try reader.uint64()
      rows.append(try ContributionRecord(FoldPosition(createdAt: createdAt, id: try reader.eventID()), decoding: value))
      guard let before = key.predecessor else { break }
      end = before
    }
    return rows.reversed()
  }

  /// The campaign of a project id; nil when it is unknown.
  public static func read(_ project: ProjectID, reading state: borrowing some StateReader & ~Copyable) throws -> CampaignView? {
    try CampaignRecord.read(project, state).map { try CampaignView($0, reading: state) }
  }

  /// Every campaign, by project id.
  public static func all(reading state: borrowing some StateReader & ~Copyable, _ visit: (CampaignRecord, DerivedStatus?) throws -> Bool) throws {
    try state.scan(CrowdfundingState.campaigns, prefix: []) { key, value in
      let record = try CampaignRecord(
        project: try CrowdfundingState.project(key, in: CrowdfundingState.campaigns), decoding: value, completing: state)
      return try visit(record, try DerivedStatus.read(record, state))
    }
  }
}
