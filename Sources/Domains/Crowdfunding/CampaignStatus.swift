// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// What a campaign's version says of itself (C9). The raw value is stored: never renumber.
public enum CampaignStatus: UInt8, CaseIterable, Sendable {
  case draft = 1
  case votePending = 2
  case crowdfunding = 3
  case funded = 4
  case completed = 5
  case cancelled = 6

  public init?(_ text: Text) {
    guard let status = CampaignStatus.allCases.first(where: { text.equals($0.name) }) else { return nil }
    self = status
  }

  public var name: String {
    switch self {
    case .draft: "draft"
    case .votePending: "vote_pending"
    case .crowdfunding: "crowdfunding"
    case .funded: "funded"
    case .completed: "completed"
    case .cancelled: "cancelled"
    }
  }

  /// Nothing follows (C13).
  public var isFinal: Bool { self == .completed || self == .cancelled }
  /// The campaign has not ended: `closed_at` has to lie ahead (C9).
  var isOpen: Bool { self == .draft || self == .votePending || self == .crowdfunding }
  /// Goals, wallets and owners may still change (C14).
  var allowsNewTerms: Bool { self == .draft || self == .votePending }
  /// It claims what the vote or the ledger has to bear out (C13).
  var isClaim: Bool { self == .funded || self == .completed }
  /// Only the captain may say so (C11).
  var isCaptainsAlone: Bool { isFinal }

  /// How far a campaign has come: from sync, a version may stand still or go on, as versions between may be missing here.
  var rank: Int {
    switch self {
    case .draft: 0
    case .votePending: 1
    case .crowdfunding: 2
    case .funded: 3
    case .completed, .cancelled: 4
    }
  }
}
