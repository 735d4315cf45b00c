// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Synchronization

/// What Ctrl-C, SIGTERM and SIGHUP do to a command that makes something: it says what was done so far, leaves nothing temporary behind, and ends
/// by that signal, as if nobody had looked.
enum Interruption {
  private static let summary = Mutex<(@Sendable () -> String)?>(nil)

  /// - Parameter said: a line of what was done so far; asked from another thread.
  static func watch(_ said: @escaping @Sendable () -> String) {
    summary.withLock { $0 = said }
    // Blocked here and waited for there: a handler could neither remove files nor print.
    var signals = watched()
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    var thread = pthread_t()
    guard pthread_create(&thread, nil, waitForInterruption, nil) == 0 else {
      pthread_sigmask(SIG_UNBLOCK, &signals, nil)
      return
    }
    pthread_detach(thread)
  }

  /// A signal that our parent had us ignore (nohup) stays ignored.
  private static func watched() -> sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var action = sigaction()
      sigaction(number, nil, &action)
      if unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) != unsafeBitCast(SIG_IGN, to: Int.self) { sigaddset(&signals, number) }
    }
    return signals
  }

  fileprivate static func wait() {
    var signals = watched()
    var number: Int32 = 0
    while sigwait(&signals, &number) != 0 {}
    if let said = summary.withLock({ $0 })?() { Console.note(said) }
    Leftovers.remove()
    signal(number, SIG_DFL)
    sigemptyset(&signals)
    sigaddset(&signals, number)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    raise(number)
    _exit(128 + number)
  }
}

/// A plain function, as a thread's beginning has to be.
private func waitForInterruption(_: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  Interruption.wait()
  return nil
}
