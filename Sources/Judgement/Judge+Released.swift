// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import StateStore

extension Judge {
  /// Judges one parked event again, now that its dependency has arrived: in one write transaction, with its own receivedAt and source.
  ///
  /// Accepted, it is published through the outbox; refused, it is dropped; waiting for something else, it is parked again.
  /// - Parameter releasing: in a rebuild, how the event came that released it: the parked one came by the same way.
  /// - Returns: the decision; nil when another process judged it first. Throws faults; then it stays parked.
  public func judgeReleased(_ parked: ParkedEvent, releasing: Circumstances? = nil) throws -> Decision? {
    let circumstances = Circumstances(
      receivedAt: parked.receivedAt, source: parked.source, isRejudged: releasing?.isRejudged ?? false, isBare: releasing?.isBare ?? false)
    let prepared = prepare(parked.raw, in: circumstances)
    return try store.write { state in
      guard try state.removeParked(parked.sequence) else { return nil }
      guard case .success(let claimed) = prepared else { return prepared.rejected }
      // It has its room already, also in the last tenth of the map.
      let judgement = try apply(claimed, in: circumstances, parked.sourceInfo ?? "", isNearlyFull: false, to: state)
      if let fault = judgement.fault { throw fault }
      // The relay has what was kept aside: it was answered with accept when it came.
      if judgement.decision == .accept, !parked.isKept, options.writesFollowUps {
        let body = FollowUpEvent.Body.signed(raw: parked.raw, id: claimed.event.id, kind: claimed.event.kind)
        let followUp = FollowUpEvent(name: .parkedEvent, subject: claimed.event.id.bytes, trigger: claimed.event.id, body: body)
        try state.enqueue(.event(followUp), at: parked.receivedAt)
      }
      return judgement.decision
    }
  }

  /// Judges all released events until none is left, or `isCancelled` says so.
  /// - Parameter releasing: as for `judgeReleased`.
  /// - Returns: how many were accepted and refused.
  @discardableResult
  public func judgeAllReleased(releasing: Circumstances? = nil, isCancelled: () -> Bool = { false }) throws -> (accepted: Int, refused: Int) {
    var counts = (accepted: 0, refused: 0)
    while !isCancelled() {
      let batch = try store.read { try $0.releasedEvents(limit: 100) }
      if batch.isEmpty { break }
      for parked in batch {
        if isCancelled() { return counts }
        switch try judgeReleased(parked, releasing: releasing) {
        case .accept: counts.accepted += 1
        case .reject: counts.refused += 1
        case nil: continue
        }
      }
    }
    return counts
  }

  /// Verification and the context-free checks of an event that is judged apart from the request path.
  func prepare(_ raw: [UInt8], in circumstances: Circumstances, trace: CheckTrace? = nil) -> Result<ClaimedEvent, Rejection> {
    do {
      let claimed = try raw.withUnsafeBytes { bytes in
        let slices = try EventSlices.parse(bytes)
        let event = try verifier.verifiedEvent(slices)
        return try ClaimedEvent(
          event, registry.claimants(of: slices), registry, maxBytes: options.maxEventBytes, in: circumstances, trace: trace)
      }
      return .success(claimed)
    } catch let rejection as Rejection {
      return .failure(rejection)
    } catch let error as EventVerificationError {
      return .failure(Rejection(error))
    } catch {
      return .failure(.invalid("\(error)"))
    }
  }
}

extension Result where Success == ClaimedEvent, Failure == Rejection {
  fileprivate var rejected: Decision? {
    if case .failure(let rejection) = self { .reject(rejection) } else { nil }
  }
}
