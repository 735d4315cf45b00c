// SPDX-License-Identifier: AGPL-3.0-or-later
import StateStore

/// What became of the released events of one step (`Judge.judgeReleasedStep`).
public struct ReleasedStep: Sendable {
  public internal(set) var accepted = 0
  /// Refused for good, or waiting for something else now.
  public internal(set) var refused = 0
  /// What could not be judged, and stays parked and released.
  public internal(set) var faults: [(event: ParkedEvent, error: any Error)] = []

  mutating func count(_ decision: Decision?) {
    switch decision {
    case .accept: accepted += 1
    case .reject: refused += 1
    case nil: return
    }
  }
}
