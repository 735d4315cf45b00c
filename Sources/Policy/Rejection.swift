// SPDX-License-Identifier: AGPL-3.0-or-later

/// The machine-readable prefixes of NIP-01, in precedence order: where several rules refuse, the first named here would win.
public enum RejectionPrefix: String, CaseIterable, Sendable {
  case duplicate
  case pow
  case blocked
  case rateLimited = "rate-limited"
  case invalid
  case restricted
  case mute
  case error
}

/// A refusal: which rule an event breaks, in words for the person who published it.
///
/// The message is `<prefix>: <words>`, at most 300 bytes. The words up to their first variable part are fixed by the specs.
public struct Rejection: Error, Hashable, Sendable, CustomStringConvertible {
  public let prefix: RejectionPrefix
  public let words: String

  /// The most bytes that a message may have (contract, *Decisions*).
  public static let maxMessageBytes = 300

  /// - Parameter words: plain text; control characters are replaced, and what does not fit is cut at a character's edge.
  public init(_ prefix: RejectionPrefix, _ words: String) {
    self.prefix = prefix
    self.words = Self.bounded(words, maxBytes: Self.maxMessageBytes - prefix.rawValue.utf8.count - 2)
  }

  public static func duplicate(_ words: String) -> Rejection { Rejection(.duplicate, words) }
  public static func blocked(_ words: String) -> Rejection { Rejection(.blocked, words) }
  public static func invalid(_ words: String) -> Rejection { Rejection(.invalid, words) }
  public static func restricted(_ words: String) -> Rejection { Rejection(.restricted, words) }
  public static func error(_ words: String) -> Rejection { Rejection(.error, words) }

  /// The same refusal of an event that is kept until what it needs arrives. Where a rule refuses, the spec's words stand as they are; the event is
  /// kept all the same, in case its past turns out to be another.
  public var parked: Rejection { prefix == .error ? Rejection(prefix, "\(words), parked") : self }

  /// What the client reads as the fourth element of its OK.
  public var message: String { "\(prefix.rawValue): \(words)" }
  public var description: String { message }

  private static func bounded(_ words: String, maxBytes: Int) -> String {
    let needsCare = words.utf8.count > maxBytes || words.utf8.contains { $0 < 0x20 || $0 == 0x7f }
    guard needsCare else { return words }
    var result = ""
    var bytes = 0
    for scalar in words.unicodeScalars {
      let shown: Unicode.Scalar = scalar.value < 0x20 || scalar.value == 0x7f ? " " : scalar
      let width = UTF8.width(shown)
      if bytes + width > maxBytes { break }
      bytes += width
      result.unicodeScalars.append(shown)
    }
    return result
  }
}
