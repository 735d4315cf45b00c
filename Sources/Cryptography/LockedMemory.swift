// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// Memory for a secret: never swapped, left out of core dumps, empty in a forked child, and wiped at its end.
///
/// It has pages of its own, so that what the kernel is told concerns nothing else.
struct LockedMemory: ~Copyable {
  /// Zeroes at first. Whole pages.
  let bytes: UnsafeMutableRawBufferPointer

  /// - Throws: `failed` when there is no memory, or the kernel would put it into a core dump.
  init(byteCount: Int) throws(CryptographyError) {
    let page = max(1, sysconf(Int32(_SC_PAGESIZE)))
    let count = (max(1, byteCount) + page - 1) / page * page
    let mapped = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapped, mapped != UnsafeMutableRawPointer(bitPattern: -1) else { throw .failed(function: "mmap") }
    guard madvise(mapped, count, Int32(MADV_DONTDUMP)) == 0 else {
      munmap(mapped, count)
      throw .failed(function: "madvise")
    }
    _ = madvise(mapped, count, Int32(MADV_WIPEONFORK))
    // Refused where the user's limit of locked memory is used up: then it could be swapped, and everything else holds.
    _ = mlock(mapped, count)
    bytes = UnsafeMutableRawBufferPointer(start: mapped, count: count)
  }

  deinit {
    guard let base = bytes.baseAddress else { return }
    explicit_bzero(base, bytes.count)
    munmap(base, bytes.count)
  }
}

extension Array<UInt8> {
  /// Overwrites the bytes where they are, which the compiler may not leave out. For an array that nobody else has.
  public mutating func wipe() {
    withUnsafeMutableBytes { bytes in
      if let base = bytes.baseAddress { explicit_bzero(base, bytes.count) }
    }
  }
}
