// SPDX-License-Identifier: AGPL-3.0-or-later

/// The texts of `--help` and `--version`.
enum Help {
  static let version = "0.1.0"

  static var versionLine: String { "commonsguard \(version)\n" }

  /// The help of one command; nil: of the program.
  static func text(for syntax: Arguments.CommandSyntax?) -> String {
    guard let syntax else { return overview }
    var lines = [
      "usage: commonsguard \(syntax.name)\(syntax.operands.isEmpty ? "" : " \(syntax.operands)") [options]", "", sentence(syntax.summary), "",
    ]
    lines += optionLines(syntax.options + Arguments.CommandSyntax.common)
    lines += ["", "example:", "  \(syntax.example)", ""]
    return lines.joined(separator: "\n")
  }

  private static var overview: String {
    let usages = Arguments.CommandSyntax.all.map { "\($0.name)\($0.operands.isEmpty ? "" : " \($0.operands)")" }
    let width = 26
    var lines = [
      "usage: commonsguard [command] [options]", "", "A write-policy plugin for strfry. Without a command it runs as one.", "", "commands:",
    ]
    for (usage, syntax) in zip(usages, Arguments.CommandSyntax.all) {
      if usage.count < width {
        lines.append("  \(padded(usage, to: width))\(syntax.summary)")
      } else {
        lines += ["  \(usage)", "  \(padded("", to: width))\(syntax.summary)"]
      }
    }
    lines += [""] + optionLines(Arguments.CommandSyntax.common)
    lines += [
      "", "exit status: 0 done, 1 failed or the answer is no, 2 wrong usage, 74 the state cannot be read or written, 78 wrong configuration", "",
      "example:", "  commonsguard check-config && commonsguard campaign list --active", "", "commonsguard COMMAND --help says more.", "",
    ]
    return lines.joined(separator: "\n")
  }

  private static func optionLines(_ options: [Arguments.OptionSyntax]) -> [String] {
    ["options:"]
      + options.filter { !$0.isHidden }.map { option in
        "  \(padded("--\(option.name)\(option.value.map { " \($0)" } ?? "")", to: 26))\(option.summary)"
      }
  }

  private static func padded(_ text: String, to width: Int) -> String { text + String(repeating: " ", count: max(1, width - text.count)) }
  private static func sentence(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() + "." }
}
