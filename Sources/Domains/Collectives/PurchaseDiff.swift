// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// D11 and D12: purchases are only added, each with its receipt; products are the creator's.
struct PurchaseDiff {
  let base: HardState
  let update: CollectiveUpdate
  let evidence: Evidence
  let terms: DiffTerms

  func check(_ outcome: MeritDiff.Outcome, trace: CheckTrace?) throws {
    // Each id stands once in a list (S8); an event may list many.
    let listed = Dictionary(update.products.map { ($0.id, $0) }) { first, _ in first }
    let offers = Dictionary(base.products.map { ($0.id, $0) }) { first, _ in first }
    for product in base.products where !product.purchases.isEmpty {
      guard let now = listed[product.id], now.purchases.starts(with: product.purchases) else {
        throw CollectivesRejection.purchaseRemoved
      }
    }
    for product in update.products {
      try checkNew(product, offers[product.id], outcome)
    }
    trace?.enter("D12")
    if terms.author != terms.creator {
      let isSame =
        base.products.count == update.products.count
        && base.products.allSatisfy { known in listed[known.id]?.isListed(like: known) == true }
      guard isSame else { throw CollectivesRejection.foreignProduct }
    }
  }

  private func checkNew(_ product: Product, _ known: Product?, _ outcome: MeritDiff.Outcome) throws {
    // Bought by the offer that was published then.
    let offer = known ?? product
    let added = product.purchases.dropFirst(known?.purchases.count ?? 0)
    for purchase in added {
      guard let receipt = evidence.set.receipts.first(where: { $0.id == purchase.receipt }), !evidence.isUsed(receipt.id),
        outcome.used.contains(receipt.id.value), receipt.sender == purchase.buyer, purchase.height == update.block?.height ?? 0
      else { throw CollectivesRejection.purchaseUnproven }
      let paid = terms.options.productPriceUnit == .sat ? receipt.sats : receipt.millisatoshi
      guard paid >= offer.price else { throw CollectivesRejection.purchaseUnderpaid }
      guard product.maximum == 0 || UInt64(product.purchases.count) <= product.maximum else { throw CollectivesRejection.soldOut }
      guard receipt.createdAt >= offer.start else { throw CollectivesRejection.notOnSale }
    }
  }
}
