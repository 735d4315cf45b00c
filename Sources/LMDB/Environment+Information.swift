// SPDX-License-Identifier: AGPL-3.0-or-later
extension Environment {
  /// What an environment holds and how much room is left.
  public struct Information: Sendable, Hashable {
    /// The map's size now, in bytes.
    public let mapBytes: Int
    /// How far it may grow, in bytes.
    public let mapLimitBytes: Int
    public let pageSizeBytes: Int
    /// The highest page in use; the file is one page longer.
    public let lastPageNumber: Int
    /// Pages below it that are free, or will be when older readers end.
    public let freePageCount: Int
    /// The number of the newest commit.
    public let lastTransactionID: Int
    public let maxReaders: Int
    /// The reader slots used at the same time so far, by all processes.
    public let readerSlotsUsed: Int

    /// An estimate of the bytes that live data takes.
    public var usedBytes: Int { max(0, lastPageNumber + 1 - freePageCount) * pageSizeBytes }
    /// The share of the limit that is used, 0 to 1 (above 1 when the limit was lowered later).
    public var usedShare: Double { Double(usedBytes) / Double(max(1, mapLimitBytes)) }
  }

  /// Counts pages and readers, in a read transaction; the free pages are listed, so this takes time in proportion to them.
  public func info() throws -> Information {
    try read { transaction in
      let free = try transaction.freePageCount()
      let info = try LMDBCalls.info(handle)
      return Information(
        mapBytes: Int(clamping: info.me_mapsize), mapLimitBytes: options.limitBytes, pageSizeBytes: try LMDBCalls.pageSize(handle),
        lastPageNumber: Int(clamping: info.me_last_pgno), freePageCount: free, lastTransactionID: Int(clamping: info.me_last_txnid),
        maxReaders: Int(info.me_maxreaders), readerSlotsUsed: Int(info.me_numreaders))
    }
  }

  /// How far the file reaches, without counting its free pages: one call, no transaction.
  ///
  /// LMDB looks into the map for it: another thread must not change the map meanwhile. Not to be asked inside a transaction.
  public func extent() throws -> (fileBytes: Int, mapLimitBytes: Int, newestCommit: Int) {
    try refuseNesting()
    return try withMap {
      let info = try LMDBCalls.info(handle)
      let (bytes, overflows) = (Int(clamping: info.me_last_pgno) &+ 1).multipliedReportingOverflow(by: try LMDBCalls.pageSize(handle))
      return (overflows ? .max : bytes, options.limitBytes, Int(clamping: info.me_last_txnid))
    }
  }

  /// Writes a consistent copy of the newest commit to another directory, which must exist and be empty. Writers go on.
  ///
  /// - Parameter compacting: leaves out free pages; slower, smaller.
  public func copy(to directory: String, compacting: Bool) throws {
    try refuseNesting()
    try withMap { try LMDBCalls.copy(handle, to: directory, compacting: compacting) }
  }
}
