// SPDX-License-Identifier: AGPL-3.0-or-later

/// Where a transfer stands. The raw value is stored: never renumber.
///
/// `pending` → `posted` | `voided` | `unknown`; `unknown` → `posted` | `voided`; `observed` (paid elsewhere, if at all) → `pending` | `posted`.
/// Posted and voided are for ever. Source: settlement-and-follow-ups, *The ledger*.
public enum TransferState: UInt8, CaseIterable, Sendable {
  case pending = 1
  case posted = 2
  case voided = 3
  case unknown = 4
  case observed = 5

  public var name: String {
    switch self {
    case .pending: "pending"
    case .posted: "posted"
    case .voided: "voided"
    case .unknown: "unknown"
    case .observed: "observed"
    }
  }

  /// Whether a transfer may go from this state to another.
  public func canBecome(_ next: TransferState) -> Bool {
    switch (self, next) {
    case (.pending, .posted), (.pending, .voided), (.pending, .unknown): true
    case (.unknown, .posted), (.unknown, .voided): true
    case (.observed, .pending), (.observed, .posted): true
    default: false
    }
  }

  /// Whether its amount counts as collected.
  var isCollected: Bool { self == .posted }
  /// Whether its amount is held back until its fate is known.
  var isReserved: Bool { self == .pending || self == .unknown }
}
