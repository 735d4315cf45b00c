// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

extension CollectivesValidator {
  /// An ignition that holds.
  struct Ignition {
    let ignition: IgnitionRecord
    let entry: Lineage.Entry
    let outcome: MeritDiff.Outcome?
  }

  /// - Parameter adopted: what was begun in the name of somebody else, from a head whose lineage was unknown (4.5).
  func decideIgnition(
    _ update: CollectiveUpdate, insteadOf adopted: IgnitionRecord? = nil, _ setting: UpdateSetting,
    reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    let accepted = try checkIgnition(update, setting.proofs, in: setting.circumstances, reading: state, trace: setting.trace)
    let verdict = try accept(
      update, accepted.entry, after: nil, in: accepted.ignition, opens: accepted.ignition, accepted.outcome, setting, reading: state)
    guard let adopted, case .accepted(var effects) = verdict else { return verdict }
    effects.changes = try sweep(adopted, reading: state) + effects.changes
    return .accepted(effects)
  }

  /// G1–G3. Throws a `Rejection`.
  func checkIgnition(
    _ update: CollectiveUpdate, _ proofs: ProofSet, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable,
    trace: CheckTrace?
  ) throws -> Ignition {
    let ignition = IgnitionRecord(id: update.id, creator: update.pubkey, name: update.name, createdAt: update.createdAt)
    trace?.enter("G1")
    // A limit, not a rule of the state: it is not asked again of what was accepted once (law 5), nor from sync, where it would depend on the order of
    // arrival which ones are kept.
    if circumstances.isLive, !circumstances.isRejudged { try checkCount(of: update.pubkey, reading: state) }
    trace?.enter("G2")
    var outcome: MeritDiff.Outcome?
    var rows = update.rows
    if let genesis = genesisRow(update) {
      rows = [genesis]
    } else if !rows.isEmpty {
      let checked = try mint(update, proofs, ignition, reading: state)
      rows = checked.rows
      outcome = checked
    }
    trace?.enter("G3")
    let isPaid = update.rows.contains { $0.outstanding > 0 || $0.paid > 0 } || update.products.contains { !$0.purchases.isEmpty }
    if isPaid { throw CollectivesRejection.ignitionPays }
    let hardState = HardState(rows: rows, products: update.products, zappers: update.zappers ?? [], mode: update.mode, stateHash: update.stateHash)
    let record = UpdateRecord(
      id: update.id, collective: update.id, pubkey: update.pubkey, number: 0, createdAt: update.createdAt, block: update.block,
      blockTime: update.block == nil ? nil : update.createdAt)
    return Ignition(ignition: ignition, entry: Lineage.Entry(record: record, state: hardState), outcome: outcome)
  }

  /// Who is a member of so many collectives begins none of their own: only the own events of a key make it a member, and all of them are looked through.
  private static let maxJoined = 4096

  private func checkCount(of pubkey: PublicKey, reading state: borrowing some StateReader & ~Copyable) throws {
    var created = 0
    var joined = 0
    try state.scan(CollectivesState.slots, prefix: pubkey.bytes) { _, value in
      if try SlotRecord(decoding: value).isCreator { created += 1 } else { joined += 1 }
      return created < options.maxSecsPerPubkey && joined < Self.maxJoined
    }
    if created >= options.maxSecsPerPubkey || joined >= Self.maxJoined { throw CollectivesRejection.tooManyCollectives }
  }

  /// The one merit that a creator may begin with: theirs, of amount 1, without a request.
  private func genesisRow(_ update: CollectiveUpdate) -> MeritRow? {
    guard options.genesisMerit, update.rows.count == 1, var row = update.rows.first, row.request.value == .zero, row.owner == update.pubkey,
      row.amount == 1, row.leadtime <= 1
    else { return nil }
    guard row.leadtimeHeight == 0 || row.leadtime == 1 && row.leadtimeHeight == update.block?.height else { return nil }
    row.outstanding = 0
    row.paid = 0
    return row
  }

  /// Merits of an ignition are justified like any others, by the creator's bootstrap vote.
  private func mint(
    _ update: CollectiveUpdate, _ proofs: ProofSet, _ ignition: IgnitionRecord, reading state: borrowing some StateReader & ~Copyable
  ) throws -> MeritDiff.Outcome {
    let approvals = Approvals(proofs, Votepower([], creator: ignition.creator), terms(ignition, update.pubkey))
    var outcome = MeritDiff.Outcome(rows: update.rows)
    for row in update.rows {
      guard let request = approvals[row.request], request.author == row.owner, request.merits == row.amount, row.leadtime == 0,
        row.leadtimeHeight == 0
      else { throw CollectivesRejection.ignitionMints }
      outcome.approved &+= request.merits
    }
    for index in outcome.rows.indices {
      outcome.rows[index].outstanding = 0
      outcome.rows[index].paid = 0
    }
    return outcome
  }
}
