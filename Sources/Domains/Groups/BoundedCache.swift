// SPDX-License-Identifier: AGPL-3.0-or-later
import Synchronization

/// Keeps what can always be computed again, in so many bytes at most: whoever sends the events decides what is asked, not how much is kept.
final class BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Kept {
    var values: [Key: (value: Value, bytes: Int)] = [:]
    /// Oldest first.
    var order: [Key] = []
    var bytes = 0
  }

  private let maxBytes: Int
  private let kept = Mutex(Kept())

  /// What a row costs besides what its value holds, at most: a dictionary that has just grown has eight places for three rows, an array two for one.
  private static var rowBytes: Int {
    let placeBytes = MemoryLayout<Key>.stride + MemoryLayout<(value: Value, bytes: Int)>.stride + 1
    return placeBytes * 8 / 3 + 2 * MemoryLayout<Key>.stride
  }

  init(maxBytes: Int) { self.maxBytes = maxBytes }

  /// How many bytes are kept, as they were declared.
  var bytes: Int { kept.withLock { $0.bytes } }

  func value(_ key: Key) -> Value? { kept.withLock { $0.values[key]?.value } }

  /// - Parameter bytes: what the value holds on the heap; one that is larger than the whole cache is not kept.
  func keep(_ value: Value, bytes: Int, for key: Key) {
    let bytes = bytes + Self.rowBytes
    guard bytes <= maxBytes else { return }
    kept.withLock { kept in
      guard kept.values[key] == nil else { return }
      if kept.bytes + bytes > maxBytes {
        // The older half goes at once, so that this is rare.
        var gone = 0
        while gone < kept.order.count, kept.bytes + bytes > maxBytes / 2 {
          kept.bytes -= kept.values.removeValue(forKey: kept.order[gone])?.bytes ?? 0
          gone += 1
        }
        kept.order.removeFirst(gone)
      }
      kept.values[key] = (value, bytes)
      kept.order.append(key)
      kept.bytes += bytes
    }
  }
}
