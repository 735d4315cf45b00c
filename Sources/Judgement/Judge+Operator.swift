// SPDX-License-Identifier: AGPL-3.0-or-later
import Policy
import StateStore

extension Judge {
  /// Carries out a decision of the operator and journals it. Throws a `Rejection` when it cannot be, and faults.
  public func carryOut(_ decision: OperatorDecision) throws {
    guard let validator = registry.validator(of: decision.domain) else { throw Rejection.invalid("\(decision.domain.name) is switched off") }
    try store.write { state in
      let effects = try validator.decide(decision, reading: state)
      try state.apply(effects.changes)
      _ = try state.appendJournal(JournalRow(.decision(decision), receivedAt: decision.at))
      if options.writesFollowUps {
        for followUp in effects.followUps { try state.enqueue(followUp, at: decision.at) }
      }
      for dependency in effects.provides { try state.release(dependency) }
    }
  }
}
