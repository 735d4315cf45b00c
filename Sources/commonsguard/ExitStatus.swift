// SPDX-License-Identifier: AGPL-3.0-or-later

/// How the program ends. Source: contract, *Commands*.
enum ExitStatus: Int32, Sendable {
  case done = 0
  /// The thing asked for failed, or the answer is no.
  case failed = 1
  /// Wrong usage.
  case usage = 2
  /// The state cannot be read or written (EX_IOERR).
  case state = 74
  /// Wrong configuration (EX_CONFIG).
  case configuration = 78
}
