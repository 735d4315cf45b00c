// SPDX-License-Identifier: AGPL-3.0-or-later

/// Who owns events and tables. The raw value is stored: never renumber.
public enum Domain: UInt8, CaseIterable, Sendable {
  case ledger = 1
  case crowdfunding = 2
  case collectives = 3
  case groups = 4
  case economy = 5

  /// The name in `state digest` and in configuration.
  public var name: String {
    switch self {
    case .ledger: "ledger"
    case .crowdfunding: "crowdfunding"
    case .collectives: "collectives"
    case .groups: "groups"
    case .economy: "economy"
    }
  }
}
