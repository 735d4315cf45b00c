// SPDX-License-Identifier: AGPL-3.0-or-later

/// A strict JSON scanner (RFC 8259) over bytes that stay where they are: it checks and finds, and copies nothing.
///
/// Validates UTF-8, escapes, surrogate pairs, numbers and nesting; never recurses; no heap. It does not compare the keys of the
/// objects that it skips: it notes that there were any (`sawObject`), and `DuplicateKeys` looks at those rare lines again.
///
/// The bytes must stay in place and unchanged while the scanner and what it returns are used. Every load is behind a check of
/// `position` against `end`; eight bytes at a time are loaded only where eight remain.
public struct JSONScanner {
  let base: UnsafeRawPointer
  let end: Int
  /// The offset of the next byte to look at; never beyond `end`.
  public internal(set) var position = 0
  /// Whether all strings since this was last set to true are escaped as NIP-01 escapes them, without white space between values.
  var isCanonical = true
  /// Whether `skipValue` met an object, whose keys are then unchecked.
  var sawObject = false

  /// How deep a value may nest.
  public static let depthLimit = 512

  public init(_ bytes: UnsafeRawBufferPointer) {
    // An empty buffer may have no base: then `end` is 0 and no byte is ever loaded.
    base = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
    end = bytes.count
  }

  /// The byte at `offset`, which must be below `end`.
  @inline(__always)
  func byte(at offset: Int) -> UInt8 { base.load(fromByteOffset: offset, as: UInt8.self) }

  /// The next byte; 0, which no token begins with, at the end.
  @inline(__always)
  var next: UInt8 { position < end ? byte(at: position) : 0 }

  /// Goes past white space.
  @inline(__always)
  mutating func skipWhitespace() {
    if position < end, byte(at: position) <= 0x20 { skipWhitespaceSlowly() }
  }

  @inline(never)
  private mutating func skipWhitespaceSlowly() {
    while position < end {
      switch byte(at: position) {
      case 0x20, 0x09, 0x0a, 0x0d: position += 1
      default: return
      }
      isCanonical = false
    }
  }

  /// Goes past `expected` and white space around it; false, staying, when something else is there.
  @inline(__always)
  mutating func take(_ expected: UInt8) -> Bool {
    skipWhitespace()
    guard next == expected, position < end else { return false }
    position += 1
    skipWhitespace()
    return true
  }

  /// Goes past `expected` and white space around it.
  @inline(__always)
  mutating func expect(_ expected: UInt8) throws(EventParseError) {
    guard take(expected) else { throw .notJSON }
  }

  /// Goes past one value of any kind, at most `depthLimit` deep.
  public mutating func skipValue() throws(EventParseError) {
    skipWhitespace()
    var nesting = Nesting()
    while true {
      switch next {
      case 0x5b:  // [
        try nesting.push(isObject: false)
        position += 1
        skipWhitespace()
        if next != 0x5d { continue }
      case 0x7b:  // {
        sawObject = true
        try nesting.push(isObject: true)
        position += 1
        skipWhitespace()
        if next != 0x7d {
          try skipKey()
          continue
        }
      default:
        try skipScalar()
      }
      if try closeAll(&nesting) { return }
    }
  }

  /// After a value, or at the closing bracket of an empty container: goes past closing brackets, and past a comma (and key).
  /// - Returns: true when the outermost value has ended.
  private mutating func closeAll(_ nesting: inout Nesting) throws(EventParseError) -> Bool {
    while nesting.depth > 0 {
      skipWhitespace()
      switch next {
      case 0x2c:  // ,
        position += 1
        skipWhitespace()
        if nesting.isInObject { try skipKey() }
        return false
      case 0x5d where !nesting.isInObject, 0x7d where nesting.isInObject:
        position += 1
        nesting.pop()
      default:
        throw .notJSON
      }
    }
    return true
  }

  private mutating func skipKey() throws(EventParseError) {
    _ = try string()
    try expect(0x3a)
  }

  private mutating func skipScalar() throws(EventParseError) {
    switch next {
    case 0x22: _ = try string()
    case 0x74: try skip("true")
    case 0x66: try skip("false")
    case 0x6e: try skip("null")
    default: try skipNumber()
    }
  }

  private mutating func skip(_ word: StaticString) throws(EventParseError) {
    let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(start: base, count: end)[position...])
    guard word.withUTF8Buffer({ bytes.starts(with: $0) }) else { throw .notJSON }
    position += word.utf8CodeUnitCount
  }

  /// The end of the input, but for white space.
  public mutating func finish() throws(EventParseError) {
    skipWhitespace()
    guard position == end else { throw .trailingBytes }
  }
}
