// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// What one version of a campaign says that later events are judged by.
public struct CampaignTerms: Equatable, Sendable {
  public var status: CampaignStatus
  /// Unix seconds from which no contribution is taken.
  public var closedAt: UInt64?
  public var goals: [Goal]
  /// Goals of the JSON dialect whose `campaigns.*_active` is not true: they take no contributions.
  public var inactiveGoals: Set<GoalType>
  public var wallets: [GoalType: G1Key]
  /// SHA-256 over the owners, sorted: they are compared, not used (C14).
  public var owners: Bytes32
  /// What the owners give to the commons: it counts for ZEN_COMMONS (C13). nil in what was stored before this was read.
  public var commons: Amount?
  public var title: String
  public var identifier: Text

  /// The goal of one type, if the campaign has it and it takes contributions.
  func goal(_ type: GoalType) -> Goal? { inactiveGoals.contains(type) ? nil : goals.first { $0.type == type } }

  /// Whether anything has to be reached for the campaign to be funded.
  var hasNeededGoals: Bool { goals.contains { !$0.isOptional } }

  /// The goals that have to be reached for that.
  var neededGoals: [Goal] { goals.filter { !$0.isOptional } }

  /// What was given for a goal, when so much was collected: the owners' commons count for ZEN_COMMONS.
  func given(_ collected: Amount, for type: GoalType) -> Amount {
    guard type == .zenCommons, let commons else { return collected }
    return collected.adding(commons) ?? Amount(hundredths: .max)
  }

  /// With what the first layout does not hold, read from the version itself; unchanged where nothing is missing, or its event is not there.
  func completed(from id: EventID, reading state: borrowing some StateReader & ~Copyable) throws -> CampaignTerms {
    guard commons == nil, let raw = try state.raw(id), let event = try? Event(parsing: raw) else { return self }
    var terms = self
    let source = CampaignSource(event)
    terms.commons = Self.commons(of: (try? source.owners()) ?? [])
    if let goals = try? source.goals() { terms.goals = goals }
    return terms
  }

  static func digest(of owners: [Owner]) -> Bytes32 {
    let lines = owners.map { owner in
      var writer = RecordWriter()
      writer.put(counted: owner.name)
      writer.put(owner.mode.rawValue)
      writer.put(owner.amount)
      return writer.bytes
    }
    return SHA256.digest(of: lines.sorted { $0.lexicographicallyPrecedes($1) }.flatMap { $0 })
  }

  /// What the owners in mode commons give together; what does not fit is as much as there can be.
  static func commons(of owners: [Owner]) -> Amount {
    owners.reduce(.zero) { sum, owner in owner.mode == .commons ? sum.adding(owner.amount) ?? Amount(hundredths: .max) : sum }
  }
}

/// How terms are stored. 1: before optional goals and the owners' commons were kept.
enum TermsLayout {
  case first, second
  /// Set in a goal's type byte.
  static let optionalMark: UInt8 = 0x80
}

extension RecordWriter {
  // status 1 · closed_at ? · goals n×(type 1, with 0x80 optional, target 8) · inactive n×1 · wallets n×(type 1, key 32, text) · owners 32 · title · d
  // · commons ?(8)
  mutating func put(_ terms: CampaignTerms) {
    put(terms.status.rawValue)
    put(optional: terms.closedAt) { $0.put($1) }
    put(UInt8(terms.goals.count))
    for goal in terms.goals {
      put(goal.type.rawValue | (goal.isOptional ? TermsLayout.optionalMark : 0))
      put(goal.target)
    }
    let inactive = terms.inactiveGoals.map(\.rawValue).sorted()
    put(UInt8(inactive.count))
    for type in inactive { put(type) }
    put(UInt8(terms.wallets.count))
    for (type, wallet) in terms.wallets.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      put(type.rawValue)
      put(wallet)
    }
    put(terms.owners)
    put(counted: terms.title)
    put(counted: terms.identifier.bytes)
    put(optional: terms.commons) { $0.put($1) }
  }
}

extension RecordReader {
  mutating func campaignTerms(of table: Table, _ layout: TermsLayout) throws -> CampaignTerms {
    guard let status = CampaignStatus(rawValue: try uint8()) else { throw Fault.corrupt(table, "unknown status") }
    let closedAt = try optional { try $0.uint64() }
    let goals = try goals(of: table)
    var inactive: Set<GoalType> = []
    for _ in 0..<(try uint8()) { inactive.insert(try goalType(of: table)) }
    var wallets: [GoalType: G1Key] = [:]
    for _ in 0..<(try uint8()) {
      let type = try goalType(of: table)
      wallets[type] = try g1Key()
    }
    let owners = try bytes32()
    let title = try string()
    let identifier = Text(utf8: ArraySlice(try counted()))
    let commons = layout == .first ? nil : try optional { try $0.amount() }
    return CampaignTerms(
      status: status, closedAt: closedAt, goals: goals, inactiveGoals: inactive, wallets: wallets, owners: owners, commons: commons, title: title,
      identifier: identifier)
  }

  mutating func goals(of table: Table) throws -> [Goal] {
    var goals: [Goal] = []
    for _ in 0..<(try uint8()) {
      let mark = try uint8()
      guard let type = GoalType(rawValue: mark & ~TermsLayout.optionalMark) else { throw Fault.corrupt(table, "unknown goal") }
      goals.append(Goal(type: type, target: try amount(), isOptional: mark & TermsLayout.optionalMark != 0))
    }
    return goals
  }

  mutating func goalType(of table: Table) throws -> GoalType {
    guard let type = GoalType(rawValue: try uint8()) else { throw Fault.corrupt(table, "unknown goal") }
    return type
  }
}
