// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import StateStore

/// What was decided on a snapshot. It holds as long as nothing is committed: the same event, circumstances and state give the same outcome.
struct Proposal {
  let outcome: ClaimedEvent.Outcome
  /// The number of the newest commit that the snapshot saw.
  private let newestCommit: Int
  /// Whether anything was parked then.
  let somethingIsParked: Bool

  init(_ outcome: ClaimedEvent.Outcome, on newestCommit: Int, somethingIsParked: Bool) {
    self.outcome = outcome
    self.newestCommit = newestCommit
    self.somethingIsParked = somethingIsParked
  }

  /// The outcome, if the write transaction begins on the very state that the snapshot showed.
  func outcome(on state: borrowing StateWriter) -> ClaimedEvent.Outcome? { holds(on: state) ? outcome : nil }

  /// Nothing was committed since it was made. Where something is summoned no proposal is made, so that there is nothing to be judged first either.
  func holds(on state: borrowing StateWriter) -> Bool { state.newestCommit == newestCommit }
}

/// The second half of a judgement: decides in the write transaction, and applies everything that an acceptance does.
struct Application {
  private let claimed: ClaimedEvent
  private let circumstances: Circumstances
  private let sourceInfo: String
  private let options: JudgeOptions
  private let isNearlyFull: Bool
  /// What the event lay in, when it came in an archive.
  private let archive: ArchivedEvent.Outer?

  /// - Parameter isNearlyFull: the last tenth of the map is kept for what exists (architecture, *One path*).
  init(
    _ claimed: ClaimedEvent, _ circumstances: Circumstances, _ sourceInfo: String, _ options: JudgeOptions, isNearlyFull: Bool,
    archive: ArchivedEvent.Outer? = nil
  ) {
    self.claimed = claimed
    self.circumstances = circumstances
    // Whose client an event came from is kept nowhere; which relay, is.
    self.sourceInfo = circumstances.source.isRelay ? sourceInfo : ""
    self.archive = archive
    self.options = options
    self.isNearlyFull = isNearlyFull
  }

  /// Throws faults; then nothing of it happens.
  ///
  /// - Parameter proposal: what was decided before the transaction; taken where nothing was committed since, and decided again otherwise.
  func apply(_ proposal: Proposal? = nil, to state: borrowing StateWriter) throws -> Judgement {
    switch try proposal?.outcome(on: state) ?? claimed.decide(in: circumstances, options, reading: state) {
    case .unclaimed:
      // Only what the claim depended on can have gone meanwhile; accepted events are never taken away.
      return .faulted(Fault(answer: "could not judge", detail: "a claim vanished between two transactions"))
    case .decided(let decision, let owner):
      return Judgement(decision, owner: owner)
    case .evidence(let rejection, let effects, let owner):
      try state.apply(effects.changes)
      if options.writesFollowUps {
        for followUp in effects.followUps { try state.enqueue(followUp, at: circumstances.receivedAt) }
      }
      return Judgement(.reject(rejection), owner: owner, isWritten: true)
    case .kept(let dependencies):
      // Room in the last tenth is for what is somebody's.
      let isKept = try !isNearlyFull && state.keep(copy, until: dependencies, limits: options.parking)
      return Judgement(.accept, isWritten: isKept)
    case .parked(let rejection, let dependency, let owner):
      let isParked = try state.park(copy, waitingFor: dependency, limits: options.parking)
      var judgement = Judgement(.reject(isParked ? rejection.parked : rejection), owner: owner, isWritten: isParked)
      judgement.isParked = isParked
      return judgement
    case .effects(let effects, let owner):
      if effects.yieldsWhenFull, isNearlyFull { return .rejected(Self.nearlyFull, owner: owner) }
      try accept(effects, owner, to: state)
      let isNothingParked = proposal.map { $0.holds(on: state) && !$0.somethingIsParked } ?? false
      if !isNothingParked { try unpark(effects, in: state) }
      var judgement = Judgement(.accept, owner: owner, isWritten: true)
      judgement.diagnostics = effects.diagnostics
      return judgement
    }
  }

  private var copy: ParkedEvent {
    ParkedEvent(
      id: claimed.event.id, pubkey: claimed.event.pubkey, createdAt: claimed.event.createdAt, raw: claimed.event.raw, outer: archive?.raw,
      receivedAt: circumstances.receivedAt, source: circumstances.source, sourceInfo: sourceInfo)
  }

  private func noteArchive(in state: borrowing StateWriter) throws {
    if let archive { try state.note(archive: archive.mark, of: claimed.event.id) }
  }

  private static let nearlyFull = Rejection.error("the state is nearly full: only what exists already is taken")

  private func accept(_ effects: Effects, _ owner: Domain, to state: borrowing StateWriter) throws {
    let event = claimed.event
    try state.apply(effects.changes)
    let row = JournalRow(
      .event(raw: event.raw, id: event.id, source: circumstances.source, sourceInfo: sourceInfo), receivedAt: circumstances.receivedAt)
    let sequence = try state.appendJournal(row)
    try state.index(event.id, domain: owner, note: effects.note, sequence: sequence)
    try state.note(author: event.pubkey)
    try noteArchive(in: state)
    try Succession(event, circumstances, options).note(in: state)
    if options.writesFollowUps {
      for followUp in effects.followUps { try state.enqueue(followUp, at: circumstances.receivedAt) }
    }
  }

  private func unpark(_ effects: Effects, in state: borrowing StateWriter) throws {
    guard try state.parkedCount() > 0 else { return }
    // It may have been parked and come again by itself.
    try state.removeParked(id: claimed.event.id)
    for dependency in effects.provides { try state.release(dependency) }
  }
}
