// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The rows that follow from a base and evidence: what the diff would check, the other way round.
struct DraftRows {
  private let base: HardState
  private let evidence: Evidence
  private let terms: DiffTerms
  private let block: BlockStamp?

  init(_ base: HardState, _ evidence: Evidence, _ terms: DiffTerms, _ block: BlockStamp?) {
    self.base = base
    self.evidence = evidence
    self.terms = terms
    self.block = block
  }

  /// By request. Throws a `CollectiveDraft.Failure` when evidence leads nowhere, and the `Rejection` that the update would meet.
  func rows() throws -> [MeritRow] {
    let book = ZapperBook(base, evidence, terms)
    var satflow = Satflow(base, listed: base.products, book, terms)
    var outcome = MeritDiff.Outcome(rows: [])
    for receipt in evidence.set.receipts where !evidence.isUsed(receipt.id) { try satflow.apply(receipt, &outcome) }
    var rows = satflow.rows
    for proof in evidence.set.proofs where !evidence.isUsed(proof.id) {
      switch proof.kind {
      case .leadtime: try setLeadtime(proof, &rows)
      case .transfer: try setOwner(proof, &rows)
      default: continue
      }
    }
    let approvals = Approvals(evidence.set, Votepower(base.rows, creator: terms.creator), terms)
    for proof in evidence.set.proofs where proof.kind == .request && rows.index(of: proof.id) == nil {
      guard let request = approvals[proof.id] else { throw failure(proof, "is not approved by the votes given") }
      let position = rows.firstIndex { $0.request > proof.id } ?? rows.endIndex
      rows.insert(MeritRow(request: proof.id, owner: request.author, amount: request.merits), at: position)
    }
    return rows
  }

  private func setLeadtime(_ proof: Proof, _ rows: inout [MeritRow]) throws {
    guard let index = proof.value("request").flatMap({ EventID(hex: $0) }).flatMap(rows.index), rows[index].owner == proof.event.pubkey,
      terms.isAddressed(by: proof.event), let leadtime = proof.value("lt")?.decimal, leadtime <= MeritRow.maxLeadtime
    else { throw failure(proof, "is not by the owner of a merit here") }
    let old = rows[index].leadtime
    guard leadtime == UInt64(old) + 1 || leadtime + 1 == UInt64(old) else { throw CollectivesRejection.leadtimeStep }
    guard let block else { throw CollectivesRejection.leadtimeNeedsBlock }
    if rows[index].leadtimeHeight > 0 {
      guard block.height >= rows[index].leadtimeHeight, block.height - rows[index].leadtimeHeight >= MeritDiff.leadtimeBlocks else {
        throw CollectivesRejection.leadtimeTooSoon
      }
    }
    rows[index].leadtime = UInt32(truncatingIfNeeded: leadtime)
  }

  private func setOwner(_ proof: Proof, _ rows: inout [MeritRow]) throws {
    guard let index = proof.value("request").flatMap({ EventID(hex: $0) }).flatMap(rows.index), rows[index].owner == proof.event.pubkey,
      terms.isAddressed(by: proof.event), let owner = proof.value("p").flatMap({ PublicKey(hex: $0) })
    else { throw failure(proof, "is not by the owner of a merit here") }
    guard rows[index].leadtime == 0 else { throw CollectivesRejection.locked(rows[index].request) }
    rows[index].owner = owner
  }

  private func failure(_ proof: Proof, _ why: String) -> CollectiveDraft.Failure {
    CollectiveDraft.Failure(description: "the event \(proof.id.short) of kind \(proof.event.kind) \(why)")
  }
}
