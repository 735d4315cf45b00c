// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// Whoever starts us may have closed the standard descriptors. The next files that are opened would get their numbers, and what is meant for
/// stdout and stderr would be written into the state.
enum StandardDescriptors {
  /// Opens /dev/null in the place of each of 0, 1 and 2 that is closed.
  static func fill() {
    while true {
      // The lowest free number, so that all of them are filled when it is above them.
      var descriptor = open("/dev/null", O_RDWR)
      // Where there is no /dev/null: what is written there is refused, and goes nowhere.
      if descriptor < 0 { descriptor = open("/", O_RDONLY) }
      if descriptor < 0 { _exit(ExitStatus.state.rawValue) }
      if descriptor > STDERR_FILENO {
        close(descriptor)
        return
      }
    }
  }
}
