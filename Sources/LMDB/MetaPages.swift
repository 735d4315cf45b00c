// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// What the two meta pages at the beginning of data.mdb say, read without LMDB: it maps what they promise, and a promise that the file does not
/// keep is a SIGBUS. Layout: LMDB 0.9's `MDB_page` and `MDB_meta`, in the machine's own order.
struct MetaPages {
  /// What is wrong with the file.
  enum Finding: Error, Equatable {
    /// Shorter than its own meta page says.
    case cut(bytes: Int, wantedBytes: Int)
    /// Not LMDB's, or damaged; what.
    case damaged(String)
  }

  let pageBytes: Int
  let lastPage: UInt64
  /// The root of the table of free pages; `noPage` when it is empty.
  let freeRoot: UInt64
  let newestCommit: UInt64

  static let noPage = UInt64.max
  static let headerBytes = 16
  private static let metaBytes = 152

  /// Reads the newer of the two. Nil for an empty file, which LMDB fills.
  init?(_ file: Int32) throws {
    var status = stat()
    guard fstat(file, &status) == 0 else { throw Finding.damaged(String(cString: strerror(errno))) }
    if status.st_size == 0 { return nil }
    guard let first = Self.bytes(of: file, at: 0, count: Self.metaBytes) else { throw Finding.cut(bytes: status.st_size, wantedBytes: 8192) }
    let one = try Self(first, page: 0)
    guard let second = Self.bytes(of: file, at: one.pageBytes, count: Self.metaBytes) else {
      throw Finding.cut(bytes: status.st_size, wantedBytes: 2 * one.pageBytes)
    }
    let two = try Self(second, page: 1)
    guard one.pageBytes == two.pageBytes else { throw Finding.damaged("its two meta pages disagree") }
    self = one.newestCommit < two.newestCommit ? two : one
  }

  private init(_ bytes: [UInt8], page: Int) throws {
    func word32(_ offset: Int) -> UInt32 { bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) } }
    func word64(_ offset: Int) -> UInt64 { bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) } }
    // header 16 · magic 4 · version 4 · address 8 · map size 8 · free table 48 · main table 48 · last page 8 · commit 8; each table
    // begins with the page size 4 (in the free table) · flags 2 · depth 2, and ends with its root 8.
    guard word32(16) == 0xBEEF_C0DE else { throw Finding.damaged("meta page \(page) is not LMDB's") }
    guard word32(20) == 1 else { throw Finding.damaged("meta page \(page) has version \(word32(20)) of LMDB's format") }
    let size = word32(40)
    guard size >= 512, size <= 65536, size & (size - 1) == 0 else { throw Finding.damaged("meta page \(page) has a page size of \(size) bytes") }
    let (freeFlags, mainFlags) = (word32(44) & 0xffff, word32(92) & 0xffff)
    // The free table has integers for keys (beside two flags of the environment); the table of tables has no flags.
    guard freeFlags & 0x3ffe == 0x08, mainFlags & 0x7fff == 0 else { throw Finding.damaged("meta page \(page) has unknown flags") }
    pageBytes = Int(size)
    freeRoot = word64(80)
    let mainRoot = word64(128)
    lastPage = word64(136)
    newestCommit = word64(144)
    // Far more than any disk holds, and little enough to be counted in bytes.
    guard lastPage >= 1, lastPage < 1 << 40 else { throw Finding.damaged("meta page \(page) says that its last page is \(lastPage)") }
    for root in [freeRoot, mainRoot] where root != Self.noPage && root > lastPage {
      throw Finding.damaged("meta page \(page) points to page \(root), behind the last, \(lastPage)")
    }
  }

  /// Holds the size of the file against what is promised.
  ///
  /// A page that was taken and given back within one transaction is never written, and may be the last: a file may lack pages at its end that
  /// are free. Then the free pages decide.
  func checkSize(of file: Int32) throws {
    var status = stat()
    guard fstat(file, &status) == 0 else { throw Finding.damaged(String(cString: strerror(errno))) }
    let wanted = Int(lastPage + 1) * pageBytes
    if status.st_size >= wanted { return }
    let firstMissing = UInt64(status.st_size / pageBytes)
    var missing = Set<UInt64>()
    // One transaction takes and gives back a few: the work stays small whatever a damaged meta page says.
    guard lastPage - firstMissing < 1 << 10 else { throw Finding.cut(bytes: status.st_size, wantedBytes: wanted) }
    for page in firstMissing...lastPage { missing.insert(page) }
    guard FreePages(file, self).visit({ missing.remove($0) }), missing.isEmpty else {
      throw Finding.cut(bytes: status.st_size, wantedBytes: wanted)
    }
  }

  /// Exactly so many bytes; nil when the file has fewer, or cannot be read.
  static func bytes(of file: Int32, at offset: Int, count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let got = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress.map { $0 + filled }, count - filled, off_t(offset + filled)) }
      if got < 0, errno == EINTR { continue }
      if got <= 0 { return nil }
      filled += got
    }
    return bytes
  }
}
