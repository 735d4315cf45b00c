// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// One merit and its satflow: the hard state of a collective, row by row.
public struct MeritRow: Hashable, Sendable {
  /// The merit request's event id; 64 zeros for a genesis merit.
  public let request: EventID
  public var owner: PublicKey
  /// How often it was locked up; votes count amount × leadtime.
  public var leadtime: UInt32
  public let amount: UInt64
  /// The block height of the last change of the leadtime in this chain; 0 if there was none.
  public var leadtimeHeight: UInt32
  /// Sats that came in for it and were not paid out.
  public var outstanding: UInt64 = 0
  /// Sats paid.
  public var paid: UInt64 = 0

  public static let maxLeadtime: UInt64 = 1_000_000
  /// Amounts, and their sum, stay below it.
  static let amountLimit: UInt64 = 1 << 53
  /// 21 million bitcoins.
  public static let maxSats: UInt64 = 2_100_000_000_000_000
  static let maxRows = 1000

  public init(request: EventID, owner: PublicKey, leadtime: UInt32 = 0, amount: UInt64, leadtimeHeight: UInt32 = 0) {
    self.request = request
    self.owner = owner
    self.leadtime = leadtime
    self.amount = amount
    self.leadtimeHeight = leadtimeHeight
  }

  /// amount × leadtime; below 2⁶³, and so is the sum of all rows (S6).
  var votepower: UInt64 { amount &* UInt64(leadtime) }
}
