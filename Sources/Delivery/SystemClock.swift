// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// The clocks that the program hands to the worker, which itself has none.
public enum SystemClock {
  /// Milliseconds since 1970.
  public static func unixMilliseconds() -> UInt64 { milliseconds(CLOCK_REALTIME) }

  /// Milliseconds of a clock that nobody sets.
  static func monotonicMilliseconds() -> UInt64 { milliseconds(CLOCK_MONOTONIC) }

  private static func milliseconds(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(max(0, time.tv_sec)) &* 1000 &+ UInt64(max(0, time.tv_nsec)) / 1_000_000
  }

  static func sleep(milliseconds: UInt64) { _ = poll(nil, 0, Int32(clamping: milliseconds)) }
}
