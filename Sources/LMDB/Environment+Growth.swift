// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

extension Environment {
  /// Makes room after `MDB_MAP_FULL`: cheapest first. Returns when another try may succeed.
  ///
  /// - Parameter failed: the map's size when the transaction failed, in bytes.
  func growMap(beyond failed: Int) throws {
    let limit = options.limitBytes
    try gate.exclusively {
      // Readers that died keep freed pages from being used again.
      if try LMDBCalls.clearStaleReaders(handle) > 0 { return }
      // Another thread, or another process, may have grown it.
      if try LMDBCalls.mapBytes(handle) > failed { return }
      try resize(0)
      if try LMDBCalls.mapBytes(handle) > failed { return }
      // The file remembers a size only from the next commit on: what was just adopted may be smaller than what this process had.
      guard failed < limit else {
        try resize(failed)
        throw EnvironmentError.mapLimitReached(limitBytes: limit)
      }
      let wanted = failed > limit / 2 ? limit : failed * 2
      // LMDB gives the old map up first: where there is no room for the larger one, this process would be left with none.
      guard Self.hasAddressSpace(wanted - (try LMDBCalls.mapBytes(handle))) else {
        try resize(failed)
        throw EnvironmentError.noAddressSpace(wantedBytes: wanted)
      }
      try resize(wanted)
    }
  }

  /// Takes over the size that another process gave the map (`MDB_MAP_RESIZED`).
  ///
  /// - Parameter failed: the map's size when the transaction could not begin, in bytes.
  func adoptMap(beyond failed: Int) throws {
    try gate.exclusively {
      if try LMDBCalls.mapBytes(handle) > failed { return }
      try resize(0)
    }
  }

  /// LMDB unmaps the file before it maps it anew; when that fails there is no map, and any further call would crash.
  private func resize(_ bytes: Int) throws {
    do {
      if let code = options.faultInjection?(.resize(bytes)), code != 0 { throw LMDBError("mdb_env_set_mapsize", code) }
      try LMDBCalls.setMapSize(handle, bytes)
    } catch {
      gate.markLost()
      throw error
    }
    bounds = MapBounds(inode: files.data?.inode ?? 0)
  }

  /// Whether the process may have so many bytes more (`RLIMIT_AS`).
  private static func hasAddressSpace(_ bytes: Int) -> Bool {
    guard bytes > 0 else { return true }
    guard let reserved = mmap(nil, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0), reserved != MAP_FAILED else { return false }
    munmap(reserved, bytes)
    return true
  }
}
