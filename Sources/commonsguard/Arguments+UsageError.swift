// SPDX-License-Identifier: AGPL-3.0-or-later

extension Arguments {
  /// A command line that cannot be followed: exit status 2.
  struct UsageError: Error, Equatable, CustomStringConvertible {
    /// What is wrong, on one line.
    let problem: String
    /// The command whose help to read; nil: the program's.
    var command: String?

    init(_ problem: String, command: String? = nil) {
      self.problem = problem
      self.command = command
    }

    /// The line for stderr. What the user typed is escaped like every other text there.
    var description: String {
      let help = command.map { "commonsguard \($0) --help" } ?? "commonsguard --help"
      return "commonsguard: \(LogRenderer.escaped(problem, maxBytes: 400)); see \(help)"
    }
  }
}
