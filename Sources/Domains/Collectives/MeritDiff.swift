// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// Whether an update's hard state follows from its base by its proofs (4.6). A pure function.
struct MeritDiff {
  /// What accepting the update consumes and leaves.
  struct Outcome: Sendable {
    /// The declared rows, with the heights of their last leadtime changes.
    var rows: [MeritRow]
    /// Proofs that this chain cannot use again.
    var used: [Bytes32] = []
    /// The merits of the requests that were approved here.
    var approved: UInt64 = 0
    /// The sats of incoming receipts.
    var incoming: UInt64 = 0
    /// Thousandths of a satoshi that were dropped.
    var dust: UInt64 = 0
    /// Proofs that changed owners or leadtimes, and receipts (I6).
    var consumed: [Bytes32] = []

    mutating func use(_ id: Bytes32) {
      consumed.append(id)
      if !used.contains(id) { used.append(id) }
    }
  }

  /// A row of the update and the base's row of the same request.
  struct Pair {
    let old: MeritRow?
    let new: MeritRow
  }

  let base: HardState
  let update: CollectiveUpdate
  let evidence: Evidence
  let terms: DiffTerms
  /// What owners say in the evidence.
  private(set) var words: OwnerWords

  init(base: HardState, update: CollectiveUpdate, evidence: Evidence, terms: DiffTerms) {
    self.base = base
    self.update = update
    self.evidence = evidence
    self.terms = terms
    words = OwnerWords(evidence, terms)
  }

  /// The changes between two leadtimes of a merit.
  static let leadtimeBlocks: UInt32 = 2016

  /// D1–D12. Throws a `Rejection`.
  func check(trace: CheckTrace?) throws -> Outcome {
    var outcome = Outcome(rows: update.rows)
    trace?.enter("D1")
    let pairs = try pairs()
    trace?.enter("D2")
    try checkNew(pairs, &outcome)
    trace?.enter("D3")
    for pair in pairs {
      if let old = pair.old, old.amount != pair.new.amount { throw CollectivesRejection.amountChanged(old.request) }
    }
    trace?.enter("D4")
    let book = ZapperBook(base, evidence, terms)
    try checkOwners(pairs, book, &outcome)
    trace?.enter("D5")
    try checkLeadtimes(pairs, &outcome)
    trace?.enter("D7")
    try checkHeights(pairs, &outcome)
    trace?.enter("D9")
    if !evidence.set.hasReceipts {
      for pair in pairs where pair.new.outstanding != pair.old?.outstanding ?? 0 || pair.new.paid != pair.old?.paid ?? 0 {
        throw CollectivesRejection.satsUnproven
      }
    }
    trace?.enter("D8")
    if evidence.set.hasReceipts {
      var satflow = Satflow(base, listed: update.products, book, terms)
      for receipt in evidence.set.receipts where !evidence.isUsed(receipt.id) && !outcome.used.contains(receipt.id.value) {
        try satflow.apply(receipt, &outcome)
      }
      try satflow.check(pairs)
    }
    trace?.enter("D11")
    try PurchaseDiff(base: base, update: update, evidence: evidence, terms: terms).check(outcome, trace: trace)
    return outcome
  }

  /// Both lists are sorted by request. D1: nothing of the base is missing.
  private func pairs() throws -> [Pair] {
    var pairs: [Pair] = []
    pairs.reserveCapacity(update.rows.count)
    var position = base.rows.startIndex
    for row in update.rows {
      if position < base.rows.endIndex, base.rows[position].request < row.request {
        throw CollectivesRejection.meritRemoved(base.rows[position].request)
      }
      if position < base.rows.endIndex, base.rows[position].request == row.request {
        pairs.append(Pair(old: base.rows[position], new: row))
        position += 1
      } else {
        pairs.append(Pair(old: nil, new: row))
      }
    }
    if position < base.rows.endIndex { throw CollectivesRejection.meritRemoved(base.rows[position].request) }
    return pairs
  }

  /// D2: merits come only from approved requests.
  private func checkNew(_ pairs: [Pair], _ outcome: inout Outcome) throws {
    guard pairs.contains(where: { $0.old == nil }) else { return }
    let approvals = Approvals(evidence.set, Votepower(base.rows, creator: terms.creator), terms)
    for pair in pairs where pair.old == nil {
      let row = pair.new
      guard let request = approvals[row.request] else { throw CollectivesRejection.notApproved(row.request) }
      guard request.author == row.owner, request.merits == row.amount else { throw CollectivesRejection.differsFromRequest(row.request) }
      guard row.leadtime == 0 else { throw CollectivesRejection.newWithLeadtime }
      // All amounts together are below 2⁵³ (S6).
      outcome.approved &+= request.merits
    }
  }

  /// D5: one step at a time, not too often, and only when the owner wants it.
  private func checkLeadtimes(_ pairs: [Pair], _ outcome: inout Outcome) throws {
    for pair in pairs {
      guard let old = pair.old, old.leadtime != pair.new.leadtime else { continue }
      guard old.leadtime &+ 1 == pair.new.leadtime || pair.new.leadtime &+ 1 == old.leadtime else { throw CollectivesRejection.leadtimeStep }
      guard let block = update.block else { throw CollectivesRejection.leadtimeNeedsBlock }
      if old.leadtimeHeight > 0 {
        guard block.height >= old.leadtimeHeight, block.height - old.leadtimeHeight >= Self.leadtimeBlocks else {
          throw CollectivesRejection.leadtimeTooSoon
        }
      }
      if terms.author != old.owner { try outcome.use(leadtimeProof(old, pair.new.leadtime)) }
    }
  }

  /// A change rests on an update of the owner's that is not known here (P3): from sync it may still come.
  struct UnknownUpdate: Error {
    let id: EventID
  }

  /// P3: the owner's own word, or the owner's own accepted update. Throws a `Rejection`, or `UnknownUpdate`.
  private func leadtimeProof(_ row: MeritRow, _ leadtime: UInt32) throws -> Bytes32 {
    var isUsed = false
    for word in words.onLeadtime(of: row) {
      switch word.says {
      case .leadtime(let value): guard value == UInt64(leadtime) else { continue }
      case .update(let rows, let isAccepted):
        guard let index = rows.index(of: row.request), rows[index].leadtime == leadtime else { continue }
        if !isAccepted, !evidence.isUsed(word.id) { throw UnknownUpdate(id: word.id) }
      case .transfer, .listing: continue
      }
      if !evidence.isUsed(word.id) { return word.id.value }
      isUsed = true
    }
    throw isUsed ? CollectivesRejection.proofUsed : CollectivesRejection.leadtimeUnsigned
  }

  /// D7: where the rows say the heights, they say what is stored.
  private func checkHeights(_ pairs: [Pair], _ outcome: inout Outcome) throws {
    for (index, pair) in pairs.enumerated() {
      let old = pair.old
      let isChanged = old.map { $0.leadtime != pair.new.leadtime } ?? false
      let height = isChanged ? update.block?.height ?? 0 : old?.leadtimeHeight ?? 0
      if update.hasHeights, pair.new.leadtimeHeight != height { throw CollectivesRejection.leadtimeHeight }
      outcome.rows[index].leadtimeHeight = height
    }
  }
}
