// SPDX-License-Identifier: AGPL-3.0-or-later
import Policy

/// What was counted, by one process or by all.
///
/// As words of 8 bytes in the machine's own order: version · accepted · faults · rejected by prefix (16, in the prefixes' order) ·
/// max µs · sum of µs · histogram.
public struct CounterSum: Sendable, Equatable {
  public internal(set) var accepted: UInt64 = 0
  /// Events that could not be judged.
  public internal(set) var faults: UInt64 = 0
  var rejectedByPrefix = [UInt64](repeating: 0, count: RejectionPrefix.allCases.count)
  public internal(set) var latency = LatencyHistogram()

  public init() {}

  public var rejected: UInt64 { rejectedByPrefix.reduce(0, &+) }

  public func rejected(_ prefix: RejectionPrefix) -> UInt64 { rejectedByPrefix[Self.index(of: prefix)] }

  enum Word {
    static let version = 0
    static let accepted = 1
    static let faults = 2
    static let rejected = 3
    /// More than there are prefixes, so that one may be added.
    static let rejectedCount = 16
    static let max = rejected + rejectedCount
    static let sum = max + 1
    static let histogram = sum + 1
    static let count = histogram + LatencyHistogram.bucketCount
  }

  static let version: UInt64 = 1
  static let byteCount = Word.count * 8

  @inline(__always)
  static func index(of prefix: RejectionPrefix) -> Int {
    switch prefix {
    case .duplicate: 0
    case .pow: 1
    case .blocked: 2
    case .rateLimited: 3
    case .invalid: 4
    case .restricted: 5
    case .mute: 6
    case .error: 7
    }
  }

  /// Nil when the bytes are not such words, or of another version: those of a process killed while it made its file.
  init?(_ bytes: some Collection<UInt8>) {
    let bytes = Array(bytes.prefix(Self.byteCount))
    guard bytes.count == Self.byteCount else { return nil }
    let words = bytes.withUnsafeBytes { buffer in (0..<Word.count).map { buffer.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self) } }
    guard words[Word.version] == Self.version else { return nil }
    accepted = words[Word.accepted]
    faults = words[Word.faults]
    for index in rejectedByPrefix.indices { rejectedByPrefix[index] = words[Word.rejected + index] }
    latency.maxMicroseconds = words[Word.max]
    latency.sumMicroseconds = words[Word.sum]
    latency.counts = Array(words[Word.histogram...])
  }

  var bytes: [UInt8] {
    var words = [UInt64](repeating: 0, count: Word.count)
    words[Word.version] = Self.version
    words[Word.accepted] = accepted
    words[Word.faults] = faults
    for index in rejectedByPrefix.indices { words[Word.rejected + index] = rejectedByPrefix[index] }
    words[Word.max] = latency.maxMicroseconds
    words[Word.sum] = latency.sumMicroseconds
    words.replaceSubrange(Word.histogram..., with: latency.counts)
    return words.withUnsafeBytes { Array($0) }
  }

  static func += (left: inout CounterSum, right: CounterSum) {
    left.accepted &+= right.accepted
    left.faults &+= right.faults
    for index in left.rejectedByPrefix.indices { left.rejectedByPrefix[index] &+= right.rejectedByPrefix[index] }
    left.latency += right.latency
  }
}
