// SPDX-License-Identifier: AGPL-3.0-or-later
import Policy
import StateStore

/// What became of the released events of one step (`Judge.judgeReleasedStep`).
public struct ReleasedStep: Sendable {
  public internal(set) var accepted = 0
  /// Refused for good, or waiting for something else now.
  public internal(set) var refused = 0
  /// What could not be judged, and stays parked and released.
  public internal(set) var faults: [(event: ParkedEvent, error: any Error)] = []

  /// What the events tell the operator, for the log.
  public internal(set) var diagnostics: [Diagnostic] = []

  mutating func count(_ judgement: Judgement?) {
    guard let judgement else { return }
    if judgement.decision.isAccept { accepted += 1 } else { refused += 1 }
    diagnostics += judgement.diagnostics
  }
}
