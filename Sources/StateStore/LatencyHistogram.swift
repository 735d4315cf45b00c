// SPDX-License-Identifier: AGPL-3.0-or-later

/// Counts of latencies in microseconds, in buckets of which each is at most a sixteenth of its values wide.
///
/// Below 32 a bucket is one value; above, each power of two has 16 buckets. What takes longer than about 12 days lands in the last one.
public struct LatencyHistogram: Sendable, Equatable {
  static let bucketCount = 32 + 35 * 16
  static let maxExponent = 39

  /// How often a latency fell into each bucket.
  var counts = [UInt64](repeating: 0, count: bucketCount)
  /// The longest, exactly; 0 when there was none.
  public internal(set) var maxMicroseconds: UInt64 = 0
  /// The sum of all.
  public internal(set) var sumMicroseconds: UInt64 = 0

  public init() {}

  /// How many were recorded.
  public var count: UInt64 { counts.reduce(0, &+) }

  /// An upper bound of the latency that this share of all did not exceed, at most a sixteenth above it; 0 when none was recorded.
  ///
  /// - Parameter share: 0.5 for the median, 0.99 for the 99th of a hundred.
  public func percentile(_ share: Double) -> UInt64 {
    let rank = max(1, (Double(count) * min(max(share, 0), 1)).rounded(.up))
    var passed: UInt64 = 0
    for (bucket, count) in counts.enumerated() {
      passed &+= count
      if count > 0, Double(passed) >= rank { return min(Self.upperBound(of: bucket), maxMicroseconds) }
    }
    return maxMicroseconds
  }

  static func bucket(of microseconds: UInt64) -> Int {
    if microseconds < 32 { return Int(microseconds) }
    let exponent = 63 - microseconds.leadingZeroBitCount
    if exponent > maxExponent { return bucketCount - 1 }
    return 32 + (exponent - 5) * 16 + Int((microseconds >> UInt64(exponent - 4)) & 15)
  }

  /// The greatest value of the bucket.
  static func upperBound(of bucket: Int) -> UInt64 {
    if bucket < 32 { return UInt64(bucket) }
    let exponent = (bucket - 32) / 16 + 5
    let step = UInt64((bucket - 32) % 16)
    return (17 + step) << UInt64(exponent - 4) - 1
  }

  static func += (left: inout LatencyHistogram, right: LatencyHistogram) {
    for bucket in left.counts.indices { left.counts[bucket] &+= right.counts[bucket] }
    left.maxMicroseconds = max(left.maxMicroseconds, right.maxMicroseconds)
    left.sumMicroseconds &+= right.sumMicroseconds
  }
}
