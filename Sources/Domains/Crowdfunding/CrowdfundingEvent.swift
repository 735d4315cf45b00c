// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// An event in crowdfunding's terms: its shape is right, the state was not asked.
public struct CrowdfundingEvent: Sendable {
  /// Indirect, so that handing the event on copies one reference.
  public indirect enum Content: Sendable {
    /// Kind 30904 with `role`=`snapshot`: figures, not a version.
    case snapshot(SnapshotEvent)
    case campaign(CampaignVersion)
    case contribution(Contribution)
    case vote(Vote)
    /// A reaction to a campaign that moves no money (K2).
    case reaction
    case deletion(Deletion)
    /// Of this node or another of the constellation.
    case label(CampaignLabel)
    case receipt(Receipt)
  }

  public let event: VerifiedEvent
  public let content: Content

  /// Whether an event is crowdfunding's, decided on the line itself.
  static func claim(on event: borrowing EventSlices, _ options: CrowdfundingOptions) -> Claim {
    switch event.kind {
    case 7: ReactionKind(event) == nil ? .none : .owned
    case 30904: .owned
    case 5: deletesOurKinds(event) ? .owned : .dependsOnState
    case NodeLabel.kind: NodeLabel.isOne(event, among: NodeLabel.ofCampaigns, by: options.followUps.isNode) ? .owned : .none
    case Receipt.kind: Receipt.isOne(event) ? .owned : .none
    default: .none
    }
  }

  private static func deletesOurKinds(_ event: borrowing EventSlices) -> Bool {
    var isFound = false
    event.forEachTag { tag in
      guard tag.isNamed("k") else { return }
      if tag.hasValue("5") || tag.hasValue("7") || tag.hasValue("30904") || tag.hasValue("9742") || tag.hasValue("30023") { isFound = true }
    }
    return isFound
  }

  /// The context-free checks, in the spec's order. Throws a `Rejection`.
  init(parsing event: VerifiedEvent, in circumstances: Circumstances, options: CrowdfundingOptions, trace: CheckTrace?) throws {
    self.event = event
    switch event.kind {
    case 30904:
      trace?.enter("C0")
      if event.tags.contains("role", value: "snapshot") {
        content = .snapshot(SnapshotEvent(event))
      } else {
        content = .campaign(try CampaignVersion(parsing: event, in: circumstances, options: options, trace: trace))
      }
    case 7:
      if ReactionKind(event) == .vote {
        content = .vote(try Vote(parsing: event, in: circumstances, options: options, trace: trace))
      } else if let contribution = try Contribution(parsing: event, in: circumstances, options: options, trace: trace) {
        content = .contribution(contribution)
      } else {
        content = .reaction
      }
    case NodeLabel.kind:
      content = .label(try CampaignLabel(parsing: event))
    case Receipt.kind:
      content = .receipt(try Receipt(parsing: event, options: options))
    default:
      content = .deletion(Deletion(event.event))
    }
  }
}

/// A snapshot in the stream: only who signed it matters (C0).
public struct SnapshotEvent: Sendable {
  /// Whose campaign it shows; nil when its project id is malformed.
  let project: ProjectID?

  init(_ event: VerifiedEvent) {
    project = event.tags.first(named: "project-id")?[1].flatMap { ProjectID($0) } ?? event.tags.first(named: "d")?[1].flatMap(Self.project)
  }

  private static let suffix: StaticString = ":snapshot"

  /// The `d` of a campaign's snapshot.
  static func identifier(of project: ProjectID) -> String { "\(project)\(suffix)" }

  private static func project(identifier: Text) -> ProjectID? { ProjectID(unsuffixed(identifier) ?? identifier) }

  /// What stands before the suffix; nil where that is missing.
  private static func unsuffixed(_ identifier: Text) -> Text? {
    let bytes = identifier.bytes
    guard bytes.count > suffix.utf8CodeUnitCount, Text(utf8: bytes.suffix(suffix.utf8CodeUnitCount)) == suffix else { return nil }
    return Text(utf8: bytes.dropLast(suffix.utf8CodeUnitCount))
  }

  /// The project whose snapshots are published under an address; nil for any other.
  static func project(of address: Address, _ options: CrowdfundingOptions) -> ProjectID? {
    guard address.kind == 30904, options.isSnapshotNode(address.pubkey) else { return nil }
    return unsuffixed(address.identifier).flatMap { ProjectID($0) }
  }
}

/// What a kind 5 names (NIP-09): each once, in the order of its tags.
public struct Deletion: Sendable {
  let targets: [EventID]
  /// Addresses of campaigns, the author's own.
  let addresses: [Address]
  /// It says of which kinds its targets are, as it should.
  let namesKinds: Bool

  /// How many tags of one deletion are looked at; strfry allows 2000.
  static let maxTargets = 2000

  init(_ event: Event, withAddresses: Bool = true) {
    var ids: Set<EventID> = []
    targets = event.tags.all(named: "e").prefix(Self.maxTargets).compactMap { $0[1].flatMap { EventID(hex: $0) } }.filter { ids.insert($0).inserted }
    namesKinds = event.tags.first(named: "k") != nil
    var named: Set<Address> = []
    let tags = withAddresses ? event.tags.all(named: "a").prefix(Self.maxTargets) : []
    addresses = tags.compactMap { $0[1].flatMap { Address(parsing: $0) } }
      .filter { Self.isCampaign($0, of: event.pubkey) && named.insert($0).inserted }
  }

  /// Whether an address is that of a campaign of its author's own.
  static func isCampaign(_ address: Address, of author: PublicKey) -> Bool {
    address.kind == 30904 && address.pubkey == author && CrowdfundingState.isIdentifier(address.identifier)
  }
}
