// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// Ends a command's process group when this process is gone, however it went: a sink that hangs is not left behind.
///
/// A small shell waits on a pipe of which only this process has the other end; the kernel closes that at any death, SIGKILL too. A death
/// signal (PR_SET_PDEATHSIG) would reach the command alone and not its children, and is sent when a mere thread ends.
final class ChildGuardian {
  /// Reads the group's number, then waits for the end of the pipe. Signals to this program's own group or service do not reach it first.
  private static let script = "trap '' HUP INT TERM; read -r group && { read -r rest; kill -s KILL -- \"-$group\"; }"

  private let process: pid_t
  private let pipe: Descriptor

  /// Nil when there is no shell, or no descriptor for it: the command then runs without.
  init?() {
    guard let ends = Descriptor.pipe() else { return nil }
    var process: pid_t = 0
    let code = ChildCommand.spawn(&process, ["/bin/sh", "-c", Self.script], stdin: ends.read.raw, stdout: nil, stderr: nil)
    ends.read.close()
    guard code == 0 else { return nil }
    self.process = process
    pipe = ends.write
  }

  /// Tells it whom to end.
  func watch(_ group: pid_t) {
    let words = Array("\(group)\n".utf8)
    _ = write(pipe.raw, words, words.count)
  }

  /// The command has ended. The guardian is told nothing, since its pipe's end would mean our death: it is killed.
  deinit {
    kill(process, SIGKILL)
    ChildStreams.reapKilled(process)
  }
}
