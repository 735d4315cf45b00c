// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// How an operator ends a dispute (`campaign resolve --as`). The raw value is published and journalled: never rename.
/// Source: constellation spec, rule 4.
public enum Resolution: String, CaseIterable, Sendable {
  /// The vote is approved, for the owners known here.
  case approved
  /// The vote is not approved.
  case open
  /// The campaign is not deleted.
  case kept
  case deleted

  /// What was disputed.
  enum Question: CaseIterable, Sendable { case vote, deletion }

  init?(_ text: Text) {
    guard let found = Resolution.allCases.first(where: { text.equals($0.rawValue) }) else { return nil }
    self = found
  }

  var question: Question {
    switch self {
    case .approved, .open: .vote
    case .kept, .deleted: .deletion
    }
  }

  /// As it is stored: never renumber.
  var code: UInt8 {
    switch self {
    case .approved: 1
    case .open: 2
    case .kept: 3
    case .deleted: 4
    }
  }

  init?(code: UInt8) {
    guard let found = Resolution.allCases.first(where: { $0.code == code }) else { return nil }
    self = found
  }
}

/// What was resolved of one question, as one relay has it.
struct Resolutions: Equatable, Sendable {
  /// This node's operator's.
  var own: Resolution?
  /// What holds here: the own one; else the one that others announced, where nothing was decided live here.
  var inForce: Resolution?
}

extension Resolution {
  private static let prefix = "resolve-"

  /// The operator's decision as the journal names it.
  public var action: String { Self.prefix + rawValue }

  init?(action: String) {
    guard action.hasPrefix(Self.prefix) else { return nil }
    self.init(rawValue: String(action.dropFirst(Self.prefix.count)))
  }
}
