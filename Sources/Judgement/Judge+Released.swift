// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import StateStore

extension Judge {
  /// So many released events are judged in one write transaction at most (`JudgeOptions.releasedFor`).
  private static let releasedTogether = 64
  /// So many are read at once within the transaction: one of a chain releases the next.
  private static let releasedAhead = 16

  /// Judges parked events again whose dependency has arrived, and what they release in their turn, in one write transaction: each with its own receivedAt and
  /// source. A chain that waited from its end to its beginning costs one commit for many links, not one for each.
  ///
  /// Accepted, an event is published through the outbox; refused, it is dropped; waiting for something else, it is parked again. Where one of them cannot be
  /// judged, nothing of the transaction happens, and each is judged in its own: the others go on.
  /// - Parameters:
  ///   - passedOver: numbers of parked events that are left alone.
  ///   - releasing: in a rebuild, how the event came that released them: the parked ones came by the same way.
  /// - Returns: nil when nothing is released. Throws faults where the state cannot be read.
  public func judgeReleasedStep(without passedOver: Set<UInt64> = [], releasing: Circumstances? = nil) throws -> ReleasedStep? {
    var released = try store.read { try $0.releasedEvents(limit: Self.releasedTogether, without: passedOver) }
    // Something may have been provided for which nothing waits any more, and something else besides.
    while released.isEmpty, try store.read({ try $0.hasMoreToRelease() }) {
      _ = try store.write { try $0.releaseMore() }
      released = try store.read { try $0.releasedEvents(limit: Self.releasedTogether, without: passedOver) }
    }
    if released.isEmpty { return nil }
    // Before the transaction, for which requests may have to wait.
    let first = released.map { ReleasedEvent($0, releasing, self) }
    do {
      return try store.write { state in try judge(first, without: passedOver, releasing, in: state) }
    } catch {
      var step = ReleasedStep()
      for event in first {
        do {
          step.count(try store.write { state in try judge(event, in: state) })
        } catch {
          step.faults.append((event.parked, error))
        }
      }
      return step
    }
  }

  /// Judges one parked event again, released or not, in a transaction of its own: somebody has met it once more.
  /// - Returns: nil when another process judged it first. Throws faults; then it stays parked.
  public func judgeParked(_ parked: ParkedEvent) throws -> Judgement? {
    let event = ReleasedEvent(parked, nil, self)
    return try store.write { state in try judge(event, in: state) }
  }

  /// Judges events of this node's own that its relay has stored past the plugin, as from sync, in one write transaction. What is refused is left out.
  ///
  /// - Parameter receivedAt: Unix seconds.
  public func takeIn(_ raws: some Sequence<[UInt8]>, at receivedAt: UInt64) throws {
    let circumstances = Circumstances(receivedAt: receivedAt, source: .stored)
    let claimed = raws.compactMap { try? prepare($0, in: circumstances).get() }.filter { !$0.isNobodys }
    if claimed.isEmpty { return }
    try store.write { state in
      for event in claimed {
        if let fault = try apply(event, in: circumstances, "", isNearlyFull: false, to: state).fault { throw fault }
      }
    }
  }

  /// Judges all released events until none is left, or `isCancelled` says so.
  /// - Parameter releasing: as for `judgeReleasedStep`.
  /// - Returns: how many were accepted and refused. Throws the fault of the first that cannot be judged.
  @discardableResult
  public func judgeAllReleased(releasing: Circumstances? = nil, isCancelled: () -> Bool = { false }) throws -> (accepted: Int, refused: Int) {
    var counts = (accepted: 0, refused: 0)
    while !isCancelled(), let step = try judgeReleasedStep(releasing: releasing) {
      counts.accepted += step.accepted
      counts.refused += step.refused
      if let fault = step.faults.first { throw fault.error }
    }
    return counts
  }

  /// Goes on with what is released meanwhile, until nothing is or the step is large enough. May run again from its start.
  private func judge(
    _ first: [ReleasedEvent], without passedOver: Set<UInt64>, _ releasing: Circumstances?, in state: borrowing StateWriter
  ) throws -> ReleasedStep {
    let start = ContinuousClock.now
    var step = ReleasedStep()
    var queue = first[...]
    for _ in 0..<Self.releasedTogether {
      if queue.isEmpty {
        queue = try state.releasedEvents(limit: Self.releasedAhead, without: passedOver).map { ReleasedEvent($0, releasing, self) }[...]
      }
      guard let next = queue.popFirst() else { break }
      step.count(try judge(next, in: state))
      if ContinuousClock.now - start >= options.releasedFor { break }
    }
    return step
  }

  /// - Returns: nil when another process judged it first. Throws faults; then it stays parked.
  private func judge(_ released: ReleasedEvent, in state: borrowing StateWriter) throws -> Judgement? {
    let parked = released.parked
    guard try state.removeParked(parked.sequence) else { return nil }
    let claimed: ClaimedEvent
    switch released.prepared {
    case .success(let prepared): claimed = prepared
    case .failure(let rejection): return .rejected(rejection)
    }
    // It has its room already, also in the last tenth of the map.
    let judgement = try apply(claimed, in: released.circumstances, parked.sourceInfo ?? "", isNearlyFull: false, archive: released.archive, to: state)
    if let fault = judgement.fault { throw fault }
    // The relay has what was kept aside: it was answered with accept when it came.
    if judgement.decision == .accept, !parked.isKept, options.writesFollowUps {
      try state.enqueue(.event(released.published(claimed)), at: parked.receivedAt)
    }
    return judgement
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

/// A released event, verified and past its context-free checks.
private struct ReleasedEvent {
  let parked: ParkedEvent
  let circumstances: Circumstances
  let prepared: Result<ClaimedEvent, Rejection>
  /// What carried it, if it came in an archive.
  let archive: ArchivedEvent.Outer?

  init(_ parked: ParkedEvent, _ releasing: Circumstances?, _ judge: Judge) {
    self.parked = parked
    archive = parked.outer.flatMap { outer in
      let author = outer.withUnsafeBytes { bytes in (try? EventSlices.parse(bytes)).map { PublicKey($0.pubkey) } }
      return author.map { ArchivedEvent.Outer(outer, by: $0, judge.options.constellation.followUps) }
    }
    circumstances = Circumstances(
      receivedAt: parked.receivedAt, source: parked.source, isRejudged: releasing?.isRejudged ?? false, isBare: releasing?.isBare ?? false,
      isKept: parked.isKept)
    prepared = judge.prepare(parked.raw, in: circumstances)
  }

  /// What is delivered once it is accepted: the archive that carried it, if one did. A relay that has a newer version stores no older one.
  func published(_ claimed: ClaimedEvent) throws -> FollowUpEvent {
    let event = claimed.event
    guard let outer = parked.outer else {
      return FollowUpEvent(
        name: .parkedEvent, subject: event.id.bytes, trigger: event.id, body: .signed(raw: parked.raw, id: event.id, kind: event.kind))
    }
    let (id, kind) = try outer.withUnsafeBytes { bytes in
      let slices = try EventSlices.parse(bytes)
      return (EventID(slices.id), slices.kind)
    }
    return FollowUpEvent(name: .parkedEvent, subject: id.bytes, trigger: event.id, body: .signed(raw: outer, id: id, kind: kind))
  }
}
