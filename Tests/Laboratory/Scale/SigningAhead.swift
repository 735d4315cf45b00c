// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation

/// Makes numbered events in other threads, and hands them out in order.
///
/// `@unchecked Sendable`: everything is behind the condition's lock.
final class SigningAhead: @unchecked Sendable {
  private let condition = NSCondition()
  private var made: [Int: [[UInt8]]] = [:]
  private var nextToMake = 0
  private var nextToHand = 0
  private let batchCount: Int
  private static let batchSize = 256
  private static let ahead = 64

  /// - Parameter make: the event of a number from 0 to `count - 1`; called in several threads.
  init(count: Int, threads: Int, make: @escaping @Sendable (Int) -> [UInt8]) {
    batchCount = (count + Self.batchSize - 1) / Self.batchSize
    for _ in 0..<max(1, threads) {
      Thread.detachNewThread { [self] in
        while let batch = claim() {
          let first = batch * Self.batchSize
          deliver(batch, (first..<min(count, first + Self.batchSize)).map(make))
        }
      }
    }
  }

  private func claim() -> Int? {
    condition.lock()
    defer { condition.unlock() }
    while nextToMake < batchCount, nextToMake >= nextToHand + Self.ahead { condition.wait() }
    guard nextToMake < batchCount else { return nil }
    nextToMake += 1
    return nextToMake - 1
  }

  private func deliver(_ batch: Int, _ events: [[UInt8]]) {
    condition.lock()
    made[batch] = events
    condition.broadcast()
    condition.unlock()
  }

  /// The next events; nil after the last.
  func next() -> [[UInt8]]? {
    condition.lock()
    defer { condition.unlock() }
    guard nextToHand < batchCount else { return nil }
    while made[nextToHand] == nil { condition.wait() }
    let events = made.removeValue(forKey: nextToHand)
    nextToHand += 1
    condition.broadcast()
    return events
  }
}
