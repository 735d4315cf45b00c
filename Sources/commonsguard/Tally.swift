// SPDX-License-Identifier: AGPL-3.0-or-later
import Judgement
import Policy
import Synchronization

/// Counts decisions, and refusals by their reason. Asked from another thread when the command is interrupted.
final class Tally: Sendable {
  private struct Counts {
    var accepted = 0
    var refused = 0
    var reasons: [String: Int] = [:]
  }

  /// Reasons are few: the fixed words of the rules.
  private static let maxReasons = 200
  private let counts = Mutex(Counts())

  var accepted: Int { counts.withLock { $0.accepted } }
  var refused: Int { counts.withLock { $0.refused } }
  var reasons: [(reason: String, count: Int)] {
    counts.withLock { $0.reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) } }
  }

  func count(_ decision: Decision) {
    switch decision {
    case .accept: counts.withLock { $0.accepted += 1 }
    case .reject(let rejection): countRefusal(rejection)
    }
  }

  func countAccepted(_ more: Int) { counts.withLock { $0.accepted += more } }

  func countRefusal(_ rejection: Rejection) {
    let reason = rejection.reason
    counts.withLock { counts in
      counts.refused += 1
      if counts.reasons.count < Self.maxReasons || counts.reasons[reason] != nil { counts.reasons[reason, default: 0] += 1 }
    }
  }

  /// `  refused 12: invalid: bad signature`, the most frequent first.
  var lines: [String] { reasons.prefix(10).map { "  refused \($0.count): \(LogRenderer.escaped($0.reason, maxBytes: 300))" } }

  var json: JSONOutput { .object(reasons.sorted { $0.reason < $1.reason }.map { ($0.reason, .integer(Int64($0.count))) }) }
}

extension Rejection {
  /// The message up to its first variable part, a figure, an id or a bracket: what varies would make every refusal its own reason.
  var reason: String {
    var words: [Substring] = []
    for word in message.split(separator: " ", omittingEmptySubsequences: true) {
      if word.contains("(") || word.contains(where: \.isNumber) { break }
      words.append(word)
    }
    return words.joined(separator: " ")
  }
}
