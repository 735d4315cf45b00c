// SPDX-License-Identifier: AGPL-3.0-or-later
import CFaults

/// Where the file is mapped. A damaged page can name a value that is longer than the map: it is refused before anybody reads it.
struct MapBounds: Sendable {
  /// Both 0 when it is not known (no /proc): then nothing is refused.
  let start: UInt
  let end: UInt

  static let unknown = MapBounds(start: 0, end: 0)

  private init(start: UInt, end: UInt) {
    self.start = start
    self.end = end
  }

  /// - Parameter inode: of data.mdb, which is mapped already.
  init(inode: UInt64) {
    var (start, end) = (UInt(0), UInt(0))
    let isFound = commonsguard_find_map(inode, &start, &end) != 0
    self.init(start: isFound ? start : 0, end: isFound ? end : 0)
  }

  /// Whether the bytes lie in the map, or all outside of it: a write transaction's own pages are on the heap.
  @inline(__always)
  func holds(_ address: UInt, _ count: Int) -> Bool {
    address < start || address >= end || UInt(bitPattern: count) <= end - address
  }
}
