// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import StateStore

/// The one path of an event, from its slices to a decision that is committed (architecture, *One path*).
///
/// Refusals open no write transaction. An acceptance that changes something is decided on a snapshot, and again in the write transaction when anyone
/// committed anything between the two, so that two processes cannot both accept what excludes each other. Not Sendable: each thread has its own.
public final class Judge {
  let store: StateStore
  public let registry: DomainRegistry
  public var options: JudgeOptions
  let verifier: EventVerifier

  /// Throws when libcrypto has no SHA-256.
  public init(store: StateStore, registry: DomainRegistry, options: JudgeOptions = JudgeOptions()) throws {
    self.store = store
    self.registry = registry
    self.options = options
    verifier = try EventVerifier()
  }

  /// Judges an event that lies in a request line. Never throws: a fault is a judgement too.
  ///
  /// - Parameter sourceInfo: what strfry says of the source, for the journal; asked only when something is written.
  public func judge(_ slices: borrowing EventSlices, in circumstances: Circumstances, sourceInfo: () -> String = { "" }) -> Judgement {
    let claimants = registry.claimants(of: slices)
    if claimants.isEmpty {
      if slices.kind == Archive.kind, let archived = ArchivedEvent(slices, options.constellation.followUps) {
        return judge(archived, in: circumstances)
      }
      if options.verifiesAll, let rejection = verify(slices) { return .rejected(rejection) }
      return unclaimed
    }
    // A claimed event is verified and taken out of the line in one step.
    let event: VerifiedEvent
    do {
      event = try verifier.verifiedEvent(slices)
    } catch {
      return .rejected(Rejection(error))
    }
    return judge(event, claimants, in: circumstances, sourceInfo: sourceInfo)
  }

  /// Judges an event that was read from the journal, an export or a file.
  public func judge(raw: [UInt8], in circumstances: Circumstances, sourceInfo: String = "") -> Judgement {
    raw.withUnsafeBytes { bytes in
      do {
        return judge(try EventSlices.parse(bytes), in: circumstances) { sourceInfo }
      } catch {
        return .rejected(.invalid("\(error)"))
      }
    }
  }

  var unclaimed: Judgement {
    options.rejectsUnclaimed ? .rejected(.blocked("this relay takes only events that its policy knows")) : Judgement(.accept)
  }

  /// The refusal of an event whose id or signature does not hold.
  func verify(_ slices: borrowing EventSlices) -> Rejection? {
    switch verifier.verify(slices) {
    case .valid: nil
    case .badID: Rejection(EventVerificationError.badID)
    case .badSignature: Rejection(EventVerificationError.badSignature)
    }
  }

  /// From here on the event is verified, and some domain may own it.
  func judge(
    _ event: VerifiedEvent, _ claimants: Claimants, in circumstances: Circumstances, archive: ArchivedEvent.Outer? = nil, sourceInfo: () -> String
  ) -> Judgement {
    let claimed: ClaimedEvent
    do {
      claimed = try ClaimedEvent(event, claimants, registry, maxBytes: options.maxEventBytes, in: circumstances)
    } catch let rejection as Rejection {
      return .rejected(rejection, owner: registry.owner(among: claimants))
    } catch {
      return .faulted(error)
    }
    do {
      let proposal = try store.read { state in
        // What arrives summons what was kept until then, which is judged first: there is nothing to propose yet.
        let somethingIsParked = try state.parkedCount() > 0
        if somethingIsParked, try !claimed.summoned(reading: state).isEmpty { return Proposal?.none }
        return Proposal(
          try claimed.decide(in: circumstances, options, reading: state), on: state.newestCommit,
          somethingIsParked: somethingIsParked)
      }
      switch proposal?.outcome {
      case .unclaimed: return unclaimed
      case .decided(let decision, let owner): return Judgement(decision, owner: owner)
      case .kept:
        if options.rejectsUnclaimed { return unclaimed }
        // It is nobody's event: that the copy cannot be kept is no reason to refuse it.
        return (try? write(claimed, proposal, in: circumstances, sourceInfo: sourceInfo(), archive)) ?? unclaimed
      case .effects, .parked, .evidence, nil: return try write(claimed, proposal, in: circumstances, sourceInfo: sourceInfo(), archive)
      }
    } catch {
      return .faulted(error, owner: registry.owner(among: claimants))
    }
  }

  private func write(
    _ claimed: ClaimedEvent, _ proposal: Proposal?, in circumstances: Circumstances, sourceInfo: String, _ archive: ArchivedEvent.Outer?
  ) throws -> Judgement {
    let isNearlyFull = store.isNearlyFull
    return try store.write { state in
      try apply(claimed, proposal, in: circumstances, sourceInfo, isNearlyFull: isNearlyFull, archive: archive, to: state)
    }
  }

  /// What was kept until this event arrives is judged first, then the event: all in one transaction. Throws faults.
  func apply(
    _ claimed: ClaimedEvent, _ proposal: Proposal? = nil, in circumstances: Circumstances, _ sourceInfo: String, isNearlyFull: Bool,
    archive: ArchivedEvent.Outer? = nil, to state: borrowing StateWriter
  ) throws -> Judgement {
    let kept = try proposal?.holds(on: state) == true ? [] : claimed.summoned(reading: state)
    var diagnostics: [Diagnostic] = []
    for kept in kept {
      guard try state.removeParked(kept.sequence) else { continue }
      let own = Circumstances(
        receivedAt: kept.receivedAt, source: kept.source, isRejudged: circumstances.isRejudged, isBare: circumstances.isBare, isSummoned: true)
      guard case .success(let summoned) = prepare(kept.raw, in: own) else { continue }
      // It has its room already, also in the last tenth of the map.
      let judgement = try Application(summoned, own, kept.sourceInfo ?? "", options, isNearlyFull: false).apply(to: state)
      if let fault = judgement.fault { throw fault }
      diagnostics += judgement.diagnostics
      // What waited for that one in its turn.
      if judgement.decision.isAccept { for arrival in summoned.arrivals { try state.release(arrival) } }
    }
    if !kept.isEmpty {
      for arrival in claimed.arrivals { try state.release(arrival) }
    }
    let application = Application(claimed, circumstances, sourceInfo, options, isNearlyFull: isNearlyFull, archive: archive)
    var judgement = try application.apply(proposal, to: state)
    judgement.diagnostics = diagnostics + judgement.diagnostics
    return judgement
  }
}

extension DomainRegistry {
  /// The first domain that claims an event for sure.
  func owner(among claimants: Claimants) -> Domain? { validators.indices.first { claimants.owned.contains($0) }.map { validators[$0].domain } }
}

extension Rejection {
  /// What is answered to an event that is not verified: the same words whoever finds it.
  init(_ error: EventVerificationError) {
    switch error {
    case .badID: self = .invalid("bad event id")
    case .badSignature: self = .invalid("bad signature")
    case .parse(let error): self = .invalid("\(error)")
    }
  }
}
