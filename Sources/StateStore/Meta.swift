// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB

/// Names of the store's own rows in the table `meta`. Those of others begin with `note.`.
enum MetaName {
  /// The schema version, 8 bytes.
  static let schema = Array("schema".utf8)
  /// No outbox row gets a lower number, 8 bytes.
  static let outboxFloor = Array("outbox.floor".utf8)
  /// `KeptTotals`.
  static let outboxTotals = Array("outbox.totals".utf8)
  /// `ParkedTotals`.
  static let parkedTotals = Array("parked.totals".utf8)

  static func note(_ name: String) -> [UInt8] { Array("note.\(name)".utf8) }
}

extension StoreReader where Self: ~Copyable {
  /// A free note that the program keeps beside the state, such as the kinds it was configured with; nil when there is none.
  public func note(_ name: String) throws -> [UInt8]? { try get(tables.meta, MetaName.note(name)) }

  /// The schema version; nil in a new state.
  func schemaVersion() throws -> UInt64? {
    guard let value = try get(tables.meta, MetaName.schema) else { return nil }
    guard let version = UInt64(valueBytes: value) else { throw StoreError.unversioned }
    return version
  }

  /// The same, without a copy; nil also when it is no number.
  func schemaNumber() throws -> UInt64? {
    try MetaName.schema.withUnsafeBytes { name in try get(tables.meta, name).flatMap { UInt64(keyBytes: $0) } }
  }
}

extension StateWriter {
  /// Keeps a free note. The name has at most 500 bytes.
  public func setNote(_ name: String, _ value: [UInt8]) throws { try put(tables.meta, MetaName.note(name), value) }
}

extension UInt64 {
  init?(valueBytes: [UInt8]) {
    guard let value = valueBytes.withUnsafeBytes({ UInt64(keyBytes: $0) }) else { return nil }
    self = value
  }
}
