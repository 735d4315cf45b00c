// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc

/// A process that the tests started. It is killed when the test lets go of it.
final class Child {
  enum Ending: Equatable {
    case exited(Int32)
    case killed(Int32)
  }

  /// How a parent may leave things to its child.
  struct Inheritance {
    /// What stands at 0, 1 and 2.
    var standard: (Int32, Int32, Int32)
    /// Stays open in the child, under this very number.
    var extra: Int32?
    var blockedSignals: [Int32] = []
    /// strfry ignores SIGPIPE; a shell does not.
    var ignoresPipeSignal = true
  }

  let processID: pid_t
  private var ending: Ending?

  /// - Parameters:
  ///   - command: the program's path, then its arguments.
  ///   - environment: all of it.
  init(_ command: [String], environment: [String: String], _ inheritance: Inheritance) throws {
    signal(SIGPIPE, SIG_IGN)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let (input, output, errors) = inheritance.standard
    for (target, source) in [input, output, errors].enumerated() { posix_spawn_file_actions_adddup2(&actions, source, Int32(target)) }
    // A descriptor put onto itself loses its close-on-exec flag.
    if let extra = inheritance.extra { posix_spawn_file_actions_adddup2(&actions, extra, extra) }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var (blocked, usual) = (sigset_t(), sigset_t())
    sigemptyset(&blocked)
    sigemptyset(&usual)
    for signal in inheritance.blockedSignals { sigaddset(&blocked, signal) }
    if !inheritance.ignoresPipeSignal { sigaddset(&usual, SIGPIPE) }
    posix_spawnattr_setsigmask(&attributes, &blocked)
    posix_spawnattr_setsigdefault(&attributes, &usual)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    let arguments = command.map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { (arguments + variables).forEach { free($0) } }
    var started: pid_t = 0
    let code = posix_spawn(&started, command[0], &actions, &attributes, arguments, variables)
    guard code == 0 else { throw SystemFailure(call: "posix_spawn \(command[0])", code: code) }
    processID = started
  }

  deinit {
    guard ending == nil else { return }
    Glibc.kill(processID, SIGKILL)
    var status: Int32 = 0
    waitpid(processID, &status, 0)
  }

  func kill(_ signal: Int32) { Glibc.kill(processID, signal) }

  /// Waits for the end; nil when it does not come in time.
  func end(withinSeconds seconds: Double = 20) -> Ending? {
    _ = waited(seconds) {
      guard ending == nil else { return true }
      var status: Int32 = 0
      guard waitpid(processID, &status, WNOHANG) == processID else { return false }
      ending = status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .killed(status & 0x7f)
      return true
    }
    return ending
  }
}

/// Asks again until the answer is yes; false when it never was in time.
func waited(_ seconds: Double = 20, for condition: () -> Bool) -> Bool {
  let limit = Date().addingTimeInterval(seconds)
  while !condition() {
    if Date() > limit { return false }
    usleep(2000)
  }
  return true
}

/// A process is over when it is gone, or dead and not yet buried by whoever adopted it.
func isOver(_ processID: pid_t) -> Bool {
  guard let line = try? String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8) else { return true }
  return line.split(separator: ")").last?.split(separator: " ").first == "Z"
}
