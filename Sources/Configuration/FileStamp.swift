// SPDX-License-Identifier: AGPL-3.0-or-later
import FoundationEssentials
import Glibc

/// What tells that a file is not the one that was read: another inode, size or time.
struct FileStamp: Equatable {
  private let inode: UInt64
  private let size: Int64
  private let modified: [Int]
  /// Changes with the permissions too, so that a `chmod` that makes a file readable is seen.
  private let changed: [Int]

  /// nil when there is no such file or its folder cannot be searched.
  init?(of path: String) {
    var facts = stat()
    guard stat(path, &facts) == 0 else { return nil }
    inode = UInt64(facts.st_ino)
    size = Int64(facts.st_size)
    modified = [Int(facts.st_mtim.tv_sec), Int(facts.st_mtim.tv_nsec)]
    changed = [Int(facts.st_ctim.tv_sec), Int(facts.st_ctim.tv_nsec)]
  }

  /// Nothing is there; what may not be looked at is there.
  static func isMissing(_ path: String) -> Bool {
    var facts = stat()
    return stat(path, &facts) != 0 && (errno == ENOENT || errno == ENOTDIR)
  }
}
