// SPDX-License-Identifier: AGPL-3.0-or-later
import CSystem
import Glibc

/// Where commands write: results to stdout, everything else to stderr.
enum Console {
  /// One line of results. Buffered; `flush` ends it.
  static func print(_ line: String) { write(line + "\n", to: STDOUT_FILENO) }

  static func print(_ bytes: [UInt8]) { write(String(decoding: bytes, as: UTF8.self) + "\n", to: STDOUT_FILENO) }

  /// One line for people, beside the results.
  static func note(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

  static var stderrIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  /// Everything at once, whatever write(2) takes. A reader that went away ends the program quietly, as other filters do.
  static func write(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { bytes in
      var written = 0
      while written < bytes.count {
        let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
        if count >= 0 {
          written += count
        } else if errno == EPIPE {
          exit(ExitStatus.failed.rawValue)
        } else if errno != EINTR {
          return
        }
      }
    }
  }
}
