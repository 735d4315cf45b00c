// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// A verified event that some domains claim, past their context-free checks: it can be decided on a snapshot, and again in a write transaction.
struct ClaimedEvent {
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
  }

  let event: VerifiedEvent
  private let owned: [any PreparedEvent]
  private let dependent: [(validator: any Validator, prepared: any PreparedEvent)]
  private let trace: CheckTrace?

  /// The context-free checks. Throws a `Rejection`.
  init(_ event: VerifiedEvent, _ claimants: Claimants, _ registry: DomainRegistry, in circumstances: Circumstances, trace: CheckTrace? = nil) throws {
    self.event = event
    self.trace = trace
    var owned: [any PreparedEvent] = []
    var dependent: [(any Validator, any PreparedEvent)] = []
    for (index, validator) in registry.validators.enumerated() {
      if claimants.owned.contains(index) {
        owned.append(try validator.prepare(event, in: circumstances, trace: trace))
      } else if claimants.dependent.contains(index) {
        dependent.append((validator, try validator.prepare(event, in: circumstances, trace: trace)))
      }
    }
    self.owned = owned
    self.dependent = dependent
  }

  /// Asks every owner: the first refusal wins, all changes apply together (architecture, law 6). Throws faults.
  func decide(in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable) throws -> Outcome {
    var owners = owned
    for (validator, prepared) in dependent where try validator.owns(event.event, reading: state) { owners.append(prepared) }
    guard let first = owners.first else { return .unclaimed }
    if let known = try state.known(event.id) { return .decided(try answer(to: known, owners, reading: state), owner: known.domain) }
    var effects: Effects?
    for owner in owners {
      switch try owner.decide(in: circumstances, reading: state, trace: trace) {
      case .unchanged: continue
      case .rejected(let rejection): return .decided(.reject(rejection), owner: owner.domain)
      case .rejectedLeaving(let rejection, let effects): return .evidence(rejection, effects, owner: owner.domain)
      case .parked(let rejection, let dependency): return .parked(rejection, dependency, owner: owner.domain)
      case .accepted(let more): effects = effects.map { $0.merging(more) } ?? more
      }
    }
    return effects.map { .effects($0, owner: first.domain) } ?? .decided(.accept, owner: first.domain)
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
      opensSubject: opensSubject || other.opensSubject)
    merged.diagnostics = diagnostics + other.diagnostics
    return merged
  }
}
