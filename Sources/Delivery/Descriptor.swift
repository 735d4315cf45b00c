// SPDX-License-Identifier: AGPL-3.0-or-later
import CSystem
import Glibc

/// A file descriptor that is closed with its owner.
final class Descriptor {
  private(set) var raw: Int32

  /// - Parameter raw: what a call returned; negative when it failed.
  init(_ raw: Int32) { self.raw = raw }

  deinit { close() }

  var isOpen: Bool { raw >= 0 }

  func close() {
    if raw >= 0 { Glibc.close(raw) }
    raw = -1
  }

  /// The read and the write end of a pipe, both closed on exec and above the standard descriptors, which a child's would overwrite.
  /// Nil when there are no more descriptors.
  static func pipe() -> (read: Descriptor, write: Descriptor)? {
    var ends: [Int32] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else { return nil }
    let low = (read: Descriptor(ends[0]), write: Descriptor(ends[1]))
    // Swift does not see pipe2. Children that are spawned in between close everything from 3 up by themselves.
    let read = Descriptor(commonsguard_duplicate_above(low.read.raw, 3))
    let write = Descriptor(commonsguard_duplicate_above(low.write.raw, 3))
    return read.isOpen && write.isOpen ? (read, write) : nil
  }

  /// Reads and writes return instead of waiting.
  func stopBlocking() { _ = commonsguard_set_flags(raw, commonsguard_get_flags(raw) | O_NONBLOCK) }
}
