// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// An event in the collectives' terms: its shape is right, the state was not asked.
public struct CollectivesEvent: Sendable {
  public enum Content: Sendable {
    case update(CollectiveUpdate)
    /// A request, vote, listing… published on its own, so that `proof_id` can name it (4.9).
    case satellite(Satellite)
    /// A kind 5 or 62.
    case deletion(CollectiveDeletion)
    /// Another node, or this one, found an update valid: known from then on, and nothing else.
    case label
  }

  public let event: VerifiedEvent
  public let content: Content

  /// Which of the collectives' events one may be, decided on the line itself.
  static func claim(on event: borrowing EventSlices, _ options: CollectivesOptions) -> Claim {
    let kind = event.kind
    if kind == CollectivesOptions.updateKind { return .owned }
    if kind == CollectiveDeletion.vanishKind { return .dependsOnState }
    if kind == NodeLabel.kind { return NodeLabel.isOne(event, among: [.collectiveStateValid], by: options.followUps.isNode) ? .owned : .none }
    guard kind == CollectiveDeletion.kind || Satellite.isKind(kind, options) else { return .none }
    if event.hasTag("a") { return .dependsOnState }
    return event.hasTag("e") ? .dependsOnState : .none
  }

  /// The context-free checks, in the spec's order. Throws a `Rejection`.
  init(parsing event: VerifiedEvent, options: CollectivesOptions, trace: CheckTrace?) throws {
    self.event = event
    if event.kind == CollectivesOptions.updateKind {
      content = .update(try CollectiveUpdate(parsing: event, options: options, trace: trace))
    } else if Satellite.isKind(event.kind, options) {
      content = .satellite(Satellite(event))
    } else if event.kind == NodeLabel.kind {
      content = .label
    } else {
      content = .deletion(CollectiveDeletion(event.event, options))
    }
  }
}

/// A request to delete (NIP-09, kind 5) or to vanish (NIP-62, kind 62).
public struct CollectiveDeletion: Sendable {
  static let kind: UInt64 = 5
  static let vanishKind: UInt64 = 62
  /// How many targets of one deletion are looked at; strfry allows 2000 tags.
  static let maxTargets = 2000

  let isVanish: Bool
  /// Each once, in order.
  let targets: [EventID]
  /// The names of the author's own updates, each once, in order.
  let names: [Text]
  /// It says by `k` that it names an update or a satellite.
  let namesKind: Bool

  init(_ event: Event, _ options: CollectivesOptions) {
    isVanish = event.kind == Self.vanishKind
    var targets: [EventID] = []
    var names: [Text] = []
    var seenTargets: Set<EventID> = []
    var seenNames: Set<Text> = []
    for tag in event.tags where !isVanish && targets.count + names.count < Self.maxTargets {
      if tag.isNamed("e") {
        if let id = tag[1].flatMap({ EventID(hex: $0) }), seenTargets.insert(id).inserted { targets.append(id) }
      } else if tag.isNamed("a") {
        guard let address = tag[1].flatMap({ Address(parsing: $0) }), address.kind == CollectivesOptions.updateKind,
          address.pubkey == event.pubkey, (1...64).contains(address.identifier.count), seenNames.insert(address.identifier).inserted
        else { continue }
        names.append(address.identifier)
      }
    }
    self.targets = targets
    self.names = names
    namesKind = event.tags.contains { tag in
      guard tag.isNamed("k"), let kind = tag[1]?.decimal else { return false }
      return kind == CollectivesOptions.updateKind || Satellite.isKind(kind, options)
    }
  }
}

/// An event of a collective that is not an update (4.9).
public struct Satellite: Sendable {
  /// How many tags are looked at to find the collective it names.
  static let maxTags = 64
  /// A kind of the deployed software whose shape is checked with `validateSatellites`.
  static let problemKind: UInt64 = 1908

  /// Ignitions, by `e`.
  let events: [EventID]
  /// By `a`.
  let addresses: [Address]
  private let kind: UInt64

  /// What it names, should no collective that it names be known.
  enum Named {
    case address(Address)
    case event(EventID)
  }

  /// The strongest name: an address, else an event. All zaps of notes name an event, so for receipts only an address counts.
  var named: Named? {
    if let address = addresses.first(where: { (1...64).contains($0.identifier.count) }) { return .address(address) }
    guard kind != CollectivesOptions.receiptKind, let id = events.first else { return nil }
    return .event(id)
  }

  init(_ event: VerifiedEvent) { self.init(event.event) }

  init(_ event: Event) {
    kind = event.kind
    events = event.tags.lazy.filter { $0.name == "e" }.prefix(Self.maxTags).compactMap { $0[1].flatMap { EventID(hex: $0) } }
    addresses = event.tags.lazy.filter { $0.name == "a" }.prefix(Self.maxTags).compactMap { $0[1].flatMap { Address(parsing: $0) } }
      .filter { $0.kind == CollectivesOptions.updateKind }
  }

  /// 1409–1415, 1602–1604 and what is configured beside them, and zap receipts.
  static func isKind(_ kind: UInt64, _ options: CollectivesOptions) -> Bool {
    if kind == CollectivesOptions.receiptKind || (1409...1415).contains(kind) || (1602...1604).contains(kind) { return true }
    if kind == problemKind { return options.validateSatellites }
    guard kind != CollectivesOptions.updateKind else { return false }
    return options.requestKinds.contains(kind) || options.voteKinds.contains(kind) || options.approvalKinds.contains(kind)
      || options.transferKinds.contains(kind) || options.leadtimeKinds.contains(kind)
  }
}
