// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The rules of groups: inits, proposals, votes, modifications, attestations. Source: groups spec.
///
/// The staircases stand in files of their own: `+Init` (GI), `+Proposal` (GP), `+Vote` (GV), `+Modification` (GM), `+Attestation` (GA); and so do
/// `+Label` and `+Deletion`.
/// It keeps no state; the snapshots in its cache are pure functions of the ids of accepted nodes.
public final class GroupsValidator: Validator {
  public let options: GroupsOptions
  /// What is kept from judgement to judgement.
  let cache = SnapshotCache()

  public init(options: GroupsOptions) { self.options = options }

  public var domain: Domain { .groups }
  public var ownKinds: [UInt64] { [options.kinds.initGroup] }
  public var tables: [Table] { GroupsState.tables }

  public func claim(on event: borrowing EventSlices) -> Claim {
    let kind = event.kind
    let kinds = options.kinds
    if kind == kinds.initGroup || kind == kinds.proposal || kind == kinds.vote || kind == kinds.modification || kind == kinds.attest { return .owned }
    if kind == NodeLabel.kind { return NodeLabel.isOne(event, among: Self.labels, by: options.followUps.isNode) ? .owned : .none }
    if kind == 5 { return event.hasTag("e") ? .dependsOnState : .none }
    if kind == GroupsEvent.timestampKind, options.acceptNip03 { return event.hasTag("e") ? .dependsOnState : .none }
    return .none
  }

  /// A kind 5 is ours when it names an event of a group's history, and so is a NIP-03 time stamp; one that names what is unknown may turn out to be, as
  /// a kind 5 says with its `k`.
  public func owns(_ event: Event, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    if event.kind == GroupsEvent.timestampKind { return try ownsTimestamp(event, reading: state) }
    return try event.kind == 5 && ownsDeletion(event, reading: state)
  }

  private func ownsTimestamp(_ event: Event, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    var targets: [EventID] = []
    for tag in event.tags.all(named: "e").prefix(GroupsEvent.maxTargets) {
      guard let id = tag[1].flatMap({ EventID(hex: $0) }) else { continue }
      targets.append(id)
      guard let note = try GroupsNote(try state.known(id)) else { continue }
      switch note {
      case .attestation, .label, .deletion: continue
      case .initGroup, .modification, .proposal, .vote: return true
      }
    }
    guard targets.count == 1, GroupsEvent.isTimestamp(event, of: targets[0]) else { return false }
    return try state.known(targets[0]) == nil
  }

  public func parse(_ event: VerifiedEvent, in circumstances: Circumstances, trace: CheckTrace?) throws -> GroupsEvent {
    try GroupsEvent(parsing: event, options: options, asksLimits: !circumstances.isRejudged, trace: trace)
  }

  public func decide(
    _ event: GroupsEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable, trace: CheckTrace?
  ) throws -> Verdict {
    let judgement = GroupJudgement(event: event.event, circumstances: circumstances, cache: cache.forOneJudgement, trace: trace)
    if event.group != nil { try checkDeleted(judgement, reading: state) }
    let verdict = try decide(event.content, judgement, reading: state)
    guard case .accepted(var effects) = verdict else { return verdict }
    effects.diagnostics += try ReorganisationRecord.diagnostics(of: effects.changes)
    if let group = event.group { effects.followUps += GroupsFollowUp(options).label(event.event, in: group, circumstances) }
    return .accepted(effects)
  }

  /// Accepts, keeps aside, or throws.
  private func decide(_ content: GroupsEvent.Content, _ judgement: GroupJudgement, reading state: borrowing some StateReader & ~Copyable) throws
    -> Verdict
  {
    switch content {
    case .initGroup(let content): return try decide(content, judgement, reading: state)
    case .proposal(let group, let parent, let change): return try decide(change, in: group, on: parent, judgement, reading: state)
    case .vote(let group, let proposal, let value): return try decide(vote: value, on: proposal, in: group, judgement, reading: state)
    case .modification(let content): return try decide(content, judgement, reading: state)
    case .attestation(let group, let target, let proof): return try decide(proof, of: target, in: group, judgement, reading: state)
    case .timestamp: return try decideTimestamp(judgement, reading: state)
    case .label(let label): return try decide(label, judgement, reading: state)
    case .deletion(let targets): return try decide(deletionOf: targets, judgement, reading: state)
    }
  }

  public func digest(reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {
    try GroupsDigest().feed(reading: state, into: feed)
  }

  public func isDeletion(_ known: KnownEvent) throws -> Bool { try GroupsNote(known) == .deletion }

  public func outcomes(at now: UInt64, reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {
    try GroupsDigest().feedOutcomes(reading: state, at: now, into: feed)
  }

  public func upkeep(reading state: borrowing some StateReader & ~Copyable) throws -> Effects? {
    try HeaderUpkeep(options, cache).effects(reading: state)
  }
}

/// What one judgement is about, for the staircases.
struct GroupJudgement {
  let event: VerifiedEvent
  let circumstances: Circumstances
  /// The states that it reads.
  let cache: SnapshotCache
  let trace: CheckTrace?

  /// Limits are asked of what comes for the first time alone (law 5).
  var asksLimits: Bool { !circumstances.isRejudged }

  /// Judged again from a journal: it was accepted once. What that decision found *absent* (a suspension, a vote against, a sibling), and how other groups
  /// stood then, depends on what had arrived, and cannot be asked again in every order that keeps what was read first; everything else is
  /// (`Recollection`). Bare events are judged as if they came for the first time: nothing says that they were ever accepted.
  var isRecalled: Bool { circumstances.isRejudged && !circumstances.isBare }

  func enter(_ check: StaticString) { trace?.enter(check) }

  /// GC5 and GC6; live, the group with this relay's own tip. It is not to be written.
  func group(_ id: EventID, reading state: borrowing some StateReader & ~Copyable) throws -> GroupRecord {
    try followed(try storedGroup(id, reading: state), reading: state)
  }

  /// What live events are held against, this relay's own tip. From sync, and judged again, it is the canonical one: that is the same on every relay.
  func followed(_ group: GroupRecord, reading state: borrowing some StateReader & ~Copyable) throws -> GroupRecord {
    guard circumstances.isLive, !circumstances.isRejudged else { return group }
    return try group.followed(at: circumstances.receivedAt, reading: state)
  }

  /// GC5 and GC6; the group as it is stored.
  func storedGroup(_ id: EventID, reading state: borrowing some StateReader & ~Copyable) throws -> GroupRecord {
    enter("GC5")
    guard let group = try state.group(id) else {
      // An event that is known and is no group will never become one.
      if try state.known(id) != nil { throw GroupsRejection.unknownGroup(id) }
      throw MissingDependency.group.refusal(id, GroupsRejection.unknownGroup(id), in: circumstances)
    }
    enter("GC6")
    guard event.createdAt >= group.createdAt else { throw GroupsRejection.olderThanGroup }
    return group
  }

  /// GP2 and GM1: a node of the group.
  func parent(_ id: EventID, in group: GroupRecord, reading state: borrowing some StateReader & ~Copyable) throws -> NodeRecord {
    guard let known = try state.known(id) else { throw MissingDependency.parent.refusal(id, GroupsRejection.unknownParent(id), in: circumstances) }
    guard try GroupsNote(known)?.isNode == true, let node = try state.node(id), node.group == group.id else { throw GroupsRejection.foreignParent }
    return node
  }

  /// Every group that members or an admin name is known.
  func checkReferences(_ members: [Member], _ admin: EventID?, besides own: EventID?, reading state: borrowing some StateReader & ~Copyable) throws {
    for id in members.compactMap(\.group) where id != own {
      if try state.group(id) == nil { throw MissingDependency.group.refusal(id, GroupsRejection.unknownNested(id), in: circumstances) }
    }
    if let admin, admin != own, try state.group(admin) == nil {
      throw MissingDependency.group.refusal(admin, GroupsRejection.unknownAdmin(admin), in: circumstances)
    }
  }

  /// GI8, GP7 and GM16: somebody administers; judged again, may have administered.
  func hasAdministrators(_ snapshot: GroupSnapshot, _ roles: Roles, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    if snapshot.admin == nil, snapshot.entries.contains(where: { $0.member.account != nil }) { return true }
    if try !roles.electorate(of: snapshot, at: event.createdAt, reading: state).isEmpty { return true }
    return try isRecalled && Recollection.mayHaveAdministrators(snapshot, at: event.createdAt, reading: state)
  }

  /// GP5 and GM9: whether references lead back to the group; judged again, whether they did however the others stood.
  func isCycle(_ references: [EventID], _ group: EventID, _ options: GroupsOptions, reading state: borrowing some StateReader & ~Copyable) throws
    -> Bool
  {
    if references.isEmpty { return false }
    return try Nesting(options, isCertain: isRecalled).leads(references, to: group, reading: state)
  }

  /// GC3, what the meta would come to: asked before anything is merged. What is over the limit already may shrink.
  func checkMeta(_ changes: [MetaChange], mergedInto snapshot: GroupSnapshot, _ options: GroupsOptions) throws {
    guard asksLimits, !changes.isEmpty else { return }
    enter("GC3")
    let (keys, bytes) = snapshot.metaSize(after: changes)
    let hasTooMany = keys > options.maxMetaKeys && keys > snapshot.meta.count
    let isTooLong = bytes > options.maxMetaBytes && bytes > snapshot.metaBytes
    if hasTooMany || isTooLong { throw GroupsRejection.tooLarge }
  }

  /// It came live, and so soon that nothing else has to prove its time.
  var isInTime: Bool { circumstances.isLive && circumstances.receivedAt <= event.createdAt.saturatingAdd(GroupTimes.labelWindow) }

  /// Older than a live event may be.
  func isLate(_ options: GroupsOptions) -> Bool { circumstances.receivedAt.saturatingSubtract(event.createdAt) > options.maxLagSeconds }
}
