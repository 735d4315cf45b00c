// SPDX-License-Identifier: AGPL-3.0-or-later
import CSystem
import Glibc

/// A program with pipes at its stdin and stdout, started as strfry starts a plugin: by `/bin/sh -c`.
final class ChildProcess {
  let pid: pid_t
  /// The ends on our side.
  let input: Int32
  let output: Int32
  private var hasEnded = false

  /// - Parameter keepsErrors: false drops what the program writes to stderr.
  init(shell command: String, keepsErrors: Bool = true) throws {
    var (toChild, fromChild) = ([Int32](repeating: -1, count: 2), [Int32](repeating: -1, count: 2))
    guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else { throw LaboratoryFailure("no pipe can be made") }
    for descriptor in toChild + fromChild { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, toChild[0], STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, fromChild[1], STDOUT_FILENO)
    if !keepsErrors { posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) }
    var arguments: [UnsafeMutablePointer<CChar>?] = ["/bin/sh", "-c", command].map { (word: String) in strdup(word) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, "/bin/sh", &actions, nil, &arguments, commonsguard_environ())
    close(toChild[0])
    close(fromChild[1])
    guard code == 0 else { throw LaboratoryFailure("/bin/sh cannot be started: \(String(cString: strerror(code)))") }
    self.pid = pid
    input = toChild[1]
    output = fromChild[0]
  }

  deinit { _ = end(SIGKILL) }

  func kill(_ signal: Int32) { if !hasEnded { Glibc.kill(pid, signal) } }

  /// Closes the pipes, sends a signal if one is given, and waits.
  /// - Returns: the exit status; nil when a signal ended it.
  @discardableResult
  func end(_ signal: Int32? = nil) -> Int32? {
    guard !hasEnded else { return nil }
    if let signal { kill(signal) }
    close(input)
    close(output)
    hasEnded = true
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    return status & 0x7f == 0 ? status >> 8 & 0xff : nil
  }

  /// All of the line is written, or the program is gone (false).
  func send(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var written = 0
    while written < bytes.count {
      let count = write(input, bytes.baseAddress.map { $0 + written }, bytes.count - written)
      if count >= 0 { written += count } else if errno != EINTR { return false }
    }
    return true
  }

  /// Runs a command to its end.
  /// - Returns: its status (nil: a signal) and what it wrote to stdout.
  static func run(shell command: String, keepsErrors: Bool = true) throws -> (status: Int32?, output: [UInt8]) {
    let child = try ChildProcess(shell: command, keepsErrors: keepsErrors)
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(child.output, &buffer, buffer.count)
      if count > 0 { output += buffer[..<count] } else if count == 0 || errno != EINTR { break }
    }
    return (child.end(), output)
  }

  /// A word as the shell takes it literally.
  static func quoted(_ word: String) -> String { "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'" }
}
