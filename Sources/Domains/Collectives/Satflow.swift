// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// How the sats of a base state move by zap receipts (4.8).
struct Satflow {
  /// As they have to be; by request.
  private(set) var rows: [MeritRow]
  /// What is outstanding for each row without this update's incoming payments: the least that `totalOnly` allows.
  private var floors: [UInt64]
  private let weights: [(key: EventID, weight: UInt64)]
  private let base: HardState
  private let book: ZapperBook
  private let terms: DiffTerms
  private let products: Set<EventID>
  private let newPurchases: Set<EventID>

  /// - Parameter listed: the update's own products, with the purchases that it adds.
  init(_ base: HardState, listed: [Product], _ book: ZapperBook, _ terms: DiffTerms) {
    self.base = base
    self.book = book
    self.terms = terms
    rows = base.rows
    weights = base.rows.map { ($0.request, $0.amount) }
    floors = base.rows.map(\.outstanding)
    products = Set(base.products.map(\.id)).union(listed.map(\.id))
    let known = Set(base.products.flatMap { $0.purchases.map(\.receipt) })
    newPurchases = Set(listed.flatMap { $0.purchases.map(\.receipt) }).subtracting(known)
  }

  /// Books one fresh receipt: payout by request, incoming by address or product, payout by payee, in this order. Throws a `Rejection`.
  mutating func apply(_ receipt: Receipt, _ outcome: inout MeritDiff.Outcome) throws {
    let isProduct = newPurchases.contains(receipt.id) || receipt.products.contains(where: products.contains)
    if base.mode == .cashu {
      // What is split away from the relay moves no row; a purchase still needs its receipt.
      guard isProduct else { return }
      try checkCreators(receipt)
      outcome.use(receipt.id.value)
      return
    }
    let isByPayer = receipt.sender == terms.author || receipt.sender == terms.creator
    if isByPayer, let index = rowPaid(by: receipt) {
      try payOut(receipt, from: [index])
    } else if isProduct && receipt.payee == terms.creator || receipt.names(terms.address) {
      if receipt.payee == terms.creator, isProduct || base.mode == .manual {
        try distribute(receipt, &outcome)
      } else {
        try payOne(receipt, &outcome)
      }
    } else if isByPayer, !receipt.namesAnyAddress, case let held = rows.indices.filter({ rows[$0].owner == receipt.payee }), !held.isEmpty {
      try payOut(receipt, from: held)
    } else {
      throw CollectivesRejection.receiptUnrelated
    }
    outcome.use(receipt.id.value)
  }

  /// The payee's row that a payout names.
  private func rowPaid(by receipt: Receipt) -> Int? {
    for id in receipt.requestedEvents {
      if let index = rows.index(of: id), rows[index].owner == receipt.payee { return index }
    }
    return nil
  }

  private func checkCreators(_ receipt: Receipt) throws {
    guard receipt.payee == terms.creator else { throw CollectivesRejection.receiptUnrelated }
    guard book.isCreators(receipt.signer) else { throw CollectivesRejection.receiptUnauthorised }
  }

  private func checkAuthorised(_ receipt: Receipt) throws {
    guard book.isAuthorised(receipt.signer, for: receipt.payee) else { throw CollectivesRejection.receiptUnauthorised }
  }

  /// Incoming, manual: every row gets its share.
  private mutating func distribute(_ receipt: Receipt, _ outcome: inout MeritDiff.Outcome) throws {
    try checkCreators(receipt)
    outcome.dust &+= receipt.millisatoshi % 1000
    guard !rows.isEmpty else { return }
    let shares = LargestRemainder.split(receipt.sats, by: weights)
    // A receipt has at most 21 million bitcoins, an update 64 receipts, so no sum here comes near 2⁶⁴; a row over its limit matches nothing.
    for (index, share) in shares.enumerated() { rows[index].outstanding &+= share }
    outcome.incoming &+= receipt.sats
  }

  /// Incoming, round robin: one row of the payee gets all of it.
  private mutating func payOne(_ receipt: Receipt, _ outcome: inout MeritDiff.Outcome) throws {
    guard rows.contains(where: { $0.owner == receipt.payee }) else { throw CollectivesRejection.receiptPayee }
    try checkAuthorised(receipt)
    let held = Set(rows.filter { $0.owner == receipt.payee }.map(\.request))
    let shares = rows.map { RoundRobin.Share(key: $0.request, merits: $0.amount, paid: $0.paid) }
    guard let request = RoundRobin.row(among: shares, amount: receipt.sats, isTheirs: held.contains), let index = rows.index(of: request) else {
      throw CollectivesRejection.receiptPayee
    }
    rows[index].paid &+= receipt.sats
    outcome.dust &+= receipt.millisatoshi % 1000
    outcome.incoming &+= receipt.sats
  }

  /// Outstanding becomes paid (D10).
  private mutating func payOut(_ receipt: Receipt, from indices: [Int]) throws {
    try checkAuthorised(receipt)
    var left = receipt.sats
    for index in indices {
      let part = min(left, rows[index].outstanding)
      rows[index].outstanding -= part
      floors[index] -= min(part, floors[index])
      rows[index].paid &+= part
      left -= part
    }
    guard left == 0 else { throw CollectivesRejection.payoutTooBig }
  }

  /// D8: the update says just this; with `totalOnly` the incoming sats may be spread otherwise.
  func check(_ pairs: [MeritDiff.Pair]) throws {
    var declared: UInt64 = 0
    var expected: UInt64 = 0
    var position = 0
    for pair in pairs {
      var row = pair.new
      row.outstanding = 0
      row.paid = 0
      var floor: UInt64 = 0
      if pair.old != nil, position < rows.count {
        row = rows[position]
        floor = floors[position]
        position += 1
      }
      let isRight =
        terms.options.totalOnly
        ? pair.new.paid == row.paid && pair.new.outstanding >= floor : pair.new.paid == row.paid && pair.new.outstanding == row.outstanding
      guard isRight else { throw CollectivesRejection.satsDiffer(pair.new, row) }
      declared &+= pair.new.outstanding
      expected &+= row.outstanding
    }
    guard declared == expected else { throw CollectivesRejection.satsTotalDiffers(declared, expected) }
  }
}
