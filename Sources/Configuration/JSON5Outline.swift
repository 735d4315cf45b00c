// SPDX-License-Identifier: AGPL-3.0-or-later

/// Where each value of a JSON5 text stands, and where the text stops being JSON5.
///
/// Foundation reads JSON5 but tells no place: every syntax error is "not valid JSON", and of a key given twice it silently takes the first.
/// So this scan goes first. It is a little stricter than JSON5, where a second opinion could differ: no line continuations in texts,
/// no escapes in keys, blanks are ASCII, no Infinity and NaN.
struct JSON5Outline {
  /// A value's key path (`delivery.command[0]`) to where it is named; the whole text is the empty path.
  private(set) var positions: [String: TextPosition] = [:]
  /// Keys given twice in one object: their paths and the second place.
  private(set) var duplicates: [(path: String, position: TextPosition)] = []

  /// Far above what the schema nests, far below what a stack holds.
  static let maxDepth = 16
  static let maxValues = 50_000

  /// - Parameter bytes: UTF-8.
  /// - Throws: the first place that is not JSON5, in plain words.
  init(_ bytes: [UInt8]) throws(ConfigurationError) {
    var scanner = JSON5Scanner(bytes)
    try scanner.skipBlanks()
    positions[""] = scanner.position
    try scan(&scanner, path: "", depth: 0)
    try scanner.skipBlanks()
    if scanner.next != nil { throw scanner.error("nothing may follow the closing brace") }
  }

  private mutating func scan(_ scanner: inout JSON5Scanner, path: String, depth: Int) throws(ConfigurationError) {
    if depth > Self.maxDepth { throw scanner.error("nested deeper than \(Self.maxDepth) levels") }
    if positions.count > Self.maxValues { throw scanner.error("more than \(Self.maxValues) values") }
    switch scanner.next {
    case UInt8(ascii: "{"): try scanObject(&scanner, path: path, depth: depth)
    case UInt8(ascii: "["): try scanList(&scanner, path: path, depth: depth)
    case UInt8(ascii: "\""), UInt8(ascii: "'"): try scanner.skipText()
    default: try scanner.skipWord()
    }
  }

  private mutating func scanObject(_ scanner: inout JSON5Scanner, path: String, depth: Int) throws(ConfigurationError) {
    let opening = scanner.position
    var seen: Set<String> = []
    scanner.advance()
    while true {
      try scanner.skipBlanks()
      if scanner.skip("}") { return }
      if scanner.next == nil { throw scanner.error("the brace opened on line \(opening.line) is not closed") }
      let position = scanner.position
      let key = try scanner.key()
      let keyPath = path.isEmpty ? key : "\(path).\(key)"
      if seen.insert(key).inserted { positions[keyPath] = position } else { duplicates.append((keyPath, position)) }
      try scanner.skipBlanks()
      if !scanner.skip(":") { throw scanner.error("expected : after the key \(key)") }
      try scanner.skipBlanks()
      try scan(&scanner, path: keyPath, depth: depth + 1)
      try scanner.skipBlanks()
      if !scanner.skip(","), scanner.next != UInt8(ascii: "}") {
        throw scanner.error(
          scanner.next == nil ? "the brace opened on line \(opening.line) is not closed" : "expected , or } after the value of \(key)")
      }
    }
  }

  private mutating func scanList(_ scanner: inout JSON5Scanner, path: String, depth: Int) throws(ConfigurationError) {
    let opening = scanner.position
    var index = 0
    scanner.advance()
    while true {
      try scanner.skipBlanks()
      if scanner.skip("]") { return }
      if scanner.next == nil { throw scanner.error("the bracket opened on line \(opening.line) is not closed") }
      let elementPath = "\(path)[\(index)]"
      positions[elementPath] = scanner.position
      try scan(&scanner, path: elementPath, depth: depth + 1)
      index += 1
      try scanner.skipBlanks()
      if !scanner.skip(","), scanner.next != UInt8(ascii: "]") {
        throw scanner.error(scanner.next == nil ? "the bracket opened on line \(opening.line) is not closed" : "expected , or ] after an element")
      }
    }
  }

  /// The place of a value; nil when the text does not hold it.
  func position(of path: String) -> TextPosition? { positions[path] }
}
