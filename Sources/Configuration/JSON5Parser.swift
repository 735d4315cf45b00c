// SPDX-License-Identifier: AGPL-3.0-or-later

/// Builds the values of a JSON5 text and notes where each stands.
struct JSON5Parser {
  private(set) var outline = JSON5Outline()
  private var scanner: JSON5Scanner

  /// Far above what the schema nests, far below what a stack holds.
  static let maxDepth = 16
  static let maxValues = 50_000

  init(_ text: String) { scanner = JSON5Scanner(text) }

  /// - Throws: the first place that cannot be read, in plain words.
  mutating func document() throws(ConfigurationError) -> JSONValue {
    try scanner.skipBlanks()
    outline.note("", at: scanner.position)
    let value = try value(path: "", depth: 0)
    try scanner.skipBlanks()
    if scanner.next != nil { throw scanner.error("nothing may follow the closing brace") }
    return value
  }

  private mutating func value(path: String, depth: Int) throws(ConfigurationError) -> JSONValue {
    if depth > Self.maxDepth { throw scanner.error("nested deeper than \(Self.maxDepth) levels") }
    if outline.count > Self.maxValues { throw scanner.error("more than \(Self.maxValues) values") }
    switch scanner.next {
    case "{": return try object(path: path, depth: depth)
    case "[": return try list(path: path, depth: depth)
    case "\"", "'": return .string(try scanner.text())
    default: return try scanner.word()
    }
  }

  private mutating func object(path: String, depth: Int) throws(ConfigurationError) -> JSONValue {
    let opening = scanner.position
    var members: [String: JSONValue] = [:]
    scanner.advance()
    while true {
      try scanner.skipBlanks()
      if scanner.skip("}") { return .object(members) }
      if scanner.next == nil { throw scanner.error("the brace opened on line \(opening.line) is not closed") }
      let position = scanner.position
      let key = try scanner.key()
      let keyPath = path.isEmpty ? key : "\(path).\(key)"
      let isFirst = members[key] == nil
      if isFirst { outline.note(keyPath, at: position) } else { outline.noteDuplicate(keyPath, at: position) }
      try scanner.skipBlanks()
      if !scanner.skip(":") { throw scanner.error("expected : after the key \(key)") }
      try scanner.skipBlanks()
      let value = try value(path: keyPath, depth: depth + 1)
      if isFirst { members[key] = value }
      try scanner.skipBlanks()
      if !scanner.skip(","), scanner.next != "}" {
        throw scanner.error(
          scanner.next == nil ? "the brace opened on line \(opening.line) is not closed" : "expected , or } after the value of \(key)")
      }
    }
  }

  private mutating func list(path: String, depth: Int) throws(ConfigurationError) -> JSONValue {
    let opening = scanner.position
    var elements: [JSONValue] = []
    scanner.advance()
    while true {
      try scanner.skipBlanks()
      if scanner.skip("]") { return .array(elements) }
      if scanner.next == nil { throw scanner.error("the bracket opened on line \(opening.line) is not closed") }
      let elementPath = "\(path)[\(elements.count)]"
      outline.note(elementPath, at: scanner.position)
      elements.append(try value(path: elementPath, depth: depth + 1))
      try scanner.skipBlanks()
      if !scanner.skip(","), scanner.next != "]" {
        throw scanner.error(scanner.next == nil ? "the bracket opened on line \(opening.line) is not closed" : "expected , or ] after an element")
      }
    }
  }
}
