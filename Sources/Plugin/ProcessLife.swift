// SPDX-License-Identifier: AGPL-3.0-or-later
import CSystem
import Glibc

/// How the plugin lives and dies under strfry. Source: strfry protocol, *Life of the process*.
///
/// strfry waits for us without a time-out when it stops, so SIGTERM ends the process at once: whatever was being written, the state is safe.
/// End of file may never come, since later plugins inherit our pipe: the parent's death ends us too.
public enum ProcessLife {
  /// Prepares the process for the loop: default SIGTERM, no SIGPIPE or SIGUSR1, nothing blocked, death with the parent, no descriptor but 0 to 2.
  ///
  /// - Returns: false when the parent died already.
  public static func begin() -> Bool {
    let parent = getppid()
    signal(SIGTERM, SIG_DFL)
    signal(SIGINT, SIG_DFL)
    signal(SIGHUP, SIG_DFL)
    // Ignored on arrival, it would take the exit statuses of the worker's commands away.
    signal(SIGCHLD, SIG_DFL)
    signal(SIGPIPE, SIG_IGN)
    // It arrives blocked, and strfry's graceful shutdown is asked for with it: sent to a whole service, it reaches us too.
    signal(SIGUSR1, SIG_IGN)
    var none = sigset_t()
    sigemptyset(&none)
    sigprocmask(SIG_SETMASK, &none, nil)
    _ = commonsguard_set_parent_death_signal(SIGTERM)
    guard getppid() == parent else { return false }
    _ = commonsguard_close_from(3)
    // One line of 32 MiB must not leave a plugin that lives for months larger than it was.
    _ = commonsguard_give_back_freed_memory()
    // A 64 kB event then arrives in one read; refused on what is no pipe, which does no harm.
    _ = commonsguard_set_pipe_size(STDIN_FILENO, 1 << 20)
    return true
  }
}
