// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Policy
import Synchronization

/// The state of one installation: the journal of what was accepted, the domains' tables, the outbox and the parked events, in one LMDB
/// environment that threads and processes share.
///
/// A process may die at any instruction: what was committed stays, what was not never happened. One store is open once in a process;
/// open it after any fork.
public final class StateStore: Sendable {
  let environment: Environment
  let tables: StoreTables
  let options: StoreOptions
  let fullness = Fullness()
  /// The layout that this program reads and writes here.
  private let schemaVersion: UInt64

  /// Opens the state, or makes a new one, and brings it to this program's schema.
  ///
  /// Throws a `StoreError`, whose words say what to do; commands then exit with 74.
  public convenience init(_ options: StoreOptions) throws { try self.init(options, schema: .current) }

  init(_ options: StoreOptions, schema: Schema) throws {
    schemaVersion = schema.version
    do {
      if !options.isReadOnly, options.creates { try StateDirectory.make(options.directory) }
      let environment = try StateDirectory.open(options)
      // Before any table is made: a newer program's state is left as it is.
      try Self.checkVersion(in: environment, schema, isReadOnly: options.isReadOnly, directory: options.directory)
      let handles = try environment.tables(StoreTables.names(options.tables), create: !options.isReadOnly) { transaction, handles in
        // Tables were made: the schema's version comes with them, so that a new state costs one commit.
        let writer = StateWriter(transaction, try StoreTables(options.tables, handles, mapBytes: options.mapLimitBytes))
        let isNew = try writer.schemaVersion() == nil
        try schema.migrate(writer)
        if isNew { for note in options.firstNotes { try writer.setNote(note.name, note.value) } }
      }
      let tables = try StoreTables(options.tables, handles, mapBytes: options.mapLimitBytes)
      self.environment = environment
      self.tables = tables
      self.options = options
      guard !options.isReadOnly, try environment.read({ try StateView($0, tables).schemaVersion() }) != schema.version else { return }
      try environment.write { try schema.migrate(StateWriter($0, tables)) }
    } catch {
      throw StoreError.opening(options.directory, error)
    }
  }

  private static func checkVersion(in environment: Environment, _ schema: Schema, isReadOnly: Bool, directory: String) throws {
    let meta: TableHandle
    do { meta = try environment.table("meta", create: false) } catch let error as LMDBError where error.isNotFound {
      if isReadOnly { throw StoreError.missing(directory: directory) }
      return
    }
    guard let bytes = try environment.read({ try $0.get(meta, MetaName.schema) }) else {
      if isReadOnly { throw StoreError.missing(directory: directory) }
      return
    }
    guard let found = UInt64(valueBytes: bytes) else { throw StoreError.unversioned }
    if found > schema.version { throw StoreError.newerSchema(found: found, known: schema.version) }
    if found < schema.version, isReadOnly { throw StoreError.olderSchema(found: found, known: schema.version) }
  }

  /// Runs `body` on a snapshot of the newest commit; writers go on meanwhile. Takes no lock. Keep it short.
  ///
  /// Throws what `body` throws, and a `Fault` when the state cannot be read.
  @inlinable
  public func read<R>(_ body: (borrowing StateView) throws -> R) throws -> R {
    try returning { take in try withView { take(try body($0)) } }
  }

  /// Not generic, so that each caller's own type costs no call into the runtime; `withWriter` too.
  @usableFromInline
  func withView(_ body: (borrowing StateView) throws -> Void) throws {
    try faulting { try environment.read { try body(StateView($0, tables)) } }
  }

  /// Runs `body` in the one write transaction that all processes together may have, and commits when it returns. When this throws,
  /// nothing of it happened.
  ///
  /// When the map has to grow, `body` runs again from its start: it must have no effects of its own, or undo them when it begins.
  /// Throws what `body` throws, and a `Fault` when the state cannot be read or written (`state is full` at its limit).
  @inlinable
  public func write<R>(_ body: (borrowing StateWriter) throws -> R) throws -> R {
    try returning { take in try withWriter { take(try body($0)) } }
  }

  @usableFromInline
  func withWriter(_ body: (borrowing StateWriter) throws -> Void) throws {
    try faulting(in: options.directory) {
      try environment.write { transaction in
        let writer = StateWriter(transaction, tables)
        // Another program may have brought the state to its own layout since this one opened it (architecture, law 9).
        let found = try writer.schemaNumber()
        guard found == schemaVersion else {
          let why = StoreError.schemaChanged(found: found ?? 0, known: schemaVersion)
          throw Fault(answer: "state unavailable", detail: "\(why)")
        }
        try body(writer)
      }
    }
  }

  /// Throws a `StoreError` when this opening is no longer good: the files were moved, deleted, replaced or cut, the disk failed, or another program
  /// has changed the schema. Then `close` it, and open the state anew. Cheap enough for once a second.
  public func confirm() throws {
    let found: UInt64?
    do {
      try environment.confirm()
      found = try read { try $0.schemaNumber() }
    } catch {
      throw StoreError.opening(options.directory, error)
    }
    guard found == schemaVersion else { throw StoreError.schemaChanged(found: found ?? 0, known: schemaVersion) }
  }

  /// Gives the state up: whoever uses it afterwards gets a fault. Then it can be opened anew by this process. Waits two seconds at most for the
  /// transactions of other threads; where they take longer, it is closed when they have let go of it.
  public func close() { environment.close(waitMilliseconds: 2000) }

  /// Forces commits to the disk; needed with `.relaxed`, about once a second. Blocks for as long as the disk takes.
  public func sync() throws { try faulting(in: options.directory) { try environment.sync() } }

  /// Writes a consistent copy of the state into another directory, which must exist and be empty. Writers go on.
  ///
  /// - Parameter compacting: leaves out free pages; slower, smaller.
  public func copy(to directory: String, compacting: Bool) throws {
    try faulting { try environment.copy(to: directory, compacting: compacting) }
  }
}
