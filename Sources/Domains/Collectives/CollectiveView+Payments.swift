// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Who an incoming payment is for (section 5).
extension CollectiveView {
  /// Who is paid next, and for which merit.
  public struct Payee: Sendable {
    public let pubkey: PublicKey
    /// nil when the creator is paid because nobody else can be.
    public let request: EventID?
  }

  /// The next payee of a payment (5.1).
  ///
  /// - Parameter eligible: the holders who can be paid, see `eligible`.
  /// - Returns: nil for a collective whose lineage is not known: it gives no advice (4.5).
  public func nextPayee(sats: UInt64, eligible: Set<PublicKey>) -> Payee? {
    guard !ignition.isCheckpoint else { return nil }
    guard let payee = RoundRobin.next(among: holders, amount: sats, isEligible: eligible.contains) else {
      return Payee(pubkey: ignition.creator, request: nil)
    }
    let shares = state.rows.map { RoundRobin.Share(key: $0.request, merits: $0.amount, paid: $0.paid) }
    let held = Set(state.rows.filter { $0.owner == payee }.map(\.request))
    return Payee(pubkey: payee, request: RoundRobin.row(among: shares, amount: sats, isTheirs: held.contains))
  }

  /// What each holder has and got.
  public var holders: [RoundRobin.Share<PublicKey>] {
    var merits: [PublicKey: UInt64] = [:]
    var paid: [PublicKey: UInt64] = [:]
    for row in state.rows {
      merits[row.owner, default: 0] &+= row.amount
      // 1000 rows of at most 2.1e15 (S7).
      paid[row.owner, default: 0] &+= row.paid
    }
    return merits.keys.sorted().map { RoundRobin.Share(key: $0, merits: merits[$0] ?? 0, paid: paid[$0] ?? 0) }
  }

  /// The holders with an address for payments and a known zapper: by their own head, by a kind 0 that was a proof, or by the configuration.
  public func eligible(_ options: CollectivesOptions, reading state: borrowing some StateReader & ~Copyable) throws -> Set<PublicKey> {
    var eligible: Set<PublicKey> = []
    for holder in Set(self.state.rows.map(\.owner)) {
      if options.zappers[holder]?.isEmpty == false {
        eligible.insert(holder)
      } else if let profile = try Profile.read(holder, state), profile.hasAddress {
        eligible.insert(holder)
      } else if let head = try UpdateRecord.headID(ignition.id, holder, state), let raw = try state.raw(head), let event = try? Event(parsing: raw),
        (try? ZapperTag.parse(Array(event.tags))) ?? nil != nil
      {
        eligible.insert(holder)
      }
    }
    if !self.state.zappers.isEmpty { eligible.insert(ignition.creator) }
    return eligible
  }

  /// Each merit's share of a payment (manual mode; 5.2), by request.
  public func splitByMerit(sats: UInt64) -> [(request: EventID, sats: UInt64)] {
    let shares = LargestRemainder.split(sats, by: state.rows.map { ($0.request, $0.amount) })
    return zip(state.rows, shares).map { ($0.request, $1) }
  }

  /// Each holder's share of a payment (Cashu; 5.2), by pubkey.
  public func splitByHolder(sats: UInt64) -> [(holder: PublicKey, sats: UInt64)] {
    let holders = self.holders
    let shares = LargestRemainder.split(sats, by: holders.map { ($0.key, $0.merits) })
    return zip(holders, shares).map { ($0.key, $1) }
  }

  /// The satoshis of all rows' shares when there are none: everything stays with the creator.
  public var hasMerits: Bool { !state.rows.isEmpty }
}
