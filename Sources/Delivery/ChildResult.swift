// SPDX-License-Identifier: AGPL-3.0-or-later

/// How a command ended, and what it said on stderr.
struct ChildResult {
  enum End: Equatable {
    case exited(Int32)
    case signalled(Int32)
    case timedOut(seconds: Int)
    case notStarted(String)
    /// Its exit status is lost.
    case unknown
  }

  var end: End
  /// It took all of its input.
  var tookInput = true
  /// The last bytes of its stderr.
  var complaint = Tail()

  /// Nil when it exited with 0 after it took its input; else why not, in one line.
  var failure: String? {
    let words: String
    switch end {
    case .exited(0) where tookInput: return nil
    case .exited(0): words = "it did not read all that it was given"
    case .exited(let code): words = "exit \(code)"
    case .signalled(let signal): words = "killed by signal \(signal)"
    case .timedOut(let seconds): words = "no end after \(seconds) s, killed"
    case .notStarted(let why): return "cannot be started: \(why)"
    case .unknown: words = "its exit status is lost"
    }
    let said = complaint.shown
    return said.isEmpty ? words : words + Self.saidMark + said
  }
}

extension ChildResult {
  /// Stands before what a command said on stderr. The outbox keeps that for the operator; the log leaves it out, since commands quote events.
  static let saidMark = ", saying: "

  /// An error without what a command said.
  static func forLog(_ error: String) -> String {
    guard let mark = error.utf8.indices.first(where: { error.utf8[$0...].starts(with: saidMark.utf8) }) else { return error }
    return error[..<mark] + " (`commonsguard outbox list` shows what it said)"
  }
}

/// The last bytes of a stream.
struct Tail {
  static let maxBytes = 4096
  /// So much is shown in an error: it fits into a row of the outbox.
  private static let maxShownBytes = 600

  private var kept: [UInt8] = []

  /// What is kept.
  var bytes: ArraySlice<UInt8> { kept.suffix(Self.maxBytes) }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    kept += bytes.suffix(Self.maxBytes)
    if kept.count > 4 * Self.maxBytes { kept.removeFirst(kept.count - Self.maxBytes) }
  }

  /// The end of it as one printable line: whatever a command writes cannot disturb a log or a terminal.
  var shown: String {
    var text = ""
    var lineEnd = false
    for byte in bytes.suffix(Self.maxShownBytes) {
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
        lineEnd = !text.isEmpty
        continue
      }
      if lineEnd { text += " | " }
      lineEnd = false
      if byte >= 0x20, byte < 0x7f {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        text += byte == UInt8(ascii: "\t") ? " " : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
    }
    return String(text.suffix(Self.maxShownBytes))
  }
}
