// SPDX-License-Identifier: AGPL-3.0-or-later

/// The strict pass over a request line.
struct RequestParser {
  private enum Key: UInt8 {
    case authed = 1, event = 2, receivedAt = 4, sourceInfo = 8, sourceType = 16, type = 32
  }

  private let line: UnsafeRawBufferPointer
  private var seen: UInt8 = 0
  private var type: Range<Int>?
  private var mayHaveDuplicateKeys = false

  private init(_ line: UnsafeRawBufferPointer) { self.line = line }

  /// Fills `request` where it stands: it is large to copy.
  /// - Returns: false when the type is absent or not `new`; the rest may then be incomplete.
  static func parse(_ line: UnsafeRawBufferPointer, into request: inout RequestSlices) throws(EventParseError) -> Bool {
    var parser = RequestParser(line)
    return try parser.run(&request)
  }

  private mutating func run(_ request: inout RequestSlices) throws(EventParseError) -> Bool {
    var scanner = JSONScanner(line)
    guard scanner.take(0x7b) else { throw isJSON() ? .lineNotObject : .notJSON }
    if scanner.next != 0x7d {
      repeat {
        let name = try scanner.string()
        try scanner.expect(0x3a)
        try parseValue(of: recognise(name), &scanner, &request)
      } while scanner.take(0x2c)
      scanner.skipWhitespace()
    }
    guard scanner.next == 0x7d else { throw .notJSON }
    scanner.position += 1
    try scanner.finish()
    if scanner.sawObject || mayHaveDuplicateKeys { try DuplicateKeys.check(line, 0..<line.count) }
    guard let type, JSONUnescaper.matches(line, type.lowerBound + 1..<type.upperBound - 1, "new") else { return false }
    guard seen & Key.event.rawValue != 0 else { throw .missingEvent }
    return true
  }

  /// Whether the line is a JSON value of another kind; only to say what is wrong with it.
  private func isJSON() -> Bool {
    var scanner = JSONScanner(line)
    do {
      try scanner.skipValue()
      try scanner.finish()
      return true
    } catch {
      return false
    }
  }

  /// The length tells most names apart, so that each is compared with few candidates.
  @inline(__always)
  private func recognise(_ name: JSONString) -> Key? {
    if name.hasEscapes { return recogniseEscaped(name) }
    let inner = name.inner
    switch inner.count {
    case 4: return line.matches(inner, "type") ? .type : nil
    case 5: return line.matches(inner, "event") ? .event : nil
    case 6: return line.matches(inner, "authed") ? .authed : nil
    case 10:
      if line.matches(inner, "receivedAt") { return .receivedAt }
      if line.matches(inner, "sourceInfo") { return .sourceInfo }
      return line.matches(inner, "sourceType") ? .sourceType : nil
    default: return nil
    }
  }

  @inline(never)
  private func recogniseEscaped(_ name: JSONString) -> Key? {
    let names: [(StaticString, Key)] = [
      ("type", .type), ("event", .event), ("authed", .authed), ("receivedAt", .receivedAt), ("sourceInfo", .sourceInfo),
      ("sourceType", .sourceType),
    ]
    return names.first { JSONUnescaper.matches(line, name.inner, $0.0) }?.1
  }

  private mutating func parseValue(
    of key: Key?, _ scanner: inout JSONScanner, _ request: inout RequestSlices
  ) throws(EventParseError) {
    guard let key else {
      mayHaveDuplicateKeys = true
      return try scanner.skipValue()
    }
    guard seen & key.rawValue == 0 else { throw .duplicateKey }
    seen |= key.rawValue
    switch key {
    case .event:
      var parser = EventParser()
      try parser.parse(&scanner, into: &request.event, requiresSignature: true)
      if parser.mayHaveDuplicateKeys { mayHaveDuplicateKeys = true }
    case .receivedAt: request.receivedAt = try scanner.integer(orThrow: .badReceivedAt).0
    case .sourceInfo: request.sourceInfo = try scanner.string(orThrow: .badSourceInfo)
    case .authed: request.authed = try scanner.string(orThrow: .badAuthed)
    case .type: type = try scanner.string(orThrow: .badType)
    case .sourceType:
      let slice = try scanner.string(orThrow: .badSourceType)
      request.sourceTypeSlice = slice
      request.sourceType = sourceType(slice.lowerBound + 1..<slice.upperBound - 1)
    }
  }

  private func sourceType(_ word: Range<Int>) -> SourceType {
    if line.matches(word, "IP4") { return .ip4 }
    if line.matches(word, "IP6") { return .ip6 }
    if line.matches(word, "Stream") { return .stream }
    if line.matches(word, "Sync") { return .sync }
    if line.matches(word, "?") || line.matches(word, "Stored") { return .stored }
    if line.matches(word, "Import") { return .import }
    if line.matches(word, "Peer") { return .peer }
    if line.matches(word, "Archive") { return .archive }
    if line.matches(word, "Local") { return .local }
    return .other
  }
}
