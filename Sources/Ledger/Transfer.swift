// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Money that moves, or is said to have moved, because of one event. Its id is that event's: the idempotency key, for ever.
public struct Transfer: Equatable, Sendable {
  public let id: EventID
  public var state: TransferState
  /// What it is collected for: a domain byte and the domain's own name for it (a project id).
  public let subject: [UInt8]
  /// Which of the subject's pots it fills; the domain's own number.
  public let target: UInt8
  public let sender: PublicKey
  /// A Ğ1 key as written; empty where no wallet is known (driver `none` moves no money).
  public let recipient: String
  public let amount: Amount
  /// The trigger's created_at, Unix seconds.
  public let createdAt: UInt64

  public init(
    id: EventID, state: TransferState, subject: [UInt8], target: UInt8, sender: PublicKey, recipient: String, amount: Amount, createdAt: UInt64
  ) {
    self.id = id
    self.state = state
    self.subject = subject
    self.target = target
    self.sender = sender
    self.recipient = recipient
    self.amount = amount
    self.createdAt = createdAt
  }

  // version 1 · state 1 · target 1 · amount 8 · created_at 8 · sender 32 · subject n · recipient n
  static let recordVersion: UInt8 = 1

  func encoded() -> [UInt8] {
    var writer = RecordWriter(capacity: 128)
    writer.put(Self.recordVersion)
    writer.put(state.rawValue)
    writer.put(target)
    writer.put(amount)
    writer.put(createdAt)
    writer.put(sender)
    writer.put(counted: subject)
    writer.put(counted: recipient)
    return writer.bytes
  }

  init(id: EventID, decoding bytes: [UInt8]) throws {
    var reader = RecordReader(bytes, of: Ledger.transfers)
    try reader.version(Self.recordVersion)
    guard let state = TransferState(rawValue: try reader.uint8()) else { throw Fault.corrupt(Ledger.transfers, "unknown transfer state") }
    let target = try reader.uint8()
    let amount = try reader.amount()
    let createdAt = try reader.uint64()
    let sender = try reader.publicKey()
    let subject = try reader.counted()
    self.init(
      id: id, state: state, subject: subject, target: target, sender: sender, recipient: try reader.string(), amount: amount, createdAt: createdAt)
  }
}
