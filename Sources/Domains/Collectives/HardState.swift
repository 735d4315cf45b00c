// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// What a collective is after one update: its merits with their satflow, its products, and how it is paid.
public struct HardState: Hashable, Sendable {
  /// By request.
  public var rows: [MeritRow]
  public var products: [Product]
  /// Who signs the receipts of the creator's payments; ascending.
  public var zappers: [PublicKey]
  public var mode: PaymentMode
  public var stateHash: Bytes32

  public init(rows: [MeritRow], products: [Product], zappers: [PublicKey], mode: PaymentMode, stateHash: Bytes32) {
    self.rows = rows
    self.products = products
    self.zappers = zappers
    self.mode = mode
    self.stateHash = stateHash
  }

  /// What an ignition starts from.
  static let empty = HardState(rows: [], products: [], zappers: [], mode: .manual, stateHash: StateHash.of([]))

  var isHardEmpty: Bool { rows.isEmpty && products.allSatisfy { $0.purchases.isEmpty } }
}

/// Who decides how much (4.1): amount × leadtime; the creator alone while nobody has locked anything.
public struct Votepower: Sendable {
  public let byHolder: [PublicKey: UInt64]
  public let total: UInt64

  public init(_ rows: [MeritRow], creator: PublicKey) {
    var byHolder: [PublicKey: UInt64] = [:]
    var total: UInt64 = 0
    for row in rows where row.leadtime > 0 {
      // Below 2⁶³ in sum (S6), so this never wraps.
      byHolder[row.owner, default: 0] &+= row.votepower
      total &+= row.votepower
    }
    if total == 0 {
      byHolder = [creator: 1]
      total = 1
    }
    self.byHolder = byHolder
    self.total = total
  }

  public subscript(_ holder: PublicKey) -> UInt64 { byHolder[holder] ?? 0 }
}
