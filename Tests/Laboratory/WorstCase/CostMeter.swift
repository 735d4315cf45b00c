// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// What one judgement took.
struct Cost {
  /// Of this thread's processor time.
  let microseconds: Double
  /// Of the event.
  let bytes: Int
  /// How much the process grew meanwhile, in KiB of resident memory; freed memory that is used again does not count.
  let grownKiB: Int

  /// 20 ms for what strfry takes, 1 µs a byte for what is larger.
  var limit: Double { bytes <= 64 << 10 ? 20_000 : Double(bytes) }
  var isOver: Bool { microseconds > limit }

  static func dearer(_ cost: Cost, _ other: Cost?) -> Cost {
    guard let other, other.microseconds >= cost.microseconds else { return cost }
    return other
  }
}

/// Measures judgements by this thread's own clock, which leaves out what other programs on a busy machine take.
struct CostMeter {
  private let pageKiB = Int(sysconf(Int32(_SC_PAGESIZE))) / 1024

  func measure(_ bytes: Int, _ body: () throws -> Void) rethrows -> Cost {
    let resident = residentPages
    let began = Self.processorTime()
    try body()
    let ended = Self.processorTime()
    return Cost(microseconds: Double(ended &- began) / 1000, bytes: bytes, grownKiB: (residentPages - resident) * pageKiB)
  }

  /// Of this thread, in nanoseconds.
  static func processorTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  /// All resident pages but those of files and shared maps: the state's map is no growth.
  private var residentPages: Int {
    guard let text = try? TextFile.procText("/proc/self/statm") else { return 0 }
    let fields = text.split(separator: " ")
    guard fields.count > 2, let resident = Int(fields[1]), let shared = Int(fields[2]) else { return 0 }
    return resident - shared
  }
}
