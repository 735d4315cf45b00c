// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Nostr

/// A regular expression that names of collectives must match (option `dRegex`): POSIX extended, as glibc reads it, which knows `\w` too.
///
/// Compiled for each question: a value can be shared between threads, a compiled expression cannot, and names are at most 64 bytes.
public struct NamePattern: Hashable, Sendable {
  public let text: String

  /// nil when it is no such expression.
  public init?(_ text: String) {
    self.text = text
    guard !text.utf8.contains(0), let _ = Self.with(text, { _ in true }) else { return nil }
  }

  func matches(_ name: Text) -> Bool {
    guard !name.bytes.contains(0) else { return false }
    return Self.with(text) { expression in regexec(&expression, name.string, 0, nil, 0) == 0 } ?? false
  }

  private static func with(_ text: String, _ body: (inout regex_t) -> Bool) -> Bool? {
    var expression = regex_t()
    guard regcomp(&expression, text, REG_EXTENDED | REG_NOSUB) == 0 else { return nil }
    defer { regfree(&expression) }
    return body(&expression)
  }
}
