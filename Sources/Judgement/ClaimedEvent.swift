// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import StateStore

/// A verified event that some domains claim, past their context-free checks: it can be decided on a snapshot, and again in a write transaction. A class,
/// since it is handed on more often than looked into.
final class ClaimedEvent {
  /// What all owners together decide. Indirect as their verdicts are.
  indirect enum Outcome {
    /// The claim depended on the state, and the state said no.
    case unclaimed
    /// Nothing to write.
    case decided(Decision, owner: Domain)
    case effects(Effects, owner: Domain)
    case parked(Rejection, Dependency, owner: Domain)
    /// Refused, and something is kept.
    case evidence(Rejection, Effects, owner: Domain)
    /// Nobody's for now, and a copy waits aside.
    case kept(until: [Dependency])
  }

  let event: VerifiedEvent
  private let owned: [any PreparedEvent]
  private let dependent: [(validator: any Validator, prepared: any PreparedEvent)]
  /// No relay can store it: its claimants are known, and it was not looked into.
  private let unstorable: (owners: [Domain], dependent: [any Validator])?
  private let validators: [any Validator]
  private let trace: CheckTrace?

  static let noRelayStores = Rejection.invalid("no relay can store this event")
  static let isFuture = Rejection.invalid("created_at is in the future")

  /// The context-free checks. Throws a `Rejection`.
  init(
    _ event: VerifiedEvent, _ claimants: Claimants, _ registry: DomainRegistry, maxBytes: Int, in circumstances: Circumstances,
    trace: CheckTrace? = nil
  ) throws {
    self.event = event
    self.trace = trace
    let validators = registry.validators
    self.validators = validators
    guard circumstances.isRecalled || event.event.isStorable(maxBytes: maxBytes) else {
      owned = []
      dependent = []
      unstorable = (
        validators.indices.filter { claimants.owned.contains($0) }.map { validators[$0].domain },
        validators.indices.filter { claimants.dependent.contains($0) }.map { validators[$0] }
      )
      return
    }
    unstorable = nil
    var owned: [any PreparedEvent] = []
    var dependent: [(any Validator, any PreparedEvent)] = []
    for (index, validator) in validators.enumerated() {
      if claimants.owned.contains(index) {
        owned.append(try validator.prepare(event, in: circumstances, trace: trace))
      } else if claimants.dependent.contains(index) {
        dependent.append((validator, try validator.prepare(event, in: circumstances, trace: trace)))
      }
    }
    self.owned = owned
    self.dependent = dependent
  }

  /// No domain claims it, whatever the state says.
  var isNobodys: Bool { owned.isEmpty && dependent.isEmpty && unstorable == nil }

  /// Asks every owner: the first refusal wins, all changes apply together (architecture, law 6). Throws faults.
  func decide(
    in circumstances: Circumstances, _ options: JudgeOptions, reading state: borrowing some StoreReader & ~Copyable
  ) throws -> Outcome {
    if let unstorable { return try decide(unstorable: unstorable.owners, unstorable.dependent, in: circumstances, reading: state) }
    var owners = owned
    for (validator, prepared) in dependent where try validator.owns(event.event, in: circumstances, reading: state) { owners.append(prepared) }
    guard let first = owners.first else { return try refusalOfNobodys(in: circumstances, options, reading: state) ?? .unclaimed }
    if let known = try state.known(event.id) { return .decided(try answer(to: known, owners, reading: state), owner: known.domain) }
    trace?.enter("constellation 11")
    let isFuture = circumstances.isFuture(event)
    // What is somebody's only if the state says so may turn out to be nobody's, and then it passes.
    if isFuture, !owned.isEmpty { return .decided(.reject(Self.isFuture), owner: first.domain) }
    var effects: Effects?
    var awaited: [Dependency] = []
    var isOwned = false
    var blocked: (rejection: Rejection, owner: Domain)?
    for owner in owners {
      let verdict = try owner.decide(in: circumstances, reading: state, trace: trace)
      if case .kept = verdict {} else if isFuture { return .decided(.reject(Self.isFuture), owner: owner.domain) }
      switch verdict {
      case .unchanged: isOwned = true
      case .rejected(let rejection):
        // From sync one domain's block takes its own effect away alone: whether it is asked depends on what has come, and the others' must not.
        guard event.kind == 5, !circumstances.isLive else { return .decided(.reject(rejection), owner: owner.domain) }
        blocked = blocked ?? (rejection, owner.domain)
      case .rejectedLeaving(let rejection, let effects): return .evidence(rejection, effects, owner: owner.domain)
      case .parked(let rejection, let dependency): return .parked(rejection, dependency, owner: owner.domain)
      case .accepted(let more): effects = effects.map { $0.merging(more) } ?? more
      case .kept(let dependencies): awaited += dependencies
      }
    }
    if let effects {
      let isAsked = circumstances.isLive && !circumstances.isRecalled && !circumstances.isKept
      if isAsked, let refusal = try refusalByConstellation(circumstances, options, reading: state) {
        return .decided(.reject(refusal), owner: first.domain)
      }
      return .effects(effects, owner: first.domain)
    }
    if let blocked { return .decided(.reject(blocked.rejection), owner: blocked.owner) }
    if isOwned { return .decided(.accept, owner: first.domain) }
    return isFuture ? .unclaimed : .kept(until: awaited)
  }

  /// Whether a deletion names a deletion by its author. The domains' notes say what is one, so that nothing else is read.
  private func namesDeletion(reading state: borrowing some StoreReader & ~Copyable) throws -> Bool {
    guard event.kind == 5 else { return false }
    for id in Set(event.event.deletionTargets.ids) {
      guard let known = try state.known(id), let validator = validators.first(where: { $0.domain == known.domain }),
        try validator.isDeletion(known), let raw = try state.raw(id)
      else { continue }
      if raw.withUnsafeBytes({ bytes in (try? EventSlices.parse(bytes)).map { PublicKey($0.pubkey) } }) == event.pubkey { return true }
    }
    return false
  }

  /// A deletion of nothing but deletions is no domain's own, and cannot be taken live all the same.
  private func refusalOfNobodys(
    in circumstances: Circumstances, _ options: JudgeOptions, reading state: borrowing some StoreReader & ~Copyable
  ) throws -> Outcome? {
    guard circumstances.isLive, !circumstances.isRecalled, let domain = dependent.first?.validator.domain, try namesDeletion(reading: state)
    else { return nil }
    return .decided(.reject(Succession.deletesDeletion), owner: domain)
  }

  /// What a relay may not take live, since the others could not find it again: whatever its domain says. Source: constellation spec, rules 2 and 3.
  private func refusalByConstellation(
    _ circumstances: Circumstances, _ options: JudgeOptions, reading state: borrowing some StoreReader & ~Copyable
  ) throws -> Rejection? {
    trace?.enter("constellation 3")
    if try namesDeletion(reading: state) { return Succession.deletesDeletion }
    trace?.enter("constellation 2")
    guard Archive.canHold(event.event, maxBytes: options.maxEventBytes) else { return Archive.cannotHold }
    return try Succession.isTooOften(event.event, at: circumstances.receivedAt, options.constellation, reading: state) ? Succession.tooOften : nil
  }

  /// An event that was accepted before this was asked is accepted again.
  private func decide(
    unstorable owners: [Domain], _ dependent: [any Validator], in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Outcome {
    trace?.enter("constellation 10")
    var owner = owners.first
    for validator in dependent where owner == nil {
      if try validator.owns(event.event, in: circumstances, reading: state) { owner = validator.domain }
    }
    guard let owner else { return .unclaimed }
    if let known = try state.known(event.id) { return .decided(.accept, owner: known.domain) }
    return .decided(.reject(Self.noRelayStores), owner: owner)
  }

  /// What is kept aside until this event arrives: of each arrival the newest, since a deletion by address covers what is not newer than itself. In the
  /// order of their keeping. One lookup when nothing is parked.
  func summoned(reading state: borrowing some StoreReader & ~Copyable) throws -> [ParkedEvent] {
    guard try state.parkedCount() > 0 else { return [] }
    var found: [ParkedEvent] = []
    for arrival in arrivals {
      let kept = try state.events(waitingFor: arrival, limit: Self.maxLookedAt)
      found += kept.count <= Self.maxSummoned ? kept : Array(kept.sorted { Self.createdAt($0) > Self.createdAt($1) }.prefix(Self.maxSummoned))
    }
    var seen: Set<UInt64> = []
    return Array(found.filter { seen.insert($0.sequence).inserted }.prefix(Self.maxSummoned)).sorted { $0.sequence < $1.sequence }
  }

  private static func createdAt(_ kept: ParkedEvent) -> UInt64 { kept.raw.withUnsafeBytes { (try? EventSlices.parse($0))?.createdAt ?? 0 } }

  /// So many of one author's are compared: a copy is kept aside only while fewer of its author's events wait (`ParkingLimits.keptForEachPubkey`).
  private static let maxLookedAt = 100

  /// So many are judged before the event itself; the others after it, by the worker. One deletion decides as much as many do.
  private static let maxSummoned = 4

  /// What others may wait for that this event is.
  var arrivals: [Dependency] {
    (owned + dependent.map(\.prepared)).flatMap { owner in
      [Dependency.arrival(of: event.id, by: event.pubkey, in: owner.domain)]
        + (event.event.address.map { [Dependency.arrival(of: $0, in: owner.domain)] } ?? [])
    }
  }

  private func answer(to known: KnownEvent, _ owners: [any PreparedEvent], reading state: borrowing some StateReader & ~Copyable) throws -> Decision {
    for owner in owners where owner.domain == known.domain {
      if let rejection = try owner.answerToKnown(known, reading: state) { return .reject(rejection) }
    }
    return .accept
  }
}

extension Effects {
  /// The effects of two owners of one event; the note is the first one's.
  fileprivate func merging(_ other: Effects) -> Effects {
    var merged = Effects(
      changes: changes + other.changes, followUps: followUps + other.followUps, note: note, provides: provides + other.provides,
      yieldsWhenFull: yieldsWhenFull || other.yieldsWhenFull)
    merged.diagnostics = diagnostics + other.diagnostics
    return merged
  }
}
