// SPDX-License-Identifier: AGPL-3.0-or-later
import Policy

/// One step from a schema to the next. It runs in the write transaction of the opening, which may run again: no effects outside.
struct Migration: Sendable {
  /// The schema that it makes; it starts from the one before.
  let toVersion: UInt64
  let apply: @Sendable (borrowing StateWriter) throws -> Void
}

/// The layout of the tables that this program reads and writes, and the steps that lead to it from older ones.
struct Schema: Sendable {
  let version: UInt64
  let migrations: [Migration]

  /// Raise the version with every change that an older program could misread, and add the step that brings older states there.
  static let current = Schema(version: 4, migrations: [.queuesDueRowsAlone, .knowsAuthors, .knowsSuccession, .waitsFairly])

  /// Brings the state to this schema; writes the version into an empty one.
  func migrate(_ writer: borrowing StateWriter) throws {
    guard var version = try writer.schemaVersion() else {
      guard try writer.isEmpty() else { throw StoreError.unversioned }
      try writer.put(writer.tables.meta, MetaName.schema, self.version.keyBytes)
      return
    }
    if version > self.version { throw StoreError.newerSchema(found: version, known: self.version) }
    if version == self.version { return }
    while version < self.version {
      let steps = migrations.filter { $0.toVersion == version + 1 }
      if steps.isEmpty { throw StoreError.noMigration(from: version) }
      for step in steps { try step.apply(writer) }
      version += 1
    }
    try writer.put(writer.tables.meta, MetaName.schema, version.keyBytes)
  }
}

extension StateWriter {
  fileprivate func isEmpty() throws -> Bool {
    for (_, handle) in tables.named where try entryCount(handle) > 0 { return false }
    return true
  }
}
