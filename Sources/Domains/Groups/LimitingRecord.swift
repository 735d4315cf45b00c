// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// An administrator's proposal that suspends those whom it limits, in the group's list, in the order in which they are looked at.
struct LimitingRecord: Sendable, Equatable {
  let proposal: EventID
  let createdAt: UInt64
  let author: PublicKey
  /// Whom it limits; nil where all of it has to be worked out: where an earlier version of this program wrote the row, and where too many of too many
  /// are not tenured.
  let survey: LimitingSurvey?

  /// So many accounts are kept with a proposal; those of one that limits more are looked up when they are asked for.
  static let maxAccounts = 256
  /// So many proposals that limit more may be open in a group.
  static let maxWide = 4

  var isWide: Bool { survey?.isAbridged ?? true }

  init(_ proposal: ProposalRecord, _ survey: LimitingSurvey) {
    self.proposal = proposal.id
    createdAt = proposal.createdAt
    author = proposal.author
    let isShort = survey.accounts <= Self.maxAccounts
    self.survey = isShort ? survey : survey.others.count <= Self.maxAccounts ? survey.abridged : nil
  }

  // key: group 32 · created_at 8 · proposal 32; value: author 32 · version 1 · survey ?(parent 32 · its created_at 8 · covering node 32 ·
  // administrators 4 · weight 4 · most 4 · abridged 1 · tenured n×32 · others n×32); without a version: the author alone
  func change(in group: EventID) -> StateChange {
    var value = RecordWriter(capacity: 160)
    value.put(author)
    value.put(UInt8(1))
    value.put(optional: survey) { writer, survey in
      writer.put(survey.parent)
      writer.put(survey.parentCreatedAt)
      writer.put(survey.covering)
      for number in [survey.administrators, survey.weight, survey.most] { writer.put(UInt32(clamping: number)) }
      writer.put(survey.isAbridged)
      writer.put(list: survey.tenured) { $0.put($1) }
      writer.put(list: survey.others) { $0.put($1) }
    }
    return .put(GroupsState.limiting, key: GroupsState.timedKey(group, createdAt, proposal), value: value.bytes)
  }

  init(key: [UInt8], decoding bytes: [UInt8]) throws {
    let table = GroupsState.limiting
    var keys = RecordReader(Array(key.dropFirst(32)), of: table)
    createdAt = try keys.uint64()
    proposal = try keys.eventID()
    var reader = RecordReader(bytes, of: table)
    author = try reader.publicKey()
    guard !reader.isAtEnd else {
      survey = nil
      return
    }
    try reader.version(1)
    survey = try reader.optional { reader in
      let parent = try reader.eventID()
      let parentCreatedAt = try reader.uint64()
      let covering = try reader.eventID()
      let numbers = (Int(try reader.uint32()), Int(try reader.uint32()), Int(try reader.uint32()))
      return LimitingSurvey(
        parent: parent, parentCreatedAt: parentCreatedAt, covering: covering, administrators: numbers.0, weight: numbers.1, most: numbers.2,
        isAbridged: try reader.bool(), tenured: try reader.list { try $0.publicKey() }, others: try reader.list { try $0.publicKey() })
    }
  }
}

/// What a proposal limits at its own time, on one line of its group: enough to say later whom it suspends, without looking at the members again.
///
/// Where no other group counts, it follows from the proposal and the node that covers its time; where others do, it is what was known of them when the
/// proposal came.
struct LimitingSurvey: Sendable, Equatable {
  let parent: EventID
  let parentCreatedAt: UInt64
  /// The node that covers the proposal's time.
  let covering: EventID
  /// How many accounts administered.
  let administrators: Int
  /// Of all who may vote.
  let weight: Int
  /// The greatest weight that one account's vote can move.
  let most: Int
  /// The tenured are left out, being too many: all that the proposal limits but for the others.
  var isAbridged: Bool
  /// Those limited who are suspended by it, if it suspends at all; and the others who are limited.
  var tenured: [PublicKey]
  let others: [PublicKey]

  var accounts: Int { tenured.count + others.count }
  /// Whether it could suspend anybody: somebody tenured is limited, and a minority by itself.
  var suspends: Bool { !tenured.isEmpty && 2 * accounts < administrators }

  /// For the list: without the tenured.
  var abridged: LimitingSurvey {
    var survey = self
    survey.isAbridged = true
    survey.tenured = []
    return survey
  }

  /// With those whom the proposal limits.
  func completed(_ affected: Set<PublicKey>) -> LimitingSurvey {
    var survey = self
    survey.isAbridged = false
    survey.tenured = Array(affected.subtracting(others))
    return survey
  }

  init(
    parent: EventID, parentCreatedAt: UInt64, covering: EventID, administrators: Int, weight: Int, most: Int, isAbridged: Bool = false,
    tenured: [PublicKey], others: [PublicKey]
  ) {
    self.parent = parent
    self.parentCreatedAt = parentCreatedAt
    self.covering = covering
    self.administrators = administrators
    self.weight = weight
    self.most = most
    self.isAbridged = isAbridged
    self.tenured = tenured
    self.others = others
  }

  /// On the line of `roles`, which holds the proposal's parent.
  init(
    _ proposal: ProposalRecord, on parent: NodeLink, coveredBy covering: EventID, _ roles: Roles, _ tenure: Tenure,
    reading state: borrowing some StateReader & ~Copyable
  ) throws {
    var tenured: [PublicKey] = []
    var others: [PublicKey] = []
    var extent = (accounts: 0, greatestWeight: 1)
    var weight = 0
    if try roles.isAdministrator(proposal.author, at: proposal.createdAt, reading: state) {
      let polling = Polling(proposal, roles, tenure)
      let affected = try polling.affectedAtProposal(reading: state).sorted()
      for account in affected {
        if try tenure.isTenured(account, oneOf: affected.count, at: proposal.createdAt, reading: state) {
          tenured.append(account)
        } else {
          others.append(account)
        }
      }
      if !tenured.isEmpty {
        extent = try roles.electorate(of: roles.group, at: proposal.createdAt, reading: state).extent
        weight = try polling.tally(Ballots(), named: nil, reading: state).weight
      }
    }
    self.init(
      parent: parent.id, parentCreatedAt: parent.createdAt, covering: covering, administrators: extent.accounts, weight: weight,
      most: extent.greatestWeight, tenured: tenured, others: others)
  }

  /// What it holds on the heap.
  var heapBytes: Int { 2 * GroupSnapshot.bytesAroundArray + 32 * (tenured.capacity + others.capacity) }
}
