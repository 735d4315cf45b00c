// SPDX-License-Identifier: AGPL-3.0-or-later

/// A document held against the schema: a usable value for every key, and everything that is wrong.
struct ConfigurationValues {
  private var values: [String: JSONValue] = [:]
  private let outline: JSON5Outline?
  private(set) var errors: [ConfigurationError] = []
  /// The keys that have an error already: what they contradict is not reported on top.
  private var faulty: Set<String> = []

  /// The defaults, for no document at all.
  init() { outline = nil }

  init(_ document: JSON5Document) {
    outline = document.outline
    for duplicate in document.outline.duplicates {
      errors.append(ConfigurationError(position: duplicate.position, key: duplicate.path, message: "is given twice"))
    }
    if case .object(let members) = document.value {
      read(members, under: "")
    } else {
      report("", "the configuration must be an object { … }, not \(document.value.kindName)")
    }
  }

  private mutating func read(_ members: [String: JSONValue], under section: String) {
    for (name, value) in members {
      let path = section.isEmpty ? name : "\(section).\(name)"
      if name.contains(".") {
        report(path, "unknown key; a dot stands for nesting, as in { state: { path: … } }")
      } else if let key = ConfigurationSchema.key(at: path) {
        values[path] = value
        guard let problem = key.problem(with: value) else { continue }
        report(path + (problem.element.map { "[\($0)]" } ?? ""), problem.message)
        faulty.insert(path)
        values[path] = key.defaultValue
      } else if ConfigurationSchema.sections.contains(path) {
        if case .object(let inner) = value { read(inner, under: path) } else { report(path, "must be an object { … }, not \(value.kindName)") }
      } else {
        report(path, "unknown key\(Spelling.suggestion(for: name, among: Self.names(in: section)))")
      }
    }
  }

  /// The keys and sections directly under a section.
  private static func names(in section: String) -> [String] {
    let prefix = section.isEmpty ? "" : section + "."
    let names = ConfigurationSchema.keys.filter { $0.path.hasPrefix(prefix) }.compactMap {
      $0.path.dropFirst(prefix.count).split(separator: ".").first
    }
    return Set(names.map(String.init)).sorted()
  }

  /// The value of a key of the schema, or its default.
  subscript(_ path: String) -> JSONValue { values[path] ?? ConfigurationSchema.key(at: path)?.defaultValue ?? .null }

  mutating func report(_ path: String, _ message: String) {
    errors.append(ConfigurationError(position: outline?.position(of: path), key: path.isEmpty ? nil : path, message: message))
  }

  /// Reports under `path` that keys contradict each other, unless one of them is wrong by itself.
  /// The place is the first of the keys that stands in the document.
  mutating func reportContradiction(_ path: String, with others: [String] = [], _ message: String) {
    guard faulty.isDisjoint(with: [path] + others) else { return }
    let position = ([path] + others).lazy.compactMap { [outline] in outline?.position(of: $0) }.first
    errors.append(ConfigurationError(position: position, key: path, message: message))
  }
}
