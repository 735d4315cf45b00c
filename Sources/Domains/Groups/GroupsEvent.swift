// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// An event in the groups' terms: its shape is right, the state was not asked.
public struct GroupsEvent: Sendable {
  enum Content: Sendable {
    case initGroup(InitContent)
    case proposal(group: EventID, parent: EventID, GroupChange)
    case vote(group: EventID, proposal: EventID, value: Bool)
    case modification(ModificationContent)
    case attestation(group: EventID, target: EventID, TimestampProof?)
    /// NIP-03: whether it is ours, and then whether its shape is right, depends on what it names.
    case timestamp
    case deletion([EventID])
    /// By a node of the constellation.
    case label(NodeLabel)
  }

  let event: VerifiedEvent
  let content: Content

  /// The group whose event it is; nil for what only names events of groups.
  var group: EventID? {
    switch content {
    case .initGroup: event.id
    case .proposal(let group, _, _), .vote(let group, _, _), .attestation(let group, _, _): group
    case .modification(let content): content.group
    case .timestamp, .deletion, .label: nil
    }
  }

  /// How many targets of one deletion are looked at; strfry allows 2000 tags.
  static let maxTargets = 2000
  static let timestampKind: UInt64 = 1040

  /// The context-free checks, in the spec's order. Throws a `Rejection`.
  ///
  /// - Parameter asksLimits: it comes for the first time.
  init(parsing event: VerifiedEvent, options: GroupsOptions, asksLimits: Bool, trace: CheckTrace?) throws {
    self.event = event
    switch event.kind {
    case 5: content = .deletion(event.tags.all(named: "e").prefix(Self.maxTargets).compactMap { $0[1].flatMap { EventID(hex: $0) } })
    case Self.timestampKind: content = .timestamp
    case NodeLabel.kind:
      guard let label = NodeLabel(event, among: GroupsValidator.labels) else { throw GroupsRejection.labelWithoutEvent }
      content = .label(label)
    default:
      try Self.checkEnvelope(event, trace: trace)
      if event.kind == options.kinds.initGroup {
        trace?.enter("GC4")
        guard event.tags.count(named: "group") == 0 else { throw GroupsRejection.initWithGroup }
        content = .initGroup(try InitContent(parsing: event, options: options, trace: trace))
      } else {
        content = try Self.content(of: event, try Self.group(of: event, trace: trace), options: options, trace: trace)
      }
      if asksLimits { try checkMeta(options, trace: trace) }
    }
  }

  /// GC3, as far as the event alone says it: what it sets.
  private func checkMeta(_ options: GroupsOptions, trace: CheckTrace?) throws {
    let items: [MetaChange] =
      switch content {
      case .initGroup(let content): content.meta
      case .proposal(_, _, let change): change.meta
      case .modification(let content): content.change.meta
      case .vote, .attestation, .timestamp, .deletion, .label: []
      }
    if items.isEmpty { return }
    trace?.enter("GC3")
    let (keys, bytes) = GroupSnapshot().metaSize(after: items)
    guard keys <= options.maxMetaKeys, bytes <= options.maxMetaBytes else { throw GroupsRejection.tooLarge }
  }

  /// GC2 and GC3.
  static func checkEnvelope(_ event: VerifiedEvent, trace: CheckTrace?) throws {
    trace?.enter("GC2")
    guard event.tags.first(named: "expiration") == nil else { throw GroupsRejection.expires }
    trace?.enter("GC3")
    guard isSmall(event.event) else { throw GroupsRejection.tooLarge }
  }

  private static func isSmall(_ event: Event) -> Bool {
    event.content.count <= GroupLimits.contentBytes && event.tags.count <= GroupLimits.tags
  }

  /// Whether a NIP-03 event would be taken as a time stamp of its one target, as far as it says so itself.
  static func isTimestamp(_ event: Event, of target: EventID) -> Bool {
    guard event.tags.first(named: "expiration") == nil, isSmall(event), event.tags.count(named: "e") == 1 else { return false }
    return (try? TimestampProof(base64: event.content, of: target)) != nil
  }

  /// GC4.
  private static func group(of event: VerifiedEvent, trace: CheckTrace?) throws -> EventID {
    trace?.enter("GC4")
    guard let group = single("group", of: event) else { throw GroupsRejection.groupTag }
    return group
  }

  /// The id in the one tag of that name; nil when there is none, or several, or no id in it.
  static func single(_ name: StaticString, of event: VerifiedEvent) -> EventID? {
    guard event.tags.count(named: name) == 1 else { return nil }
    return event.tags.first(named: name)?[1].flatMap { EventID(hex: $0) }
  }

  private static func content(of event: VerifiedEvent, _ group: EventID, options: GroupsOptions, trace: CheckTrace?) throws -> Content {
    if event.kind == options.kinds.proposal {
      trace?.enter("GP1")
      let object = JSONValue(parsing: event.content, depthLimit: GroupLimits.jsonDepth)
      guard let object, GroupContent.knownKeys.contains(where: { object[$0] != nil }) else { throw GroupsRejection.emptyProposal }
      trace?.enter("GP2")
      guard let parent = single("parent", of: event) else { throw GroupsRejection.parentMissing }
      return .proposal(group: group, parent: parent, try GroupContent.proposal(object, options: options, trace: trace))
    }
    if event.kind == options.kinds.vote {
      trace?.enter("GV1")
      guard let proposal = single("proposal", of: event) else { throw GroupsRejection.proposalMissing }
      trace?.enter("GV2")
      let text = event.content
      let isYes = text == "true" || text == "\"true\""
      guard isYes || text == "false" || text == "\"false\"" else { throw GroupsRejection.malformedVote }
      return .vote(group: group, proposal: proposal, value: isYes)
    }
    if event.kind == options.kinds.modification {
      return .modification(try ModificationContent(parsing: event, group, options: options, trace: trace))
    }
    trace?.enter("GA1")
    guard let target = single("e", of: event) else { throw GroupsRejection.oneTarget }
    trace?.enter("GA2")
    guard event.content.isEmpty else { throw GroupsRejection.attestContent }
    let proofs = event.tags.all(named: "attested-ots")
    guard let tag = proofs.first else { return .attestation(group: group, target: target, nil) }
    trace?.enter("GA4")
    guard proofs.count == 1, let text = tag[1] else { throw GroupsRejection.malformedProof }
    return .attestation(group: group, target: target, try TimestampProof(base64: text, of: target))
  }
}

/// A modification as it is written: what it stands on, what it carries out, and what it changes by itself.
struct ModificationContent: Sendable {
  struct Listed: Sendable {
    let proposal: EventID
    var votes: [EventID] = []
  }

  let group: EventID
  let parent: EventID
  private(set) var listed: [Listed] = []
  let change: GroupChange

  init(parsing event: VerifiedEvent, _ group: EventID, options: GroupsOptions, trace: CheckTrace?) throws {
    self.group = group
    trace?.enter("GM1")
    guard let parent = GroupsEvent.single("parent", of: event) else { throw GroupsRejection.parentMissing }
    self.parent = parent
    trace?.enter("GM7")
    listed = try Self.listed(event)
    trace?.enter("GM10")
    guard let object = GroupContent.modificationObject(event.content) else { throw GroupsRejection.malformedContent }
    change = try GroupContent.modification(object, options: options, trace: trace)
  }

  private static func listed(_ event: VerifiedEvent) throws -> [Listed] {
    var listed: [Listed] = []
    var seen: Set<EventID> = []
    for tag in event.tags {
      if tag.name == "proposal" {
        guard let id = tag[1].flatMap({ EventID(hex: $0) }) else { throw GroupsRejection.malformedReference }
        guard seen.insert(id).inserted else { throw GroupsRejection.listedTwice }
        listed.append(Listed(proposal: id))
      } else if tag.name == "vote" {
        guard !listed.isEmpty else { throw GroupsRejection.voteBeforeProposal }
        guard let id = tag[1].flatMap({ EventID(hex: $0) }) else { throw GroupsRejection.malformedReference }
        listed[listed.count - 1].votes.append(id)
      }
    }
    guard listed.count <= GroupLimits.proposalsPerModification, listed.allSatisfy({ $0.votes.count <= GroupLimits.votesPerProposal }) else {
      throw GroupsRejection.tooManyListed
    }
    return listed
  }
}
