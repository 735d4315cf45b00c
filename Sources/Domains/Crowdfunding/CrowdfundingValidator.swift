// SPDX-License-Identifier: AGPL-3.0-or-later
import Ledger
import Nostr
import Policy

/// The rules of crowdfunding: campaigns, contributions, votes, deletions. Source: crowdfunding spec.
///
/// The staircases stand in files of their own: `+Campaign` (C0–C14), `+Contribution` (K1–K10), `+Vote` (V1–V6), `+Deletion`.
public final class CrowdfundingValidator: Validator {
  public let options: CrowdfundingOptions

  public init(options: CrowdfundingOptions) { self.options = options }

  public var domain: Domain { .crowdfunding }
  public var ownKinds: [UInt64] { [30904] }
  public var tables: [Table] { CrowdfundingState.tables }

  public func claim(on event: borrowing EventSlices) -> Claim { CrowdfundingEvent.claim(on: event, options) }

  /// A kind 5 without our kinds in its `k` tags is ours when it names something of ours by the same author, and where it says no kinds at all when it
  /// names something unknown, which may be ours yet.
  public func owns(_ event: Event, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    guard event.kind == 5 else { return false }
    let mayNameOurs = event.tags.first(named: "k") == nil
    for tag in event.tags.all(named: "e").prefix(Deletion.maxTargets) {
      guard let id = tag[1].flatMap({ EventID(hex: $0) }) else { continue }
      let known = try state.known(id)
      if known == nil, mayNameOurs { return true }
      if let note = try CrowdfundingNote(known), note.author == event.pubkey { return true }
    }
    for tag in event.tags.all(named: "a").prefix(Deletion.maxTargets) {
      guard let address = tag[1].flatMap({ Address(parsing: $0) }), Deletion.isCampaign(address, of: event.pubkey) else { continue }
      if try mayNameOurs || state.contains(CrowdfundingState.addresses, CrowdfundingState.addressKey(address.pubkey, address.identifier)) {
        return true
      }
    }
    return false
  }

  public func isDeletion(_ known: KnownEvent) throws -> Bool { try CrowdfundingNote(known)?.kind == .deletion }

  public func parse(_ event: VerifiedEvent, in circumstances: Circumstances, trace: CheckTrace?) throws -> CrowdfundingEvent {
    try CrowdfundingEvent(parsing: event, in: circumstances, options: options, trace: trace)
  }

  /// A campaign's version that is no longer its head is superseded; everything else is accepted again.
  public func answerToKnown(
    _ event: CrowdfundingEvent, _ known: KnownEvent, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Rejection? {
    guard case .campaign = event.content, let project = try CrowdfundingNote(known)?.project,
      let head = try CampaignRecord.read(project, state)?.head, head.id != event.event.id
    else { return nil }
    return CrowdfundingRejection.superseded(by: head.id)
  }

  public func decide(
    _ event: CrowdfundingEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable, trace: CheckTrace?
  ) throws -> Verdict {
    switch event.content {
    case .reaction: return .unchanged
    case .snapshot(let snapshot): return try decide(snapshot, event.event, reading: state)
    case .campaign(let version): return try decide(version, event.event, in: circumstances, reading: state, trace: trace)
    case .contribution(let contribution): return try decide(contribution, event.event, in: circumstances, reading: state, trace: trace)
    case .vote(let vote): return try decide(vote, event.event, in: circumstances, reading: state, trace: trace)
    case .deletion(let deletion): return try decide(deletion, event.event, in: circumstances, reading: state)
    case .label(let label): return try decide(label, event.event, in: circumstances, reading: state)
    case .receipt(let receipt): return try decide(receipt, event.event, in: circumstances, reading: state)
    }
  }

  /// `campaign trust`: the operator vouches for a binding (C12). `campaign resolve`: the operator ends a dispute.
  public func decide(_ decision: OperatorDecision, reading state: borrowing some StateReader & ~Copyable) throws -> Effects {
    let resolution = Resolution(action: decision.action)
    guard resolution != nil || decision.action == "trust" else {
      throw Rejection.invalid("crowdfunding knows no decision called \(decision.action)")
    }
    guard let project = ProjectID(decision.subject), var record = try CampaignRecord.read(project, state) else {
      throw CrowdfundingRejection.unknownProject
    }
    if let resolution { return try resolve(&record, as: resolution, at: decision.at, reading: state) }
    let before = record
    record.trust = .operator
    var effects = Effects()
    if record.hasBienRivals {
      var stripped: [CampaignRecord] = []
      for key in BienClaims.Key.all(of: record) {
        guard let owner = try state.project(in: key.table, key.bytes), owner != project, !stripped.contains(where: { $0.project == owner }),
          let other = try CampaignRecord.read(owner, state)
        else { continue }
        guard other.trust == .none else { throw CrowdfundingRejection.otherProject }
        stripped.append(other)
      }
      try take(for: &record, from: stripped, since: before, to: &effects, reading: state)
    }
    try finish(&record, since: before, to: &effects, reading: state)
    return effects
  }

  public func build(_ deferred: DeferredFollowUp, reading state: borrowing some StateReader & ~Copyable) throws -> (FollowUpEvent, [StateChange])? {
    try CrowdfundingFollowUp(options.followUps).snapshot(deferred, reading: state)
  }

  public func digest(reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {
    try CrowdfundingDigest(options).feed(reading: state, into: feed)
  }

  public func outcomes(at now: UInt64, reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {
    try CrowdfundingOutcomes(options).feed(reading: state, into: feed)
  }
}
