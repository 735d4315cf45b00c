// SPDX-License-Identifier: AGPL-3.0-or-later
import Policy

/// The sums of one pot: collected = Σ posted, reserved = Σ pending + Σ unknown.
public struct Totals: Equatable, Sendable {
  public var collected: Amount
  public var reserved: Amount
  /// How many transfers there are, in any state.
  public var transfers: UInt64

  public static let zero = Totals(collected: .zero, reserved: .zero, transfers: 0)

  public init(collected: Amount, reserved: Amount, transfers: UInt64) {
    self.collected = collected
    self.reserved = reserved
    self.transfers = transfers
  }

  /// Counts an amount in one state in; a fault when a sum does not fit.
  func including(_ amount: Amount, _ state: TransferState) throws -> Totals {
    var totals = self
    if state.isCollected { totals.collected = try Self.checked(collected.adding(amount)) }
    if state.isReserved { totals.reserved = try Self.checked(reserved.adding(amount)) }
    return totals
  }

  /// Takes an amount in one state out; a fault when a sum would become negative.
  func excluding(_ amount: Amount, _ state: TransferState) throws -> Totals {
    var totals = self
    if state.isCollected { totals.collected = try Self.checked(collected.subtracting(amount)) }
    if state.isReserved { totals.reserved = try Self.checked(reserved.subtracting(amount)) }
    return totals
  }

  private static func checked(_ sum: Amount?) throws -> Amount {
    guard let sum else { throw Fault.invariant("a total of the ledger would overflow or become negative") }
    return sum
  }

  // collected 8 · reserved 8 · transfers 8
  func encoded() -> [UInt8] {
    var writer = RecordWriter(capacity: 24)
    writer.put(collected)
    writer.put(reserved)
    writer.put(transfers)
    return writer.bytes
  }

  init(decoding bytes: [UInt8]) throws {
    var reader = RecordReader(bytes, of: Ledger.totals)
    self.init(collected: try reader.amount(), reserved: try reader.amount(), transfers: try reader.uint64())
  }
}
