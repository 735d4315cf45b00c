// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// Keeps a write to a closed pipe from ending the process.
///
/// The program ignores SIGPIPE while it is a plugin, but this module does not count on that: the signal is blocked in the calling thread,
/// where such a write raises it, and taken away before the thread's mask is restored. A socket pair with MSG_NOSIGNAL would do without, but
/// a child cannot open `/dev/stdin` when that is a socket.
enum BrokenPipe {
  static func held<R>(_ body: () -> R) -> R {
    var pipe = sigset_t()
    var before = sigset_t()
    sigemptyset(&pipe)
    sigaddset(&pipe, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &pipe, &before)
    var pending = sigset_t()
    sigpending(&pending)
    let wasPending = sigismember(&pending, SIGPIPE) == 1
    let result = body()
    if !wasPending {
      var none = timespec()
      while sigtimedwait(&pipe, nil, &none) > 0 || errno == EINTR {}
    }
    pthread_sigmask(SIG_SETMASK, &before, nil)
    return result
  }
}
