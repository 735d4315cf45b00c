// SPDX-License-Identifier: AGPL-3.0-or-later

/// LMDB's table of free pages, read from the file and not from the map, so that nothing in it can make the process fault.
struct FreePages {
  private let file: Int32
  private let meta: MetaPages

  init(_ file: Int32, _ meta: MetaPages) {
    self.file = file
    self.meta = meta
  }

  /// Gives every free page to `body`. False when the table itself cannot be read.
  func visit(_ body: (UInt64) -> Void) -> Bool {
    if meta.freeRoot == MetaPages.noPage { return true }
    var pages = [meta.freeRoot]
    var seen: UInt64 = 0
    while let number = pages.popLast() {
      seen += 1
      // More than there are: it leads in a circle.
      guard seen <= meta.lastPage, let page = read(number) else { return false }
      let flags = page.word16(10)
      let isLeaf = flags & 0x02 != 0
      guard isLeaf || flags & 0x01 != 0 else { return false }
      let count = (page.word16(12) - MetaPages.headerBytes) / 2
      guard count >= 0, MetaPages.headerBytes + 2 * count <= meta.pageBytes else { return false }
      for index in 0..<count {
        // low 2 · high 2 · flags 2 · key size 2 · key · data
        let node = page.word16(MetaPages.headerBytes + 2 * index)
        guard node + 8 <= meta.pageBytes else { return false }
        let size = page.word16(node) | page.word16(node + 2) << 16
        if !isLeaf {
          pages.append(UInt64(size) | UInt64(page.word16(node + 4)) << 32)
        } else if !visit(page, data: node + 8 + page.word16(node + 6), count: size, isApart: page.word16(node + 4) & 0x01 != 0, body) {
          return false
        }
      }
    }
    return true
  }

  /// A value is a number of pages, then their numbers; when it is long it stands on pages of its own (`isApart`), and its number here.
  private func visit(_ page: Page, data: Int, count: Int, isApart: Bool, _ body: (UInt64) -> Void) -> Bool {
    guard data + (isApart ? 8 : count) <= meta.pageBytes else { return false }
    var list = page
    var start = data
    if isApart {
      let (offset, overflows) = page.word64(data).multipliedReportingOverflow(by: UInt64(meta.pageBytes))
      guard !overflows, offset < 1 << 62, count <= 1 << 27,
        let bytes = MetaPages.bytes(of: file, at: Int(offset) + MetaPages.headerBytes, count: count)
      else { return false }
      list = Page(bytes: bytes)
      start = 0
    }
    guard count >= 8, list.word64(start) <= UInt64(count / 8 - 1) else { return false }
    for index in 0..<Int(list.word64(start)) { body(list.word64(start + 8 + 8 * index)) }
    return true
  }

  private func read(_ number: UInt64) -> Page? {
    guard number <= meta.lastPage else { return nil }
    return MetaPages.bytes(of: file, at: Int(number) * meta.pageBytes, count: meta.pageBytes).map(Page.init)
  }

  private struct Page {
    let bytes: [UInt8]

    func word16(_ offset: Int) -> Int {
      guard offset >= 0, offset + 2 <= bytes.count else { return 0 }
      return Int(bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt16.self) })
    }

    func word64(_ offset: Int) -> UInt64 {
      guard offset >= 0, offset + 8 <= bytes.count else { return 0 }
      return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }
    }
  }
}
