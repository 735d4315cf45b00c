// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Policy

/// How far it was looked up whether the relay has what was accepted live, and what was found.
///
/// `journal row 8 · confirmed 8 · redelivered 8`
public struct StoredCounts: Sendable, Equatable {
  /// The journal's rows up to this one were looked at.
  public var lookedUpTo: UInt64 = 0
  public var confirmed: UInt64 = 0
  /// Not found, and delivered again.
  public var redelivered: UInt64 = 0

  public init() {}

  fileprivate static let note = "delivery.stored"
}

extension StoreReader where Self: ~Copyable {
  public func storedCounts() throws -> StoredCounts {
    var counts = StoredCounts()
    guard let bytes = try note(StoredCounts.note) else { return counts }
    try bytes.withUnsafeBytes { bytes in
      var reader = RowReader(bytes, of: "meta")
      counts.lookedUpTo = try reader.uint64()
      counts.confirmed = try reader.uint64()
      counts.redelivered = try reader.uint64()
    }
    return counts
  }
}

extension StateWriter {
  public func setStoredCounts(_ counts: StoredCounts) throws {
    try setNote(StoredCounts.note, counts.lookedUpTo.keyBytes + counts.confirmed.keyBytes + counts.redelivered.keyBytes)
  }
}
