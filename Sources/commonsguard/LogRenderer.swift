// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Glibc
import Policy
import Synchronization

/// Writes diagnostics to stderr, as text or as JSON Lines, one write(2) for each line.
///
/// Used from several threads. A line that cannot be written is lost: nothing may wait for a log.
final class LogRenderer: Sendable {
  private let settings: Mutex<Configuration.Log>
  private let descriptor: Int32

  /// The most bytes of a message and of a field's text; a whole line, escaped, stays under PIPE_BUF (4096), so lines of several processes do not mix.
  private static let maxMessageBytes = 500
  private static let maxFieldBytes = 150
  private static let maxFields = 8

  init(_ settings: Configuration.Log, descriptor: Int32 = STDERR_FILENO) {
    self.settings = Mutex(settings)
    self.descriptor = descriptor
  }

  /// For a reload.
  func use(_ new: Configuration.Log) { settings.withLock { $0 = new } }

  /// Writes a diagnostic when its level is asked for.
  func write(_ diagnostic: Diagnostic) {
    let settings = settings.withLock { $0 }
    guard diagnostic.level >= settings.level else { return }
    var line: String
    switch settings.format {
    case .text: line = Self.text(diagnostic)
    case .json:
      var now = timespec()
      clock_gettime(CLOCK_REALTIME, &now)
      line = Self.json(diagnostic, unixSeconds: Int64(now.tv_sec), nanoseconds: Int64(now.tv_nsec))
    }
    line += "\n"
    line.withUTF8 { bytes in
      var written = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
      while written < 0 && errno == EINTR { written = Glibc.write(descriptor, bytes.baseAddress, bytes.count) }
    }
  }

  /// `commonsguard: warning: message (name: key=value key="two words")`. No time: the journal of strfry has its own.
  static func text(_ diagnostic: Diagnostic) -> String {
    let fields = diagnostic.fields.prefix(maxFields).map { field in
      switch field.value {
      case .integer(let number): " \(field.name)=\(number)"
      case .string(let text): " \(field.name)=\(quotedWhereNeeded(LogRenderer.escaped(text, maxBytes: maxFieldBytes)))"
      }
    }
    let message = LogRenderer.escaped(diagnostic.message, maxBytes: maxMessageBytes)
    return "commonsguard: \(diagnostic.level.rawValue): \(message) (\(diagnostic.name)\(fields.isEmpty ? "" : ":")\(fields.joined()))"
  }

  /// One object: `time` (RFC 3339, UTC, milliseconds), `level`, `event`, `message`, then the fields.
  static func json(_ diagnostic: Diagnostic, unixSeconds: Int64, nanoseconds: Int64) -> String {
    var members: [(String, JSONOutput)] = [
      ("time", .string(time(unixSeconds, nanoseconds))), ("level", .string(diagnostic.level.rawValue)), ("event", .string(diagnostic.name)),
      ("message", .string(LogRenderer.escaped(diagnostic.message, maxBytes: maxMessageBytes))),
    ]
    for field in diagnostic.fields.prefix(maxFields) {
      switch field.value {
      case .integer(let number): members.append((field.name, .integer(number)))
      case .string(let text): members.append((field.name, .string(LogRenderer.escaped(text, maxBytes: maxFieldBytes))))
      }
    }
    return JSONOutput.object(members).line
  }

  /// Text made safe for one line of a terminal or a journal: control characters, separators of lines and characters
  /// that turn the direction of writing become `\u{…}`; a cut is marked `…`.
  static func escaped(_ text: String, maxBytes: Int) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if result.utf8.count >= maxBytes { return result + "…" }
      switch scalar {
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case _ where SafeText.isUnsafe(scalar): result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private static func quotedWhereNeeded(_ text: String) -> String {
    let isPlain =
      !text.isEmpty
      && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ")") }
    return isPlain ? text : JSONOutput.string(text).line
  }

  private static func time(_ unixSeconds: Int64, _ nanoseconds: Int64) -> String {
    var seconds = time_t(unixSeconds)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func padded(_ number: Int64, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let date = "\(padded(Int64(parts.tm_year) + 1900, 4))-\(padded(Int64(parts.tm_mon) + 1, 2))-\(padded(Int64(parts.tm_mday), 2))"
    let clock = "\(padded(Int64(parts.tm_hour), 2)):\(padded(Int64(parts.tm_min), 2)):\(padded(Int64(parts.tm_sec), 2))"
    return "\(date)T\(clock).\(padded(nanoseconds / 1_000_000, 3))Z"
  }
}
