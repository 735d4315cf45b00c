// SPDX-License-Identifier: AGPL-3.0-or-later
import CFaults
import CLMDB
import Glibc

/// Every call into liblmdb stands in this file; each checks its code, and the error names the C function.
///
/// While one runs, this thread is marked: LMDB trusts its file, and a fault of its code is then known to be the state's (CFaults).
///
/// Pointers are LMDB's `MDB_env`, `MDB_txn` and `MDB_cursor`, all of which arrive as `OpaquePointer`. The types above this file keep them apart.
enum LMDBCalls {
  /// What `mdb_cursor_get` is asked for.
  enum Move { case first, last, next, previous, exactly, atOrAfter }

  @inline(__always)
  static func check(_ code: Int32, _ function: StaticString) throws {
    if code != 0 { throw LMDBError(function, code) }
  }

  @inline(__always)
  private static func inside(_ call: () -> Int32) -> Int32 {
    commonsguard_enter_lmdb()
    let code = call()
    commonsguard_leave_lmdb()
    return code
  }

  // MARK: Environment

  /// Creates and opens an environment with the map size that the file remembers; closes it again when the opening fails.
  static func openEnvironment(directory: String, options: Environment.Options) throws -> OpaquePointer {
    var created: OpaquePointer?
    try check(mdb_env_create(&created), "mdb_env_create")
    guard let environment = created else { throw LMDBError("mdb_env_create", ENOMEM) }
    do {
      try check(mdb_env_set_maxdbs(environment, options.maxTables), "mdb_env_set_maxdbs")
      try check(mdb_env_set_maxreaders(environment, options.maxReaders), "mdb_env_set_maxreaders")
      try check(mdb_env_set_assert(environment, commonsguard_lmdb_asserted), "mdb_env_set_assert")
      // NOTLS: a read transaction belongs to its handle, not to its thread, so that a pool can lend it to any thread.
      var flags = UInt32(MDB_NOTLS)
      if options.durability == .relaxed { flags |= UInt32(MDB_NOSYNC) }
      if options.isReadOnly { flags |= UInt32(MDB_RDONLY) }
      try check(inside { mdb_env_open(environment, directory, flags, options.mode) }, "mdb_env_open")
    } catch {
      mdb_env_close(environment)
      throw error
    }
    return environment
  }

  static func closeEnvironment(_ environment: OpaquePointer) {
    _ = inside {
      mdb_env_close(environment)
      return 0
    }
  }

  /// 0 adopts the size that the file remembers. No transaction of this process may be live.
  static func setMapSize(_ environment: OpaquePointer, _ bytes: Int) throws {
    try check(inside { mdb_env_set_mapsize(environment, bytes) }, "mdb_env_set_mapsize")
  }

  static func maxKeyBytes(_ environment: OpaquePointer) -> Int { Int(mdb_env_get_maxkeysize(environment)) }

  static func sync(_ environment: OpaquePointer) throws { try check(inside { mdb_env_sync(environment, 1) }, "mdb_env_sync") }

  static func copy(_ environment: OpaquePointer, to directory: String, compacting: Bool) throws {
    try check(inside { mdb_env_copy2(environment, directory, compacting ? UInt32(MDB_CP_COMPACT) : 0) }, "mdb_env_copy2")
  }

  /// Frees the reader slots of dead processes; returns how many.
  static func clearStaleReaders(_ environment: OpaquePointer) throws -> Int {
    var dead: Int32 = 0
    try check(inside { mdb_reader_check(environment, &dead) }, "mdb_reader_check")
    return Int(dead)
  }

  static func info(_ environment: OpaquePointer) throws -> MDB_envinfo {
    var info = MDB_envinfo()
    try check(inside { mdb_env_info(environment, &info) }, "mdb_env_info")
    return info
  }

  static func pageSize(_ environment: OpaquePointer) throws -> Int {
    var stat = MDB_stat()
    try check(inside { mdb_env_stat(environment, &stat) }, "mdb_env_stat")
    return Int(stat.ms_psize)
  }

  static func mapBytes(_ environment: OpaquePointer) throws -> Int { Int(clamping: try info(environment).me_mapsize) }

  // MARK: Transactions

  static func begin(_ environment: OpaquePointer, readOnly: Bool) throws -> OpaquePointer {
    var transaction: OpaquePointer?
    let code = inside { mdb_txn_begin(environment, nil, readOnly ? UInt32(MDB_RDONLY) : 0, &transaction) }
    // A reader locks the byte of its process's number in lock.mdb; another process has done so with ours.
    if readOnly, code == EAGAIN || code == EACCES { throw EnvironmentError.sameProcessNumber(getpid()) }
    try check(code, "mdb_txn_begin")
    guard let transaction else { throw LMDBError("mdb_txn_begin", ENOMEM) }
    return transaction
  }

  /// The number of a write transaction, or of the newest commit that a read transaction sees.
  static func id(_ transaction: OpaquePointer) -> Int { mdb_txn_id(transaction) }

  static func renew(_ transaction: OpaquePointer) throws { try check(inside { mdb_txn_renew(transaction) }, "mdb_txn_renew") }

  static func reset(_ transaction: OpaquePointer) { mdb_txn_reset(transaction) }

  static func abort(_ transaction: OpaquePointer) {
    _ = inside {
      mdb_txn_abort(transaction)
      return 0
    }
  }

  /// Ends the transaction whether it succeeds or not: after a failed commit the handle is gone and must not be aborted.
  static func commit(_ transaction: OpaquePointer) throws { try check(inside { mdb_txn_commit(transaction) }, "mdb_txn_commit") }

  // MARK: Tables

  static func openTable(_ transaction: OpaquePointer, _ name: String, create: Bool) throws -> MDB_dbi {
    var table = MDB_dbi()
    try check(inside { mdb_dbi_open(transaction, name, create ? UInt32(MDB_CREATE) : 0, &table) }, "mdb_dbi_open")
    return table
  }

  static func entryCount(_ transaction: OpaquePointer, _ table: MDB_dbi) throws -> Int {
    var stat = MDB_stat()
    try check(inside { mdb_stat(transaction, table, &stat) }, "mdb_stat")
    return Int(clamping: stat.ms_entries)
  }

  static func clear(_ transaction: OpaquePointer, _ table: MDB_dbi) throws { try check(inside { mdb_drop(transaction, table, 0) }, "mdb_drop") }

  @inline(__always)
  static func get(
    _ transaction: OpaquePointer, _ table: MDB_dbi, _ key: UnsafeRawBufferPointer, in bounds: MapBounds
  ) throws -> UnsafeRawBufferPointer? {
    var key = MDB_val(key)
    var value = MDB_val()
    let code = inside { mdb_get(transaction, table, &key, &value) }
    if code == MDB_NOTFOUND { return nil }
    try check(code, "mdb_get")
    return try lent(value, in: bounds, "mdb_get")
  }

  /// Returns false when `mode` is `.noOverwrite` and the key exists.
  static func put(
    _ transaction: OpaquePointer, _ table: MDB_dbi, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ mode: PutMode
  ) throws -> Bool {
    var key = MDB_val(key)
    var value = MDB_val(value)
    let flags: UInt32 =
      switch mode {
      case .overwrite: 0
      case .noOverwrite: UInt32(MDB_NOOVERWRITE)
      case .append: UInt32(MDB_APPEND)
      }
    let code = inside { mdb_put(transaction, table, &key, &value, flags) }
    if code == MDB_KEYEXIST, mode == .noOverwrite { return false }
    try check(code, "mdb_put")
    return true
  }

  static func delete(_ transaction: OpaquePointer, _ table: MDB_dbi, _ key: UnsafeRawBufferPointer) throws -> Bool {
    var key = MDB_val(key)
    let code = inside { mdb_del(transaction, table, &key, nil) }
    if code == MDB_NOTFOUND { return false }
    try check(code, "mdb_del")
    return true
  }

  // MARK: Cursors

  static func openCursor(_ transaction: OpaquePointer, _ table: MDB_dbi) throws -> OpaquePointer {
    var cursor: OpaquePointer?
    try check(inside { mdb_cursor_open(transaction, table, &cursor) }, "mdb_cursor_open")
    guard let cursor else { throw LMDBError("mdb_cursor_open", ENOMEM) }
    return cursor
  }

  static func closeCursor(_ cursor: OpaquePointer) {
    _ = inside {
      mdb_cursor_close(cursor)
      return 0
    }
  }

  static func move(_ cursor: OpaquePointer, _ move: Move, key: UnsafeRawBufferPointer?, in bounds: MapBounds) throws -> Cursor.Entry? {
    var foundKey = key.map { MDB_val($0) } ?? MDB_val()
    var value = MDB_val()
    let operation: MDB_cursor_op =
      switch move {
      case .first: MDB_FIRST
      case .last: MDB_LAST
      case .next: MDB_NEXT
      case .previous: MDB_PREV
      case .exactly: MDB_SET_KEY
      case .atOrAfter: MDB_SET_RANGE
      }
    let code = inside { mdb_cursor_get(cursor, &foundKey, &value, operation) }
    if code == MDB_NOTFOUND { return nil }
    try check(code, "mdb_cursor_get")
    return (try lent(foundKey, in: bounds, "mdb_cursor_get"), try lent(value, in: bounds, "mdb_cursor_get"))
  }

  /// LMDB's own table of free pages (`FREE_DBI`, only for read transactions): each value is a count, then that many page numbers.
  static func freePageCount(_ transaction: OpaquePointer, in bounds: MapBounds) throws -> Int {
    let cursor = try openCursor(transaction, 0)
    defer { closeCursor(cursor) }
    var pages = 0
    var entry = try move(cursor, .first, key: nil, in: bounds)
    while let (_, value) = entry {
      if value.count >= MemoryLayout<Int>.size { pages = pages.addingReportingOverflow(value.loadUnaligned(as: Int.self)).partialValue }
      entry = try move(cursor, .next, key: nil, in: bounds)
    }
    return pages
  }

  /// What LMDB hands out, unless it reaches beyond the map: that is a damaged page.
  @inline(__always)
  private static func lent(_ value: MDB_val, in bounds: MapBounds, _ function: StaticString) throws -> UnsafeRawBufferPointer {
    guard bounds.holds(UInt(bitPattern: value.mv_data), value.mv_size) else { throw LMDBError(function, LMDBError.corrupted) }
    return UnsafeRawBufferPointer(value)
  }

  /// LMDB's text for its own codes, the system's for `errno`.
  static func text(for code: Int32) -> String { mdb_strerror(code).map { String(cString: $0) } ?? "code \(code)" }
}

extension MDB_val {
  /// LMDB takes mutable pointers and does not write through them.
  @inline(__always)
  fileprivate init(_ bytes: UnsafeRawBufferPointer) {
    self.init(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
  }
}

extension UnsafeRawBufferPointer {
  @inline(__always)
  fileprivate init(_ value: MDB_val) { self.init(start: value.mv_data, count: value.mv_size) }
}
