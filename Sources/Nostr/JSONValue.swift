// SPDX-License-Identifier: AGPL-3.0-or-later

/// A whole JSON document as a tree, for the contents of claimed events: strict like `JSONScanner`, numbers kept as they are written.
///
/// Not for the request path of unclaimed events: it allocates. Keys that come twice, and nesting deeper than asked, are refused.
public indirect enum JSONValue: Sendable, Equatable {
  case object([Member])
  case array([JSONValue])
  case string(Text)
  /// The number's own characters.
  case number(Text)
  case bool(Bool)
  case null

  public struct Member: Sendable, Equatable {
    public let key: Text
    public let value: JSONValue
  }

  /// Parses a document that is the whole of `text`.
  /// - Parameter depthLimit: how deep containers may nest.
  /// - Returns: nil when it is not such a document.
  public init?(parsing text: Text, depthLimit: Int = 32) {
    let parsed: JSONValue? = text.bytes.withUnsafeBytes { bytes in
      var parser = JSONTreeParser(bytes, depthLimit: depthLimit)
      return try? parser.document()
    }
    guard let parsed else { return nil }
    self = parsed
  }

  /// The member of that name; nil when absent or when this is no object.
  public subscript(_ key: StaticString) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// The string's text.
  public var text: Text? {
    if case .string(let text) = self { text } else { nil }
  }

  /// The characters of a number, or of a string that may hold one.
  public var numeric: Text? {
    switch self {
    case .number(let text), .string(let text): text
    default: nil
    }
  }

  public var isNull: Bool { self == .null }

  /// Visits every key and every string of the tree; stops and returns true when `visit` does.
  public func contains(_ visit: (_ text: Text, _ isKey: Bool) -> Bool) -> Bool {
    switch self {
    case .object(let members): members.contains { visit($0.key, true) || $0.value.contains(visit) }
    case .array(let values): values.contains { $0.contains(visit) }
    case .string(let text): visit(text, false)
    case .number, .bool, .null: false
    }
  }
}

/// Builds the tree; recursion is bounded by the depth limit.
private struct JSONTreeParser {
  private let bytes: UnsafeRawBufferPointer
  private var scanner: JSONScanner
  private let depthLimit: Int

  init(_ bytes: UnsafeRawBufferPointer, depthLimit: Int) {
    self.bytes = bytes
    self.depthLimit = depthLimit
    scanner = JSONScanner(bytes)
  }

  mutating func document() throws(EventParseError) -> JSONValue {
    let value = try value(depth: 0)
    try scanner.finish()
    return value
  }

  private mutating func value(depth: Int) throws(EventParseError) -> JSONValue {
    scanner.skipWhitespace()
    switch scanner.next {
    case UInt8(ascii: "{"):
      guard depth < depthLimit else { throw .tooDeep }
      return .object(try members(depth: depth + 1))
    case UInt8(ascii: "["):
      guard depth < depthLimit else { throw .tooDeep }
      return .array(try elements(depth: depth + 1))
    case UInt8(ascii: "\""): return .string(try string())
    default:
      let start = scanner.position
      let first = scanner.next
      try scanner.skipValue()
      switch first {
      case UInt8(ascii: "t"): return .bool(true)
      case UInt8(ascii: "f"): return .bool(false)
      case UInt8(ascii: "n"): return .null
      default: return .number(Text(utf8: ArraySlice(bytes[start..<scanner.position])))
      }
    }
  }

  private mutating func members(depth: Int) throws(EventParseError) -> [JSONValue.Member] {
    var members: [JSONValue.Member] = []
    var keys: Set<Text> = []
    try scanner.expect(UInt8(ascii: "{"))
    if scanner.take(UInt8(ascii: "}")) { return members }
    repeat {
      scanner.skipWhitespace()
      let key = try string()
      guard keys.insert(key).inserted else { throw .duplicateKey }
      try scanner.expect(UInt8(ascii: ":"))
      members.append(JSONValue.Member(key: key, value: try value(depth: depth)))
    } while scanner.take(UInt8(ascii: ","))
    try scanner.expect(UInt8(ascii: "}"))
    return members
  }

  private mutating func elements(depth: Int) throws(EventParseError) -> [JSONValue] {
    var values: [JSONValue] = []
    try scanner.expect(UInt8(ascii: "["))
    if scanner.take(UInt8(ascii: "]")) { return values }
    repeat { values.append(try value(depth: depth)) } while scanner.take(UInt8(ascii: ","))
    try scanner.expect(UInt8(ascii: "]"))
    return values
  }

  private mutating func string() throws(EventParseError) -> Text {
    guard scanner.next == UInt8(ascii: "\"") else { throw .notJSON }
    let string = try scanner.string()
    var text: [UInt8] = []
    text.reserveCapacity(string.inner.count)
    JSONUnescaper.append(bytes, string.inner, to: &text)
    return Text(utf8: text[...])
  }
}
