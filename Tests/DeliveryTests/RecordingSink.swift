// SPDX-License-Identifier: AGPL-3.0-or-later
@testable import Delivery

/// Keeps what it is given, and answers as told: by default it takes everything.
final class RecordingSink: Sink {
  private(set) var batches: [[SignedRow]] = []
  var answer: (SignedRow) -> SinkOutcome = { _ in .delivered }

  func deliver(_ batch: [SignedRow]) -> [SinkOutcome] {
    batches.append(batch)
    return batch.map(answer)
  }

  /// The lines of all batches.
  var lines: [[UInt8]] { batches.flatMap { $0.map(\.line) } }
}
