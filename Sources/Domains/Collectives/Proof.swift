// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// One verified event that an update carries as evidence (4.7), flattened: what a wrapper holds stands beside it.
struct Proof: Sendable {
  enum Class: Sendable {
    case request, vote, approval, listing, transfer, leadtime, receipt, profile, update
  }

  let event: Event
  let kind: Class
  /// Who wrapped it; nil when it is carried by itself.
  var wrappers: [PublicKey]?

  var id: EventID { event.id }

  /// What a tag of that name says; nil when there is none, or several.
  func value(_ name: StaticString) -> Text? {
    let tags = event.tags.all(named: name)
    return tags.count == 1 ? tags[0][1] : nil
  }
}

extension Proof.Class {
  /// nil for kinds that are no evidence (S11).
  init?(_ event: Event, _ options: CollectivesOptions) {
    switch event.kind {
    case CollectivesOptions.receiptKind: self = .receipt
    case CollectivesOptions.profileKind: self = .profile
    case CollectivesOptions.updateKind: self = .update
    case CollectivesOptions.listingKind: self = event.tags.first(named: "p") == nil ? .listing : .transfer
    case let kind where options.requestKinds.contains(kind): self = .request
    case let kind where options.voteKinds.contains(kind): self = .vote
    case let kind where options.approvalKinds.contains(kind): self = .approval
    case let kind where options.transferKinds.contains(kind): self = .transfer
    case let kind where options.leadtimeKinds.contains(kind): self = .leadtime
    default: return nil
    }
  }
}

/// All the evidence of one update, each event once.
struct ProofSet: Sendable {
  var proofs: [Proof] = []
  var receipts: [Receipt] = []
  /// On-chain transactions that are only named (`proof_raw`).
  var transactions: [Bytes32] = []
  /// Evidence that is only named, and has to be known here (`proof_id`).
  var references: [EventID] = []
  /// How many events there are, inner ones included.
  var count = 0
  /// Of the events that are carried or named; what a wrapper holds is a part of it.
  var bytes = 0
  /// The newest kind 0 of each payee that says who signs its receipts (P5).
  var profiles: [PublicKey: Profile] = [:]

  static let maxCount = 64
  static let maxBytes = 32 * 1024
  /// How far ahead of the update a proof's clock may be.
  static let maxAheadSeconds: UInt64 = 900

  /// Whether some receipt is carried (D9).
  var hasReceipts: Bool { !receipts.isEmpty }
}
