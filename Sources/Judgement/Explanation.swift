// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import StateStore

/// The path of one event, for `explain`: who claims it, which checks it passed, and the one that refused it. Changes nothing.
public struct Explanation: Sendable {
  /// id and signature.
  public let verification: String
  /// The domains that claim it; empty when nobody does.
  public let claims: [Domain]
  /// The checks passed, by their ids in the spec. Empty for a known event: it was judged when it came, and is not judged again.
  public let passed: [String]
  /// The check that refused it; nil when it is accepted, and when no numbered check did (a known event's newer version, a deletion by its author).
  public let failed: String?
  /// It was accepted before.
  public let isKnown: Bool
  public let decision: Decision
  /// What an acceptance would write; nil when nothing would be.
  public let effects: Effects?
  /// It would wait for something that is missing here.
  public let wouldPark: Bool
}

extension Judge {
  /// Judges an event on a snapshot and tells how. Throws faults; an event that cannot be parsed is an explanation too.
  ///
  /// Of an archive of the constellation it tells how the event within is judged.
  public func explain(raw: [UInt8], in circumstances: Circumstances) throws -> Explanation {
    let archived = raw.withUnsafeBytes { bytes in
      (try? EventSlices.parse(bytes)).flatMap { slices in
        verify(slices) == nil ? ArchivedEvent(slices, options.constellation.followUps) : nil
      }
    }
    guard let archived, isOurs(archived) else { return try explainItself(raw, in: circumstances) }
    let within = try explainItself(
      archived.content,
      in: Circumstances(
        receivedAt: circumstances.receivedAt, source: .archive, isRejudged: circumstances.isRejudged, isBare: circumstances.isBare))
    guard case .reject(let rejection) = within.decision, !within.isKnown else {
      return within.isKnown ? within.deciding(.accept) : within
    }
    return within.wouldPark ? within : within.deciding(.reject(.invalid("archived event: \(rejection.message)")))
  }

  private func explainItself(_ raw: [UInt8], in circumstances: Circumstances) throws -> Explanation {
    let trace = CheckTrace()
    var claims: [Domain] = []
    var refusal: Rejection?
    do {
      try raw.withUnsafeBytes { bytes in
        let slices = try EventSlices.parse(bytes)
        refusal = verify(slices)
        let claimants = registry.claimants(of: slices)
        claims = registry.validators.indices.filter { claimants.owned.contains($0) || claimants.dependent.contains($0) }.map {
          registry.validators[$0].domain
        }
      }
    } catch {
      refusal = .invalid("\(error)")
    }
    if let refusal {
      return Explanation(
        verification: refusal.words, claims: [], passed: [], failed: nil, isKnown: false, decision: .reject(refusal), effects: nil, wouldPark: false)
    }
    // How many checks had been entered when the last step began: a refusal that entered none of its own names none.
    var before = 0
    func explanation(_ decision: Decision, isKnown: Bool = false, effects: Effects? = nil, wouldPark: Bool = false) -> Explanation {
      var passed = isKnown ? [] : trace.entered
      var failed: String?
      if case .reject(let rejection) = decision, passed.count > before, ClaimedEvent.mayRefuse(passed.last, with: rejection) {
        failed = passed.removeLast()
      }
      return Explanation(
        verification: "id and signature hold", claims: claims, passed: passed, failed: failed, isKnown: isKnown, decision: decision,
        effects: effects, wouldPark: wouldPark)
    }
    guard !claims.isEmpty else { return explanation(unclaimed.decision) }
    switch prepare(raw, in: circumstances, trace: trace) {
    case .failure(let rejection): return explanation(.reject(rejection))
    case .success(let claimed):
      before = trace.entered.count
      return try store.read { state in
        let isKnown = try state.known(claimed.event.id) != nil
        switch try claimed.decide(in: circumstances, options, reading: state) {
        case .unclaimed, .kept:
          claims = []
          return explanation(unclaimed.decision)
        case .decided(let decision, _): return explanation(decision, isKnown: isKnown)
        case .effects(let effects, _): return explanation(.accept, isKnown: isKnown, effects: effects)
        case .evidence(let rejection, _, _): return explanation(.reject(rejection), isKnown: isKnown)
        case .parked(let rejection, _, _): return explanation(.reject(rejection.parked), isKnown: isKnown, wouldPark: true)
        }
      }
    }
  }
}

extension Explanation {
  fileprivate func deciding(_ decision: Decision) -> Explanation {
    Explanation(
      verification: verification, claims: claims, passed: passed, failed: failed, isKnown: isKnown, decision: decision, effects: effects,
      wouldPark: wouldPark)
  }
}

extension ClaimedEvent {
  /// Whether a check may be the one that refused: those of all domains have words of their own.
  fileprivate static func mayRefuse(_ check: String?, with rejection: Rejection) -> Bool {
    switch check {
    case "constellation 10": rejection == noRelayStores
    case "constellation 11": rejection == isFuture
    case "constellation 3": rejection == Succession.deletesDeletion
    case "constellation 2": rejection == Archive.cannotHold || rejection == Succession.tooOften
    default: true
    }
  }
}
