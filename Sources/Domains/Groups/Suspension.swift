// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Who is suspended: administrators whom a minority's removal is proposed for, until it is decided. Source: groups, 6.7, GD11–GD13.
///
/// The proposals that may suspend are kept for the group, each with those whom it limits. They are taken in the order of (created_at, id), and each
/// suspends only while all who are suspended then stay a minority, itself included. So it makes no difference in which order they arrived, and one look
/// at the list answers it, however many there are. Those that could suspend nobody when they came are looked at with them, as far as their authors ever
/// counted: nor does it make a difference whether a node came before or after the proposals that it stands behind.
///
/// Not Sendable: it belongs to one judgement.
final class Suspension {
  private let roles: Roles
  private let tenure: Tenure
  private var surveys: [EventID: LimitingSurvey] = [:]
  private var endings: [EventID: Ending] = [:]

  /// So many of the dormant proposals, by those who administered, and of those that other groups' late nodes touch, are worked out anew at a time; such as
  /// take groups or hundreds of members count for more.
  private static let maxAwakened = 64
  private var left = Suspension.maxAwakened
  private static let broadCounts = 16

  /// When a proposal is over, but for the majority of the tenth day, which is counted when it is asked for.
  private struct Ending {
    /// Implemented on this line, or thirty days old.
    let at: UInt64
    var hadMajority: Bool?
  }

  private struct Suspender {
    let record: LimitingRecord
    let survey: LimitingSurvey
  }

  init(_ roles: Roles, _ tenure: Tenure) {
    self.roles = roles
    self.tenure = tenure
  }

  /// The first proposal that suspends an account at a time; nil when none does.
  func suspends(_ account: PublicKey, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> EventID? {
    let records = try records(upTo: time, reading: state)
    guard let newest = records.last, newest.createdAt.saturatingAdd(GroupTimes.expiry) >= time else { return nil }
    let times = records.map(\.createdAt)
    var looks = Int.max
    guard let coverings = try roles.branch.nodes(at: times, atMost: &looks, reading: state) else { return nil }
    let marks = try OtherGroups(roles, tenure, reading: state).marks(at: times, reading: state)
    var open: [Suspender] = []
    var suspended: [PublicKey: Int] = [:]
    for (index, record) in records.enumerated() {
      guard let covering = coverings[index] else { continue }
      guard let survey = try survey(record, coveredBy: covering, marks[index], reading: state), survey.suspends else { continue }
      var standing: [Suspender] = []
      for suspender in open {
        if try isOver(suspender, at: record.createdAt, reading: state) {
          for account in suspender.survey.tenured { suspended[account] = suspended[account].flatMap { $0 > 1 ? $0 - 1 : nil } }
        } else {
          standing.append(suspender)
        }
      }
      open = standing
      guard suspended[record.author] == nil else { continue }
      let more = (survey.tenured + survey.others).count { suspended[$0] == nil }
      guard 2 * (suspended.count + more) < survey.administrators else { continue }
      open.append(Suspender(record: record, survey: survey))
      for account in survey.tenured { suspended[account, default: 0] += 1 }
    }
    guard suspended[account] != nil else { return nil }
    return try open.first { try $0.survey.tenured.contains(account) && !isOver($0, at: time, reading: state) }?.record.proposal
  }

  /// Those that may suspend, up to a time, oldest first: what is older than twice their life is left out.
  private func records(upTo time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> [LimitingRecord] {
    let since = time.saturatingSubtract(2 * GroupTimes.expiry)
    let limit = roles.options.maxLimitingProposals
    let listed = try state.limitingRecords(of: roles.group, after: since, upTo: time, atMost: 2 * limit)
    let dormant = try DormantProposals(of: roles.group).records(after: since, upTo: time, atMost: limit, tenure, reading: state)
    if dormant.isEmpty { return listed }
    return (listed + dormant).sorted { ($0.createdAt, $0.proposal) < ($1.createdAt, $1.proposal) }
  }

  // MARK: Whom it limits

  /// - Returns: nil when the proposal does not stand on this line, and when it is a dormant one that suspends nobody.
  private func survey(
    _ record: LimitingRecord, coveredBy covering: EventID, _ mark: UInt64?, reading state: borrowing some StateReader & ~Copyable
  ) throws -> LimitingSurvey? {
    if let known = surveys[record.proposal] { return known }
    var isKept = false
    if let kept = record.survey {
      guard try roles.branch.contains(kept.parent, kept.parentCreatedAt, reading: state) else { return nil }
      isKept = kept.holds(coveredBy: covering, mark)
      // Where other groups alone have changed, no more are worked out anew than that: what was known when it came is believed.
      if left <= 0, kept.covering == covering { isKept = true }
      if isKept, !kept.isAbridged { return kept }
    }
    guard let proposal = try state.proposal(record.proposal) else { return nil }
    if isKept, let kept = record.survey {
      let survey = kept.completed(try Polling(proposal, roles, tenure).affectedAtProposal(reading: state))
      surveys[record.proposal] = survey
      return survey
    }
    let parent = try state.link(proposal.parent)
    guard try roles.branch.contains(parent.id, parent.createdAt, reading: state) else { return nil }
    if record.isDormant {
      guard left > 0, try roles.isAdministrator(record.author, at: record.createdAt, reading: state) else { return nil }
    }
    if record.isDormant || record.survey?.covering == covering {
      left -= try isBroad(proposal.change, coveredBy: covering, reading: state) ? Self.broadCounts : 1
    }
    let survey = try roles.cache.survey(of: proposal, on: parent, coveredBy: covering, mark, roles, tenure, reading: state)
    surveys[record.proposal] = survey
    return survey
  }

  /// Whether it takes more than single accounts, or very many.
  private func isBroad(_ change: ResolvedChange, coveredBy node: EventID, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    if change.admin != nil || change.removes.count > LimitingRecord.maxAccounts { return true }
    let snapshot = try roles.cache.snapshot(at: node, reading: state)
    return change.removes.contains { id in snapshot.index(of: id).map { snapshot.entries[$0].member.group != nil } ?? false }
  }

  // MARK: How long

  /// Implemented on this line, expired, or without a majority after ten days.
  private func isOver(_ suspender: Suspender, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    let record = suspender.record
    var ending = try endings[record.proposal] ?? Ending(at: self.end(of: record, reading: state))
    defer { endings[record.proposal] = ending }
    if time >= ending.at { return true }
    guard time > record.createdAt.saturatingAdd(GroupTimes.majority) else { return false }
    let hadMajority = try ending.hadMajority ?? self.hadMajority(suspender, reading: state)
    ending.hadMajority = hadMajority
    return !hadMajority
  }

  private func end(of record: LimitingRecord, reading state: borrowing some StateReader & ~Copyable) throws -> UInt64 {
    let end = record.createdAt.saturatingAdd(GroupTimes.expiry).saturatingAdd(1)
    let done = try roles.implementations.node(of: record.proposal, since: record.createdAt, reading: state)
    return min(end, done?.createdAt ?? end)
  }

  private func hadMajority(_ suspender: Suspender, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    guard let proposal = try state.proposal(suspender.record.proposal) else { return false }
    let polling = Polling(proposal, roles, tenure)
    // Nobody has to be counted where even all who were for it could not be half.
    let supporters = try polling.supportersAtTenthDay(reading: state)
    if 2 * supporters * suspender.survey.most <= suspender.survey.weight { return false }
    return try polling.hadMajority(reading: state)
  }
}

extension StateReader where Self: ~Copyable {
  /// The newest of a group's list of proposals that may suspend, from a time up to another, oldest first.
  borrowing func limitingRecords(of group: EventID, after since: UInt64, upTo time: UInt64, atMost limit: Int) throws -> [LimitingRecord] {
    var records: [LimitingRecord] = []
    try newest(GroupsState.limiting, prefix: group.bytes, upTo: GroupsState.timeKey(group, time) + [UInt8](repeating: 0xff, count: 32)) {
      key, value in
      let record = try LimitingRecord(key: key, decoding: value)
      guard record.createdAt >= since else { return false }
      records.append(record)
      return records.count < limit
    }
    return records.reversed()
  }

  /// Visits the rows of a table whose keys have one length, newest first, until `visit` returns false.
  borrowing func newest(
    _ table: Table, prefix: [UInt8], upTo key: [UInt8], _ visit: (_ key: [UInt8], _ value: [UInt8]) throws -> Bool
  ) throws {
    var end = key
    while let row = try last(table, prefix: prefix, upTo: end) {
      guard try visit(row.key, row.value), let before = Self.predecessor(of: row.key) else { return }
      end = before
    }
  }

  /// The greatest key of the same length below a key.
  static func predecessor(of key: [UInt8]) -> [UInt8]? {
    var bytes = key
    for index in bytes.indices.reversed() {
      if bytes[index] > 0 {
        bytes[index] -= 1
        return bytes
      }
      bytes[index] = 0xff
    }
    return nil
  }
}
