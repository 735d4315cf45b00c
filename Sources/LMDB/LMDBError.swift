// SPDX-License-Identifier: AGPL-3.0-or-later
import CLMDB

/// A C function of LMDB answered with a code other than success.
public struct LMDBError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The C function, for example `mdb_put`.
  public let function: String
  /// An `MDB_...` code (negative) or an `errno` (positive).
  public let code: Int32

  public init(function: String, code: Int32) {
    self.function = function
    self.code = code
  }

  init(_ function: StaticString, _ code: Int32) { self.init(function: "\(function)", code: code) }

  /// The codes that callers and their tests name. Values of lmdb.h.
  public static let mapFull: Int32 = MDB_MAP_FULL
  public static let notFound: Int32 = MDB_NOTFOUND
  public static let keyExists: Int32 = MDB_KEYEXIST
  public static let mapResized: Int32 = MDB_MAP_RESIZED
  public static let readersFull: Int32 = MDB_READERS_FULL
  public static let corrupted: Int32 = MDB_CORRUPTED
  public static let panic: Int32 = MDB_PANIC

  /// The map has no room left. `Environment.write` handles it; it is seen only inside a write closure.
  public var isMapFull: Bool { code == Self.mapFull }
  /// The table (or key) does not exist.
  public var isNotFound: Bool { code == Self.notFound }
  /// A key given with `.append` does not come after the last key.
  public var isKeyExists: Bool { code == Self.keyExists }
  /// Another process grew the map. `Environment` handles it.
  public var isMapResized: Bool { code == Self.mapResized }
  /// Every reader slot is taken: raise `maxReaders`, or look for a process that leaks readers.
  public var isReadersFull: Bool { code == Self.readersFull }
  /// The file is damaged, or a fatal error closed the environment: stop, and restore or replay.
  public var isFatal: Bool { code == Self.corrupted || code == Self.panic || code == MDB_PAGE_NOTFOUND }

  /// For example `mdb_put: MDB_MAP_FULL: Environment mapsize limit reached`.
  public var description: String { "\(function): \(LMDBCalls.text(for: code))" }
}
