// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// A proposal that may suspend those whom it limits: an administrator's in the group's list, in the order in which they are looked at; or one that could
/// suspend nobody when it came (`DormantProposals`).
struct LimitingRecord: Sendable, Equatable {
  let proposal: EventID
  let createdAt: UInt64
  let author: PublicKey
  /// Whom it limits; nil where all of it has to be worked out: where an earlier version of this program wrote the row, where too many of too many are not
  /// tenured, and where its author did not administer when it came.
  let survey: LimitingSurvey?
  /// It could suspend nobody when it came.
  var isDormant = false

  /// So many accounts are kept with a proposal; those of one that limits more are looked up when they are asked for.
  static let maxAccounts = 256
  /// So many proposals that limit more may be open in a group.
  static let maxWide = 4

  var isWide: Bool { survey?.isAbridged ?? true }

  init(_ proposal: ProposalRecord, _ survey: LimitingSurvey?) {
    self.proposal = proposal.id
    createdAt = proposal.createdAt
    author = proposal.author
    guard let survey else {
      self.survey = nil
      return
    }
    let isShort = survey.accounts <= Self.maxAccounts
    self.survey = isShort ? survey : survey.others.count <= Self.maxAccounts ? survey.abridged : nil
  }

  /// Its row in the group's list.
  func listed(in group: EventID) -> StateChange {
    .put(GroupsState.limiting, key: GroupsState.timedKey(group, createdAt, proposal), value: value)
  }

  /// Its row among those that suspend nobody yet.
  func dormant(in group: EventID) -> StateChange {
    var key = RecordWriter(capacity: 112)
    key.put(fixed: GroupsState.dormantPrefix(group))
    key.put(author)
    key.put(createdAt)
    key.put(proposal)
    return .put(GroupsState.notes, key: key.bytes, value: value)
  }

  // author 32 · version 1 · survey ?(parent 32 · its created_at 8 · covering node 32 · administrators 4 · weight 4 · most 4 · abridged 1 ·
  // tenured n×32 · others n×32 · mark ?8); version 1: without the mark; without a version: the author alone
  private var value: [UInt8] {
    var value = RecordWriter(capacity: 176)
    value.put(author)
    value.put(UInt8(2))
    value.put(optional: survey) { writer, survey in
      writer.put(survey.parent)
      writer.put(survey.parentCreatedAt)
      writer.put(survey.covering)
      for number in [survey.administrators, survey.weight, survey.most] { writer.put(UInt32(clamping: number)) }
      writer.put(survey.isAbridged)
      writer.put(list: survey.tenured) { $0.put($1) }
      writer.put(list: survey.others) { $0.put($1) }
      writer.put(optional: survey.mark) { $0.put($1) }
    }
    return value.bytes
  }

  /// - Parameter key: in the group's list: group 32 · created_at 8 · proposal 32.
  init(key: [UInt8], decoding bytes: [UInt8]) throws {
    var keys = RecordReader(Array(key.dropFirst(32)), of: GroupsState.limiting)
    try self.init(createdAt: keys.uint64(), proposal: keys.eventID(), decoding: bytes)
  }

  init(createdAt: UInt64, proposal: EventID, decoding bytes: [UInt8]) throws {
    self.createdAt = createdAt
    self.proposal = proposal
    var reader = RecordReader(bytes, of: GroupsState.limiting)
    author = try reader.publicKey()
    guard !reader.isAtEnd else {
      survey = nil
      return
    }
    let version = try reader.uint8()
    guard (1...2).contains(version) else { throw Fault.corrupt(GroupsState.limiting, "unknown version") }
    survey = try reader.optional { reader in
      let parent = try reader.eventID()
      let parentCreatedAt = try reader.uint64()
      let covering = try reader.eventID()
      let numbers = (Int(try reader.uint32()), Int(try reader.uint32()), Int(try reader.uint32()))
      return LimitingSurvey(
        parent: parent, parentCreatedAt: parentCreatedAt, covering: covering, administrators: numbers.0, weight: numbers.1, most: numbers.2,
        isAbridged: try reader.bool(), tenured: try reader.list { try $0.publicKey() }, others: try reader.list { try $0.publicKey() },
        mark: version > 1 ? try reader.optional { try $0.uint64() } : nil)
    }
  }
}

/// What a proposal limits at its own time, on one line of its group: enough to say later whom it suspends, without looking at the members again.
///
/// It follows from the proposal, the node that covers its time, and those that cover it in other groups that count, for which the mark stands. Where
/// these are too many for one, it is what was known of them when the proposal came.
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
  private(set) var others: [PublicKey]
  /// Of the other groups (`OtherGroups`).
  let mark: UInt64?

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

  /// Where it suspends nobody: without all whom it limits.
  var muted: LimitingSurvey {
    var survey = self
    survey.tenured = []
    survey.others = []
    return survey
  }

  /// Whether it is the same on a line on which a node covers the proposal's time, while others stand as a mark says.
  func holds(coveredBy node: EventID, _ mark: UInt64?) -> Bool {
    covering == node && (mark == nil || mark == OtherGroups.none || mark == self.mark)
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
    tenured: [PublicKey], others: [PublicKey], mark: UInt64?
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
    self.mark = mark
  }

  /// On the line of `roles`, which holds the proposal's parent.
  init(
    _ proposal: ProposalRecord, on parent: NodeLink, coveredBy covering: EventID, _ mark: UInt64?, _ roles: Roles, _ tenure: Tenure,
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
        // Only of one that suspends the votes are ever counted.
        if 2 * affected.count < extent.accounts { weight = try polling.tally(Ballots(), named: nil, reading: state).weight }
      }
    }
    self.init(
      parent: parent.id, parentCreatedAt: parent.createdAt, covering: covering, administrators: extent.accounts, weight: weight,
      most: extent.greatestWeight, tenured: tenured, others: others, mark: mark)
  }

  /// What it holds on the heap.
  var heapBytes: Int { 2 * GroupSnapshot.bytesAroundArray + 32 * (tenured.capacity + others.capacity) }
}
