// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// What the owners of merits say in an update's evidence, by merit: read once, since an update may change hundreds of rows and carry thousands of tags.
struct OwnerWords {
  /// One proof.
  struct Word {
    enum Content {
      /// It goes to somebody (P2); nil when it does not say to whom.
      case transfer(to: PublicKey?)
      /// It is for sale; the price at the end.
      case listing(price: UInt64)
      /// Its leadtime (P3); nil when none is said.
      case leadtime(UInt64?)
      /// All their merits, in an update of their own; it counts only if it was accepted.
      case update([MeritRow], isAccepted: Bool)
    }

    let id: EventID
    let owner: PublicKey
    let says: Content
    /// Its place among the proofs: the first that holds is the one that is used up.
    let position: Int
  }

  private var byRequest: [EventID: [Word]] = [:]
  private var updates: [PublicKey: [Word]] = [:]

  init(_ evidence: Evidence, _ terms: DiffTerms) {
    for (position, proof) in evidence.set.proofs.enumerated() {
      if proof.kind == .update {
        let owner = proof.event.pubkey
        let entry = evidence.updates[proof.id]
        guard let rows = entry?.state.rows ?? (evidence.known.contains(proof.id) ? nil : Self.rows(proof.event, terms)) else { continue }
        updates[owner, default: []].append(Word(id: proof.id, owner: owner, says: .update(rows, isAccepted: entry != nil), position: position))
      } else if let says = Self.content(proof), terms.isAddressed(by: proof.event),
        let request = proof.value("request").flatMap({ EventID(hex: $0) })
      {
        byRequest[request, default: []].append(Word(id: proof.id, owner: proof.event.pubkey, says: says, position: position))
      }
    }
  }

  /// What an update of this collective declares that is not known here, or not yet; sorted by request.
  private static func rows(_ event: Event, _ terms: DiffTerms) -> [MeritRow]? {
    guard event.kind == CollectivesOptions.updateKind, event.tags.first(named: "ignition")?[1].flatMap({ EventID(hex: $0) }) == terms.collective
    else { return nil }
    return try? MeritTags(parsing: event.tags.filter { $0.name == "merit" || $0.name == "sats" }, trace: nil).rows
  }

  private static func content(_ proof: Proof) -> Word.Content? {
    switch proof.kind {
    case .transfer: return .transfer(to: proof.value("p").flatMap { PublicKey(hex: $0) })
    case .listing:
      guard let prices = proof.value("price")?.fields, prices.count == 2, prices[0].decimal != nil, let end = prices[1].decimal else { return nil }
      return .listing(price: end)
    case .leadtime: return .leadtime(proof.value("lt")?.decimal)
    case .request, .vote, .approval, .receipt, .profile, .update: return nil
    }
  }

  /// What the owner of a merit says of it alone, in the order of the proofs.
  func on(_ row: MeritRow) -> [Word] { (byRequest[row.request] ?? []).filter { $0.owner == row.owner } }

  /// The same, and then the owner's updates: last, since it depends on what has arrived here whether they are known, and nothing may depend on that where
  /// a word stands.
  func onLeadtime(of row: MeritRow) -> [Word] { on(row) + (updates[row.owner] ?? []) }
}
