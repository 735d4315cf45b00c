// SPDX-License-Identifier: AGPL-3.0-or-later
import Policy

/// One sum that a campaign wants to collect (C7).
public struct Goal: Hashable, Sendable {
  public let type: GoalType
  /// More than zero.
  public let target: Amount
  /// Wished for, and not needed for the campaign to be funded (C13).
  public let isOptional: Bool

  public init(type: GoalType, target: Amount, isOptional: Bool = false) {
    self.type = type
    self.target = target
    self.isOptional = isOptional
  }
}

/// What one owner of the property gives or sells (C6).
public struct Owner: Hashable, Sendable {
  /// `commons`: given, in Ẑ; `cash`: sold, in €.
  public enum Mode: UInt8, Sendable {
    case commons = 1
    case cash = 2
  }

  /// A pubkey (64 hex digits), or in the JSON dialect an e-mail address.
  public let name: String
  public let mode: Mode
  /// € count as Ẑ.
  public let amount: Amount
}
