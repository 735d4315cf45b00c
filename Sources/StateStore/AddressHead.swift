// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import LMDB
import Nostr
import Policy

/// The newest accepted event of an address, which is what relays keep of it, and how many live ones a day has brought.
///
/// `version 1 · created_at 8 · id 32 · day 4 · updates 4`
public struct AddressHead: Sendable, Equatable {
  public let createdAt: UInt64
  public let id: EventID
  /// The UTC day, counted from 1970, of the last live one's receipt; 0 before there was one.
  public var day: UInt32
  /// So many live ones were received on that day.
  public var updates: UInt32

  public init(createdAt: UInt64, id: EventID, day: UInt32 = 0, updates: UInt32 = 0) {
    self.createdAt = createdAt
    self.id = id
    self.day = day
    self.updates = updates
  }

  /// Whether relays keep that event instead: the newer one; of one second, the lower id.
  public func yields(to createdAt: UInt64, _ id: EventID) -> Bool { createdAt == self.createdAt ? id < self.id : createdAt > self.createdAt }

  /// How many live ones were received on a day.
  public func updates(on day: UInt32) -> UInt32 { day == self.day ? updates : 0 }

  private static let version: UInt8 = 1

  fileprivate var encoded: [UInt8] {
    var writer = RecordWriter(capacity: 49)
    writer.put(Self.version)
    writer.put(createdAt)
    writer.put(id)
    writer.put(day)
    writer.put(updates)
    return writer.bytes
  }

  fileprivate init(decoding bytes: UnsafeRawBufferPointer) throws {
    var reader = RowReader(bytes, of: "heads")
    try reader.version(Self.version)
    self.init(createdAt: try reader.uint64(), id: try reader.eventID(), day: try reader.uint32(), updates: try reader.uint32())
  }
}

extension Address {
  /// `kind 8 · pubkey 32 · SHA-256 of d 32`: LMDB's keys end at 511 bytes.
  var key: [UInt8] {
    var writer = RecordWriter(capacity: 72)
    writer.put(kind)
    writer.put(pubkey)
    writer.put(SHA256.digest(of: Array(identifier.bytes)))
    return writer.bytes
  }
}

extension StoreReader where Self: ~Copyable {
  /// What is kept of an address; nil when nothing of it was ever accepted.
  public func head(of address: Address) throws -> AddressHead? {
    try address.key.withUnsafeBytes { try get(tables.heads, $0) }.map { try AddressHead(decoding: $0) }
  }
}

extension StateWriter {
  public func setHead(of address: Address, _ head: AddressHead) throws { try put(tables.heads, address.key, head.encoded) }
}
