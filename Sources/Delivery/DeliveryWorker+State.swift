// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import StateStore

extension DeliveryWorker {
  /// So many a pass; the next pass goes on.
  private static let maxReleased = 1000
  private static let maxBuilt = 1000
  /// Read at once: few, so that requests that are merged meanwhile are seen.
  private static let deferredBatch = 20

  /// Judges parked events whose dependency has arrived, and what those release. One that cannot be judged stays, and does not stop the others.
  func judgeReleased(_ pass: inout DeliveryPass, _ mayContinue: () -> Bool) throws {
    var passedOver: Set<UInt64> = []
    var judged = 0
    while mayContinue(), judged + passedOver.count < Self.maxReleased, let step = try judge.judgeReleasedStep(without: passedOver) {
      pass.accepted += step.accepted
      pass.refused += step.refused
      judged += step.accepted + step.refused
      step.diagnostics.forEach(diagnostics)
      for (event, error) in step.faults {
        passedOver.insert(event.sequence)
        fault(&pass, "event \(event.id.short) cannot be judged again", error)
      }
      // Requests wait for the same lock.
      SystemClock.sleep(milliseconds: Self.pauseMilliseconds)
    }
  }

  /// Makes the archives that are owed, few in a transaction.
  func makeArchives(_ pass: inout DeliveryPass, _ mayContinue: () -> Bool) throws {
    while mayContinue(), pass.built < Self.maxBuilt {
      let count = try judge.makeArchives()
      if count == 0 { return }
      pass.built += count
      SystemClock.sleep(milliseconds: Self.pauseMilliseconds)
    }
  }

  /// Builds what has waited long enough, each in one transaction: the event enters the outbox as the request leaves.
  func buildDeferred(_ pass: inout DeliveryPass, _ mayContinue: () -> Bool) throws {
    guard try store.read({ try $0.deferredCount() }) > 0 else { return }
    let now = clock() / 1000
    var passedOver = 0
    while mayContinue(), pass.built < Self.maxBuilt {
      // Those that could not be built now stand first again.
      let due = try store.read { try $0.dueDeferred(now: now, limit: passedOver + Self.deferredBatch) }.dropFirst(passedOver)
      if due.isEmpty { return }
      for deferred in due {
        guard mayContinue() else { return }
        // The request of a domain that is switched off waits until it is on again.
        if registry.validator(of: deferred.domain) != nil, build(deferred, &pass) { pass.built += 1 } else { passedOver += 1 }
      }
    }
  }

  /// False when it has to wait. A request that came after `deferred` was read goes with it: what it asks for is in the state that is built from.
  private func build(_ deferred: DeferredFollowUp, _ pass: inout DeliveryPass) -> Bool {
    guard let validator = registry.validator(of: deferred.domain) else { return false }
    let deferred = deferred.received(atMost: clock() / 1000)
    do {
      try store.write { state in
        guard try state.removeDeferred(deferred), let (event, changes) = try validator.build(deferred, reading: state) else { return }
        try state.apply(changes)
        try state.enqueue(event, builtFor: deferred)
      }
      return true
    } catch {
      fault(&pass, "the \(deferred.name.rawValue) for event \(deferred.trigger.short) cannot be built", error)
      return false
    }
  }

  /// What a domain has to do beside events, such as holding stored proofs against headers that came since; one step a transaction.
  func keepUp(_ pass: inout DeliveryPass, _ mayContinue: () -> Bool) throws {
    for validator in registry.validators {
      for _ in 0..<Self.maxBuilt {
        // Asked on a snapshot first: nearly always there is nothing to do, and nothing to lock for.
        guard mayContinue(), try store.read({ try validator.upkeep(reading: $0) }) != nil else { break }
        let done = try store.write { state -> Effects? in
          guard let effects = try validator.upkeep(reading: state) else { return nil }
          try state.apply(effects.changes)
          return effects
        }
        guard let done else { break }
        done.diagnostics.forEach(diagnostics)
        pass.built += 1
      }
    }
  }
}

extension DeferredFollowUp {
  /// A request that came while the clock was ahead counts as come now: no relay takes an event of a year that is to come.
  func received(atMost now: UInt64) -> DeferredFollowUp {
    guard receivedAt > now, receivedAt - now > Outbox.longestDelayMilliseconds / 1000 else { return self }
    return DeferredFollowUp(domain: domain, name: name, subject: subject, trigger: trigger, receivedAt: now, dueAt: now)
  }
}
