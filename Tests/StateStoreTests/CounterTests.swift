// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Policy
import TestSupport
import Testing

@testable import StateStore

@Suite struct CounterTests {
  let state: TemporaryState
  var directory: String { state.root + "/counters" }

  init() throws { state = try TemporaryState() }

  @Test("Outcomes are counted, each on its own, with the longest latency")
  func counting() throws {
    let counters = try CounterFile(directory: directory)
    counters.record(.accepted, microseconds: 30)
    counters.record(.accepted, microseconds: 40)
    counters.record(.fault, microseconds: 12_345)
    for (index, prefix) in RejectionPrefix.allCases.enumerated() {
      for _ in 0...index { counters.record(.rejected(prefix), microseconds: 1) }
    }
    let sum = try CounterFile.sum(directory: directory)
    #expect(sum == counters.sum)
    #expect(sum.accepted == 2)
    #expect(sum.faults == 1)
    for (index, prefix) in RejectionPrefix.allCases.enumerated() { #expect(sum.rejected(prefix) == UInt64(index + 1)) }
    #expect(sum.rejected == 36)
    #expect(sum.latency.count == 39)
    #expect(sum.latency.maxMicroseconds == 12_345)
    #expect(sum.latency.sumMicroseconds == 30 + 40 + 12_345 + 36)
  }

  @Test("Counters without a file count the same")
  func inMemory() throws {
    let counters = try CounterFile()
    counters.record(.rejected(.invalid), microseconds: 7)
    #expect(counters.sum.rejected(.invalid) == 1)
    #expect(counters.sum.latency.percentile(0.5) == 7)
  }

  @Test("Where nothing was counted the sum is empty")
  func empty() throws {
    #expect(try CounterFile.sum(directory: directory) == CounterSum())
    #expect(CounterSum().latency.percentile(0.99) == 0)
  }

  @Test("The sum holds what living, dead and killed processes counted, before and after the dead ones are folded, once")
  func folding() async throws {
    let mine = try CounterFile(directory: directory)
    mine.record(.accepted, microseconds: 10)
    for _ in 0..<2 {
      await #expect(processExitsWith: .signal(SIGKILL)) { [directory = directory as String] in
        let counters = try CounterFile(directory: directory)
        counters.record(.accepted, microseconds: 100)
        kill(getpid(), SIGKILL)
      }
    }
    #expect(try CounterFile.sum(directory: directory).accepted == 3)
    let other = try CounterFile(directory: directory)
    other.record(.accepted, microseconds: 1)
    #expect(try files().count == 2)
    #expect(try CounterFile.sum(directory: directory).accepted == 4)
    #expect(try CounterFile.sum(directory: directory).latency.maxMicroseconds == 100)
    mine.record(.accepted, microseconds: 10)
    #expect(try CounterFile.sum(directory: directory).accepted == 5)
  }

  @Test("A file that was folded and not removed, because the folding process died, is not counted twice")
  func interruptedFold() throws {
    try folded(accepted: 3)
    let name = try #require(try files().first)
    let content = try #require(FileManager.default.contents(atPath: directory + "/" + name))
    _ = try CounterFile(directory: directory)
    _ = FileManager.default.createFile(atPath: directory + "/" + name, contents: content)
    #expect(try CounterFile.sum(directory: directory).accepted == 3)
    _ = try CounterFile(directory: directory)
    #expect(try CounterFile.sum(directory: directory).accepted == 3)
    #expect(try !files().contains(name))
  }

  @Test("Damaged files are passed over")
  func damaged() throws {
    try folded(accepted: 1)
    for content in [Data(), Data([1, 2, 3]), Data(repeating: 0xff, count: CounterSum.byteCount)] {
      _ = FileManager.default.createFile(atPath: directory + "/1-\(content.count).counters", contents: content)
    }
    #expect(try CounterFile.sum(directory: directory).accepted == 1)
    let counters = try CounterFile(directory: directory)
    #expect(try CounterFile.sum(directory: directory).accepted == 1)
    #expect(try files().count == 1)
    counters.record(.accepted, microseconds: 0)
  }

  @Test("Percentiles are those of the sorted latencies, at most a sixteenth above", arguments: [21, 22, 23] as [UInt64])
  func percentiles(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let counters = try CounterFile()
    let latencies = (0..<2000).map { _ in UInt64.random(in: 0..<(1 << UInt64.random(in: 1...30, using: &random)), using: &random) }
    for latency in latencies { counters.record(.accepted, microseconds: latency) }
    let sorted = latencies.sorted()
    for share in [0.01, 0.5, 0.9, 0.99, 0.999, 1] {
      let exact = sorted[Int((Double(sorted.count) * share).rounded(.up)) - 1]
      let estimate = counters.sum.latency.percentile(share)
      #expect(estimate >= exact && estimate <= exact + exact / 16, "seed \(seed), share \(share)")
    }
    #expect(counters.sum.latency.maxMicroseconds == sorted.last)
  }

  @Test("Every latency has a bucket that holds it", arguments: [0, 1, 31, 32, 33, 63, 64, 1 << 20, (1 << 40) - 1] as [UInt64])
  func buckets(latency: UInt64) {
    let bucket = LatencyHistogram.bucket(of: latency)
    #expect(LatencyHistogram.upperBound(of: bucket) >= latency)
    #expect(bucket == 0 || LatencyHistogram.upperBound(of: bucket - 1) < latency)
  }

  @Test("A latency beyond all buckets is in the last one")
  func beyond() {
    #expect(LatencyHistogram.bucket(of: 1 << 40) == LatencyHistogram.bucketCount - 1)
    #expect(LatencyHistogram.bucket(of: .max) == LatencyHistogram.bucketCount - 1)
  }

  /// Leaves the file of a process that is gone.
  private func folded(accepted: Int) throws {
    let counters = try CounterFile(directory: directory)
    for _ in 0..<accepted { counters.record(.accepted, microseconds: 5) }
  }

  private func files() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".counters") }
  }
}
