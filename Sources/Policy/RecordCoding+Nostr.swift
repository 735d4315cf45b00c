// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr

extension RecordWriter {
  public mutating func put(_ value: Bytes32) { value.withUnsafeBytes { put(fixed: $0) } }
  public mutating func put(_ id: EventID) { put(id.value) }
  public mutating func put(_ key: PublicKey) { put(key.value) }
  public mutating func put(_ amount: Amount) { put(amount.hundredths) }
}

extension RecordReader {
  public mutating func eventID() throws -> EventID { EventID(try bytes32()) }
  public mutating func publicKey() throws -> PublicKey { PublicKey(try bytes32()) }
  public mutating func amount() throws -> Amount { Amount(hundredths: try uint64()) }
}
