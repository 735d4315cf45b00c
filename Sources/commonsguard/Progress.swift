// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// A line on a terminal that tells how far a long command is; nothing where stderr is no terminal.
struct Progress {
  private let what: String
  private let total: Int?
  private let isShown: Bool
  private var shownAt = 0.0
  private let began = Progress.now()

  /// - Parameter total: bytes or rows to do, when they are known.
  init(_ what: String, total: Int?) {
    self.what = what
    self.total = total
    isShown = Console.stderrIsTerminal
  }

  /// - Parameters:
  ///   - done: of `total`, in its unit.
  ///   - count: events so far.
  mutating func update(done: Int, count: Int) {
    guard isShown else { return }
    let now = Self.now()
    guard now - shownAt > 0.2 else { return }
    shownAt = now
    let rate = Int(Double(count) / max(now - began, 0.001))
    var line = "\(what): \(count) events, \(rate)/s"
    if let total, total > 0 { line += ", \(min(100, done * 100 / total)) %" }
    Console.write("\r\u{1b}[K\(line)", to: STDERR_FILENO)
  }

  /// Takes the line away.
  func finish() {
    if isShown, shownAt > 0 { Console.write("\r\u{1b}[K", to: STDERR_FILENO) }
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
