// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// The two ends of a new pipe; whoever makes one closes them.
struct PipeEnds {
  let read: Int32
  let write: Int32

  init() throws {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SystemFailure(call: "pipe", code: errno) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (read, write) = (ends[0], ends[1])
  }
}

struct SystemFailure: Error {
  let call: String
  let code: Int32
}
