// SPDX-License-Identifier: AGPL-3.0-or-later
import CSystem
import Glibc

/// A command of the operator: an argument vector, run without a shell.
///
/// The child gets a pipe as stdin, and nothing of ours: its stdout and stderr are captured or dropped (ours speaks to strfry), all descriptors
/// from 3 up are closed, its signals are at their defaults, and it leads a process group, which a time-out kills as a whole, and so does the
/// end of this process.
struct ChildCommand: Sendable {
  let arguments: [String]
  let timeoutSeconds: Int

  /// Runs the command to its end, feeding `input` to its stdin.
  ///
  /// - Parameter output: is lent what it prints on stdout, piece by piece; nil: it is dropped.
  func run(input: [UInt8], output: ((UnsafeRawBufferPointer) -> Void)? = nil) -> ChildResult {
    guard let name = arguments.first, !name.isEmpty else { return ChildResult(end: .notStarted("no command is set")) }
    guard let stdin = Descriptor.pipe(), let stderr = Descriptor.pipe() else { return ChildResult(end: .notStarted(Self.words(errno))) }
    var stdout: (read: Descriptor, write: Descriptor)?
    if output != nil {
      stdout = Descriptor.pipe()
      guard stdout != nil else { return ChildResult(end: .notStarted(Self.words(errno))) }
    }
    return BrokenPipe.held {
      let guardian = ChildGuardian()
      var process: pid_t = 0
      let code = Self.spawn(&process, arguments, stdin: stdin.read.raw, stdout: stdout?.write.raw, stderr: stderr.write.raw)
      guard code == 0 else { return ChildResult(end: .notStarted("\(name): \(Self.words(code))")) }
      guardian?.watch(process)
      stdout?.write.close()
      stderr.write.close()
      // Our own end to read from stays open: what is left in the pipe at the end was not read.
      let streams = ChildStreams(
        stdin: stdin.write, unread: stdin.read, stdout: stdout?.read, stderr: stderr.read, input: input, output: output)
      return withExtendedLifetime(guardian) { streams.run(process, timeoutSeconds: timeoutSeconds) }
    }
  }

  /// Starts a process that leads a group of its own. Returns what posix_spawnp returns.
  ///
  /// - Parameters:
  ///   - arguments: not empty.
  ///   - stdout: nil: /dev/null; `stderr` too.
  static func spawn(_ process: inout pid_t, _ arguments: [String], stdin: Int32, stdout: Int32?, stderr: Int32?) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, stdin, STDIN_FILENO)
    for (number, ours) in [(STDOUT_FILENO, stdout), (STDERR_FILENO, stderr)] {
      if let ours {
        posix_spawn_file_actions_adddup2(&actions, ours, number)
      } else {
        posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_WRONLY, 0)
      }
    }
    _ = commonsguard_spawn_close_from(&actions, 3)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))

    var vector: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    defer { for argument in vector { free(argument) } }
    vector.append(nil)
    return posix_spawnp(&process, arguments[0], &actions, &attributes, vector, commonsguard_environ())
  }

  private static func words(_ code: Int32) -> String { String(cString: strerror(code)) }
}
