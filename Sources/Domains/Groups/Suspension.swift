// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Who is suspended: administrators whom a minority's removal is proposed for, until it is decided. Source: groups, 6.7, GD11–GD13.
///
/// The proposals that may suspend are kept for the group, each with those whom it limits. They are taken in the order of (created_at, id), and each
/// suspends only while all who are suspended then stay a minority, itself included. So it makes no difference in which order they arrived, and one look
/// at the list answers it, however many there are.
///
/// Not Sendable: it belongs to one judgement.
final class Suspension {
  private let roles: Roles
  private let tenure: Tenure
  private var surveys: [EventID: LimitingSurvey] = [:]
  private var endings: [EventID: Ending] = [:]

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
    let records = try state.limitingRecords(of: roles.group, upTo: time, atMost: 2 * roles.options.maxLimitingProposals)
    guard let newest = records.last, newest.createdAt.saturatingAdd(GroupTimes.expiry) >= time else { return nil }
    var open: [Suspender] = []
    var suspended: [PublicKey: Int] = [:]
    for (record, covering) in zip(records, try coverings(of: records, reading: state)) {
      guard let covering, let survey = try survey(record, coveredBy: covering, reading: state), survey.suspends else { continue }
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

  // MARK: Whom it limits

  /// The node of the line that covers the time of each record; nil before the group.
  private func coverings(
    of records: [LimitingRecord], reading state: borrowing some StateReader & ~Copyable
  ) throws -> [EventID?] {
    var found = [EventID?](repeating: nil, count: records.count)
    guard let first = records.first, let last = records.last else { return found }
    found[0] = try roles.branch.node(at: first.createdAt, reading: state)?.id
    found[records.count - 1] = try roles.branch.node(at: last.createdAt, reading: state)?.id
    // Between two times that one node covers, it covers all: most lines have few nodes between so many proposals, or few proposals between nodes.
    var open = [0..<(records.count - 1)]
    while let range = open.popLast() {
      let (low, high) = (range.lowerBound, range.upperBound)
      if high - low < 2 { continue }
      if found[low] == found[high] {
        for index in (low + 1)..<high { found[index] = found[low] }
      } else {
        let middle = low + (high - low) / 2
        found[middle] = try roles.branch.node(at: records[middle].createdAt, reading: state)?.id
        open += [low..<middle, middle..<high]
      }
    }
    return found
  }

  /// nil when the proposal does not stand on this line.
  private func survey(
    _ record: LimitingRecord, coveredBy covering: EventID, reading state: borrowing some StateReader & ~Copyable
  ) throws -> LimitingSurvey? {
    if let known = surveys[record.proposal] { return known }
    if let kept = record.survey {
      guard try roles.branch.contains(kept.parent, kept.parentCreatedAt, reading: state) else { return nil }
      if kept.covering == covering, !kept.isAbridged { return kept }
    }
    guard let proposal = try state.proposal(record.proposal) else { return nil }
    if let kept = record.survey, kept.covering == covering {
      let survey = kept.completed(try Polling(proposal, roles, tenure).affectedAtProposal(reading: state))
      surveys[record.proposal] = survey
      return survey
    }
    let parent = try state.link(proposal.parent)
    guard try roles.branch.contains(parent.id, parent.createdAt, reading: state) else { return nil }
    let survey = try roles.cache.survey(of: proposal, on: parent, coveredBy: covering, roles, tenure, reading: state)
    surveys[record.proposal] = survey
    return survey
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
  /// The newest of a group's proposals that may suspend, up to a time, oldest first: what is older than twice their life is left out.
  borrowing func limitingRecords(of group: EventID, upTo time: UInt64, atMost limit: Int) throws -> [LimitingRecord] {
    var records: [LimitingRecord] = []
    let since = time.saturatingSubtract(2 * GroupTimes.expiry)
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
