// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension CollectivesValidator {
  /// 4.5: a head from sync whose collective is unknown begins it, flagged; whoever wrote it is taken for the creator. Nothing of it is proven.
  func decideCheckpoint(
    _ update: CollectiveUpdate, of id: EventID, _ setting: UpdateSetting, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    setting.trace?.enter("checkpoint")
    let ignition = IgnitionRecord(id: id, creator: update.pubkey, name: update.name, createdAt: update.createdAt, isCheckpoint: true)
    return try adopt(update, in: ignition, number: 0, after: nil, setting, reading: state)
  }

  /// A later head of a flagged chain, with a gap between: only its time is checked.
  func decideCheckpoint(
    _ update: CollectiveUpdate, after head: UpdateRecord, _ setting: UpdateSetting, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    setting.trace?.enter("checkpoint")
    guard update.createdAt > head.createdAt else { throw CollectivesRejection.notAfterPrevious }
    guard let ignition = try IgnitionRecord.read(head.collective, state), ignition.isCheckpoint else {
      throw Fault.corrupt(CollectivesState.updates, "a checkpoint in a collective that is none")
    }
    return try adopt(update, in: ignition, number: head.number &+ 1, after: head, setting, reading: state)
  }

  private func adopt(
    _ update: CollectiveUpdate, in ignition: IgnitionRecord, number: UInt64, after head: UpdateRecord?, _ setting: UpdateSetting,
    reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    var previous: EventID?
    if case .event(let id)? = update.previous { previous = id }
    var known: ChainHeight?
    if let head { known = try ChainHeight(of: head, reading: state) }
    let height = ChainHeight.after(update, on: known)
    let record = UpdateRecord(
      id: update.id, collective: ignition.id, pubkey: update.pubkey, number: number, createdAt: update.createdAt, previous: previous,
      block: height?.block, blockTime: height?.since, jump: head.map { UpdateRecord.Jump(id: $0.id, number: $0.number) }, isCheckpoint: true)
    let hardState = HardState(
      rows: update.rows, products: update.products, zappers: update.zappers ?? [], mode: update.mode, stateHash: update.stateHash)
    return try accept(
      update, Lineage.Entry(record: record, state: hardState), after: head, in: ignition, opens: head == nil ? ignition : nil, nil, setting,
      reading: state)
  }
}
