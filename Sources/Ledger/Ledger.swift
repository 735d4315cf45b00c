// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The ledger of transfers, shared by the domains: functions from the state to the changes that a transfer causes.
///
/// Invariants, checked by every change: one transfer for each event id; collected = Σ posted and reserved = Σ pending + Σ unknown for each
/// subject and target; a posted or voided transfer never changes again. Source: settlement-and-follow-ups, *The ledger*.
public enum Ledger {
  /// event id 32 → `Transfer`
  public static let transfers = Table(.ledger, 0, "transfers")
  /// subject n · target 1 → `Totals`
  public static let totals = Table(.ledger, 1, "totals")
  public static let tables = [transfers, totals]

  /// The changes that open a transfer, in any state but voided.
  ///
  /// Applying them is a fault when there is one of that id already: the caller answers a known event before it gets here.
  /// - Parameter pot: the sums of the transfer's subject and target, as the same reader has them.
  public static func open(_ transfer: Transfer, on pot: Totals) throws -> [StateChange] {
    guard transfer.state != .voided else { throw Fault.invariant("a transfer cannot begin as voided") }
    var sums = try pot.including(transfer.amount, transfer.state)
    sums.transfers += 1
    return [
      .insert(transfers, key: transfer.id.bytes, value: transfer.encoded()),
      .put(totals, key: totalsKey(transfer.subject, transfer.target), value: sums.encoded()),
    ]
  }

  /// The changes that move a transfer to another state. Throws a fault when it does not exist or may not go there.
  public static func move(_ id: EventID, to next: TransferState, reading state: borrowing some StateReader & ~Copyable) throws -> [StateChange] {
    guard var transfer = try transfer(id, reading: state) else { throw Fault.invariant("there is no transfer for event \(id.short)") }
    guard transfer.state.canBecome(next) else {
      throw Fault.invariant("a \(transfer.state.name) transfer cannot become \(next.name)")
    }
    var sums = try totals(of: transfer.subject, target: transfer.target, reading: state)
    sums = try sums.excluding(transfer.amount, transfer.state)
    sums = try sums.including(transfer.amount, next)
    transfer.state = next
    return [
      .put(transfers, key: id.bytes, value: transfer.encoded()),
      .put(totals, key: totalsKey(transfer.subject, transfer.target), value: sums.encoded()),
    ]
  }

  public static func transfer(_ id: EventID, reading state: borrowing some StateReader & ~Copyable) throws -> Transfer? {
    try state.value(transfers, id.bytes).map { try Transfer(id: id, decoding: $0) }
  }

  /// The sums of one pot; zero where nothing was ever transferred.
  public static func totals(of subject: [UInt8], target: UInt8, reading state: borrowing some StateReader & ~Copyable) throws -> Totals {
    try state.value(totals, totalsKey(subject, target)).map { try Totals(decoding: $0) } ?? .zero
  }

  /// Adds all transfers up again and compares with the totals kept.
  ///
  /// - Returns: one line for each difference; empty when the invariants hold. Reads the whole ledger.
  public static func audit(reading state: borrowing some StateReader & ~Copyable) throws -> [String] {
    var sums: [[UInt8]: Totals] = [:]
    try state.scan(transfers, prefix: []) { key, value in
      let transfer = try Transfer(id: try Self.id(of: key), decoding: value)
      let pot = totalsKey(transfer.subject, transfer.target)
      var sum = try sums[pot, default: .zero].including(transfer.amount, transfer.state)
      sum.transfers += 1
      sums[pot] = sum
      return true
    }
    var differences: [String] = []
    try state.scan(totals, prefix: []) { key, value in
      let kept = try Totals(decoding: value)
      let added = sums.removeValue(forKey: key) ?? .zero
      if kept != added {
        let (collected, reserved) = (added.collected.hundredths, added.reserved.hundredths)
        differences.append(
          "a pot keeps \(kept.collected.hundredths)/\(kept.reserved.hundredths), its transfers add up to \(collected)/\(reserved)")
      }
      return true
    }
    differences += sums.map { _ in "a pot has transfers and no totals" }
    return differences
  }

  private static func id(of key: [UInt8]) throws -> EventID {
    var reader = RecordReader(key, of: transfers)
    return try reader.eventID()
  }

  private static func totalsKey(_ subject: [UInt8], _ target: UInt8) -> [UInt8] { subject + [target] }
}
