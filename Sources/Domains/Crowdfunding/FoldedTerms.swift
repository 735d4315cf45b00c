// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// As much of a version's terms as a fold compares: read from a stored row without making texts and tables of what nobody asks.
struct FoldedTerms {
  let status: CampaignStatus
  let closedAt: UInt64?
  let goals: [Goal]
  /// One bit for each type of goal that takes no contributions.
  private let inactiveBits: UInt8
  /// Type and key of each wallet, in the order of the types: two spellings of one key are one wallet.
  let wallets: [UInt8]
  let owners: Bytes32
  /// Whether optional goals were kept when it was stored: before that they cannot be compared.
  let knowsOptional: Bool

  init(_ terms: CampaignTerms) {
    status = terms.status
    closedAt = terms.closedAt
    goals = terms.goals
    inactiveBits = terms.inactiveGoals.reduce(0) { $0 | 1 << $1.rawValue }
    wallets = terms.wallets.sorted { $0.key.rawValue < $1.key.rawValue }.flatMap { [$0.key.rawValue] + $0.value.key.bytes }
    owners = terms.owners
    knowsOptional = terms.commons != nil
  }

  /// Reads what `RecordWriter.put(_: CampaignTerms)` wrote, and goes past it as far as the `d` and whether commons are there.
  /// - Returns: the terms, and the bytes of the `d`.
  static func read(_ reader: inout RecordReader, of table: Table, _ layout: TermsLayout) throws -> (FoldedTerms, identifier: ArraySlice<UInt8>) {
    guard let status = CampaignStatus(rawValue: try reader.uint8()) else { throw Fault.corrupt(table, "unknown status") }
    let closedAt = try reader.optional { try $0.uint64() }
    let goals = try reader.goals(of: table)
    var inactiveBits: UInt8 = 0
    for _ in 0..<(try reader.uint8()) { inactiveBits |= 1 << (try reader.goalType(of: table).rawValue) }
    var wallets: [UInt8] = []
    for _ in 0..<(try reader.uint8()) {
      wallets.append(try reader.uint8())
      wallets += try reader.fixed(32)
      _ = try reader.fixed(Int(try reader.uint32()))
    }
    let owners = try reader.bytes32()
    _ = try reader.fixed(Int(try reader.uint32()))
    let identifier = try reader.fixed(Int(try reader.uint32()))
    let knowsOptional = try layout == .second && reader.bool()
    let terms = FoldedTerms(
      status: status, closedAt: closedAt, goals: goals, inactiveBits: inactiveBits, wallets: wallets, owners: owners, knowsOptional: knowsOptional)
    return (terms, identifier)
  }

  private init(
    status: CampaignStatus, closedAt: UInt64?, goals: [Goal], inactiveBits: UInt8, wallets: [UInt8], owners: Bytes32, knowsOptional: Bool
  ) {
    self.status = status
    self.closedAt = closedAt
    self.goals = goals
    self.inactiveBits = inactiveBits
    self.wallets = wallets
    self.owners = owners
    self.knowsOptional = knowsOptional
  }

  func takes(_ type: GoalType) -> Bool { inactiveBits & 1 << type.rawValue == 0 && goals.contains { $0.type == type } }
}

extension FoldedTerms: PhaseTerms {}
extension CampaignTerms: PhaseTerms {
  func takes(_ type: GoalType) -> Bool { goal(type) != nil }
}

/// What says in which phase a campaign is.
protocol PhaseTerms {
  var status: CampaignStatus { get }
  var closedAt: UInt64? { get }
  /// Whether it has a goal of that type that takes contributions.
  func takes(_ type: GoalType) -> Bool
}

extension PhaseTerms {
  /// Why these terms take no contribution to a goal at a time (K5, K7); nil when they do.
  func refusal(of target: GoalType, at time: UInt64) -> Rejection? {
    if status != .crowdfunding { return CrowdfundingRejection.notActive(status.name) }
    if let closedAt, time >= closedAt { return CrowdfundingRejection.notActive("closed") }
    return takes(target) ? nil : CrowdfundingRejection.noSuchGoal
  }
}
