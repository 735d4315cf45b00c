// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// Results go to stdout, what people follow goes to stderr.
enum Output {
  static func line(_ text: String) { line(Array(text.utf8)) }

  static func line(_ bytes: [UInt8]) {
    (bytes + [0x0a]).withUnsafeBytes { _ = fwrite($0.baseAddress, 1, $0.count, standardOutput) }
  }

  static func flush() { fflush(nil) }

  static func note(_ text: String) {
    flush()
    Array((text + "\n").utf8).withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  /// A line that replaces itself on a terminal, and is left out elsewhere.
  static func progress(_ text: String) {
    guard isatty(STDERR_FILENO) == 1 else { return }
    Array("\r\u{1b}[K\(text)".utf8).withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  static func endProgress() { progress("") }

  /// Buffered; glibc's own `stdout` is a mutable global, which Swift does not take. The laboratory writes from one thread.
  nonisolated(unsafe) private static let standardOutput = fdopen(STDOUT_FILENO, "w")
}
