// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport

/// What one verification costs, at the moment of asking.
struct Yardstick {
  private let verifier: EventVerifier
  private let raw = TestKey("yardstick").json(kind: 1, content: String(repeating: "x", count: 700))

  init() throws { verifier = try EventVerifier() }

  /// By the clock: the median of five.
  func microseconds() throws -> Double {
    var samples = Samples(capacity: 5)
    for _ in 0..<5 {
      let began = Stopwatch.nanoseconds()
      _ = try verifier.verify(try Event(parsing: raw))
      samples.add(Stopwatch.nanoseconds() &- began)
    }
    return samples.median
  }

  /// Of this thread's processor time: the median of a hundred.
  func processorMicroseconds() throws -> Double {
    var samples = Samples(capacity: 101)
    for _ in 0..<101 {
      let began = CostMeter.processorTime()
      _ = try verifier.verify(try Event(parsing: raw))
      samples.add(CostMeter.processorTime() &- began)
    }
    return samples.median
  }
}
