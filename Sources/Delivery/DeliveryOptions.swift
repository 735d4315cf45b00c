// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import StateStore

/// How follow-ups are delivered. Source: contract, `delivery` and `node`.
public struct DeliveryOptions: Sendable, Equatable {
  /// `node.publicKey`, which the secret key has to match.
  public var nodeKey: PublicKey?
  /// A row is failed after so many attempts (`delivery.attempts`).
  public var attempts: UInt32
  /// The most rows that the sink is given at once.
  public var batchRows: Int
  /// The most bytes of events that the sink is given at once; one event alone may be longer.
  public var batchBytes: Int
  /// So many of the newest due rows are kept while there is no sink.
  public var keptRows: Int
  /// An event that was accepted live is looked up in the relay so long after its receipt.
  public var confirmAfterSeconds: UInt64

  public init(
    nodeKey: PublicKey? = nil, attempts: UInt32 = 20, batchRows: Int = 500, batchBytes: Int = 4 << 20, keptRows: Int = Outbox.undeliveredRows,
    confirmAfterSeconds: UInt64 = 30
  ) {
    self.nodeKey = nodeKey
    self.attempts = max(1, attempts)
    self.batchRows = max(1, batchRows)
    self.batchBytes = batchBytes
    self.keptRows = keptRows
    self.confirmAfterSeconds = confirmAfterSeconds
  }
}
