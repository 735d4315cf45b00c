// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

extension MeritDiff {
  /// D4 and D6: a merit changes hands only unlocked, alone, and by proof.
  func checkOwners(_ pairs: [Pair], _ book: ZapperBook, _ outcome: inout Outcome) throws {
    for pair in pairs {
      guard let old = pair.old, old.owner != pair.new.owner else { continue }
      guard old.leadtime == 0 else { throw CollectivesRejection.locked(old.request) }
      // D6, before the proof is looked for: no proof allows both.
      guard pair.new.leadtime == 0 else { throw CollectivesRejection.changedTwice(old.request) }
      for id in try transferProof(of: old, to: pair.new.owner, book, outcome) { outcome.use(id) }
    }
  }

  /// P2: the owner's own word, a listing and its payment, or (where the operator allows it) a transaction that is only named.
  private func transferProof(of row: MeritRow, to owner: PublicKey, _ book: ZapperBook, _ outcome: Outcome) throws -> [Bytes32] {
    var isUsed = false
    for word in words.on(row) {
      switch word.says {
      case .transfer(let buyer):
        guard buyer == owner else { continue }
        if !evidence.isUsed(word.id) { return [word.id.value] }
        isUsed = true
      case .listing(let price):
        guard let receipt = sale(word.id, at: price, by: row.owner, to: owner, book, outcome) else { continue }
        if !evidence.isUsed(word.id), !evidence.isUsed(receipt) { return [word.id.value, receipt.value] }
        isUsed = true
      case .leadtime, .update: continue
      }
    }
    if terms.options.acceptUnverifiedTxid {
      for transaction in evidence.set.transactions {
        if !evidence.used.contains(transaction), !outcome.used.contains(transaction) { return [transaction] }
        isUsed = true
      }
    }
    throw isUsed ? CollectivesRejection.proofUsed : CollectivesRejection.transferUnproven(row.request)
  }

  /// The receipt by which the new owner paid a listing: at least its end price, signed by a zapper of the seller.
  private func sale(
    _ listing: EventID, at end: UInt64, by seller: PublicKey, to buyer: PublicKey, _ book: ZapperBook, _ outcome: Outcome
  ) -> EventID? {
    evidence.set.receipts.first { receipt in
      let paid = terms.options.productPriceUnit == .sat ? receipt.sats : receipt.millisatoshi
      return receipt.sender == buyer && receipt.payee == seller && receipt.requestedEvents.contains(listing) && paid >= end
        && book.isAuthorised(receipt.signer, for: seller) && !outcome.used.contains(receipt.id.value)
    }?.id
  }
}
