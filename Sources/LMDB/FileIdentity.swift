// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// Which file it is, whatever it is called now.
struct FileIdentity: Sendable, Hashable {
  let device: UInt64
  let inode: UInt64

  init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }

  /// Nil when nothing is open there.
  init?(descriptor: Int32) {
    var status = stat()
    guard descriptor >= 0, fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }
}
