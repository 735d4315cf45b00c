// SPDX-License-Identifier: AGPL-3.0-or-later
import CSystem
import Glibc

/// Where commands write: results to stdout, everything else to stderr. What a terminal would obey is escaped on the way.
enum Console {
  /// One line of results, written at once.
  static func print(_ line: String) { write(SafeText.line(line) + "\n", to: STDOUT_FILENO) }

  /// One line of results that is JSON from elsewhere, such as an event.
  static func print(json bytes: [UInt8]) { write(SafeText.json(bytes) + [0x0A], to: STDOUT_FILENO) }

  /// Lines for people, beside the results.
  static func note(_ lines: String) {
    let safe = lines.split(separator: "\n", omittingEmptySubsequences: false).map { SafeText.line(String($0)) }
    write(safe.joined(separator: "\n") + "\n", to: STDERR_FILENO)
  }

  static var stderrIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  static func write(_ text: String, to descriptor: Int32) { write(Array(text.utf8), to: descriptor) }

  /// Everything, whatever one write(2) takes. A result that cannot be written ends the program: nothing that was not said counts as said.
  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    if let code = Descriptor.write(bytes, to: descriptor), descriptor == STDOUT_FILENO { stdoutFailed(code) }
  }

  /// Ends the program because stdout takes no more: quietly as other filters end when the reader went away, else with words and 1.
  static func stdoutFailed(_ code: Int32) -> Never {
    Leftovers.remove()
    if code == EPIPE {
      signal(SIGPIPE, SIG_DFL)
      raise(SIGPIPE)
      exit(128 + SIGPIPE)
    }
    note("commonsguard: stdout cannot be written: \(String(cString: strerror(code)))")
    exit(ExitStatus.failed.rawValue)
  }
}

/// Whole writes on a descriptor.
enum Descriptor {
  /// - Returns: what write(2) failed with; nil when everything was written.
  static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
    bytes.withUnsafeBytes { buffer in
      var written = 0
      while written < buffer.count {
        let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
        if count >= 0 {
          written += count
        } else if errno == EAGAIN {
          var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = poll(&ready, 1, -1)
        } else if errno != EINTR {
          return errno
        }
      }
      return nil
    }
  }
}
