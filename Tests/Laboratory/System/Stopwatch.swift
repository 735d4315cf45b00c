// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// The monotonic clock.
enum Stopwatch {
  static func nanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  static func seconds(since start: UInt64) -> Double { Double(nanoseconds() &- start) / 1e9 }
}

/// Latencies, and what stands out of them.
struct Samples {
  private var nanoseconds: [UInt64] = []

  init(capacity: Int) { nanoseconds.reserveCapacity(capacity) }

  var count: Int { nanoseconds.count }
  mutating func add(_ sample: UInt64) { nanoseconds.append(sample) }

  /// The sample at a share of all, in microseconds; 0 when there is none.
  func microseconds(at share: Double) -> Double {
    guard !nanoseconds.isEmpty else { return 0 }
    return Double(nanoseconds.sorted()[Int(share * Double(nanoseconds.count - 1) + 0.5)]) / 1000
  }

  var median: Double { microseconds(at: 0.5) }
}

/// A number with that many places.
func fixed(_ number: Double, _ places: Int = 1) -> String {
  let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
  let rounded = (number * scale).rounded()
  guard places > 0, rounded.magnitude < 1e15 else { return String(Int(rounded)) }
  let whole = Int(rounded.magnitude)
  let digits = String(whole % Int(scale))
  return "\(rounded < 0 ? "-" : "")\(whole / Int(scale)).\(String(repeating: "0", count: places - digits.count))\(digits)"
}
