// SPDX-License-Identifier: AGPL-3.0-or-later

/// Where a follow-up stands. The raw value is stored: never renumber.
public enum OutboxState: UInt8, CaseIterable, Sendable {
  /// To be delivered, now or when its next attempt comes.
  case due = 1
  /// The sink has it; kept for 30 days.
  case delivered = 2
  /// Waits for the operator: it goes on when the key file or the configuration changes, or by `outbox retry`.
  case held = 3
  /// Given up after too many attempts; waits for the operator too.
  case failed = 4

  /// The name in `outbox list`.
  public var name: String {
    switch self {
    case .due: "due"
    case .delivered: "delivered"
    case .held: "held"
    case .failed: "failed"
    }
  }
}
