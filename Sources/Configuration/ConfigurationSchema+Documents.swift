// SPDX-License-Identifier: AGPL-3.0-or-later

extension ConfigurationSchema {
  /// All keys with their defaults and what they mean, as a configuration file in JSON5 that can be used as it is.
  public static func defaultsDocument() -> String {
    var lines = ["// Every key of commonsguard's configuration, at its default.", "{"]
    var open: [String] = []
    for key in keys {
      let above = sections(above: key.path)
      while let last = open.last, !above.contains(last) {
        open.removeLast()
        lines.append(indent(open.count + 1) + "},")
      }
      for section in above.dropFirst(open.count) {
        lines.append("\(indent(open.count + 1))\(lastWord(section)): {")
        open.append(section)
      }
      let margin = indent(open.count + 1)
      lines += comment(on: key).map { "\(margin)// \($0)" }
      lines.append("\(margin)\(lastWord(key.path)): \(key.defaultValue.json),")
    }
    while open.popLast() != nil { lines.append(indent(open.count + 1) + "},") }
    return (lines + ["}", ""]).joined(separator: "\n")
  }

  private static func comment(on key: ConfigurationKey) -> [String] {
    [sentence(key.summary)] + (key.availability == .built ? ["\(sentence(key.valuesText))."] : ["Not available in this version: leave it out."])
  }

  /// The table of `docs/reference/configuration.md`.
  public static func referenceMarkdown() -> String {
    let rows = keys.map { key in
      let note = key.availability == .built ? "" : " **Not available in this version.**"
      return "| `\(key.path)` | \(cell(key.valuesText)) | `\(cell(key.defaultValue.json))` | \(cell(sentence(key.summary))).\(note) |"
    }
    return (["| key | values | default | meaning |", "|---|---|---|---|"] + rows + [""]).joined(separator: "\n")
  }

  private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }
  private static func lastWord(_ path: String) -> String { path.split(separator: ".").last.map(String.init) ?? path }
  private static func cell(_ text: String) -> String { text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|") }
  /// With a capital, unless the first word is a value (`full: …`) or no word.
  private static func sentence(_ text: String) -> String {
    let first = text.prefix { $0 != " " }
    if first.hasSuffix(":") || first.hasPrefix("npub") { return text }
    return text.prefix(1).uppercased() + text.dropFirst()
  }
}
