// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography

/// An event of checked shape as it lies in the line buffer: what the hot path handles. No heap.
///
/// A borrowed view: it must not outlive the buffer, nor may the buffer change. `decode()` copies it into an `Event`.
/// All ranges are offsets into `line`; those named `…Slice` are the raw JSON of a value, with quotes where it is a string.
///
/// The rules: one object, keys in any order, none twice (nor in objects within it, of at most 1024 keys each); `id` and `pubkey`
/// 64, `sig` 128 lowercase hex digits; `created_at` and `kind` exact integers up to `UInt64.max`; `content` a string; `tags` an array
/// of arrays whose first two elements, when present, are strings, any JSON from the third on. Other keys are checked and ignored.
public struct EventSlices {
  public let line: UnsafeRawBufferPointer
  /// The event object.
  public internal(set) var raw = 0..<0
  public internal(set) var id = Bytes32.zero
  public internal(set) var pubkey = Bytes32.zero
  public internal(set) var signature = Signature(.zero, .zero)
  /// Seconds since 1970, as the author claims.
  public internal(set) var createdAt: UInt64 = 0
  public internal(set) var kind: UInt64 = 0
  public internal(set) var idSlice = 0..<0
  public internal(set) var pubkeySlice = 0..<0
  public internal(set) var createdAtSlice = 0..<0
  public internal(set) var kindSlice = 0..<0
  public internal(set) var tagsSlice = 0..<0
  public internal(set) var contentSlice = 0..<0
  /// Whether tags and content are written as NIP-01 has it, so that their raw bytes can be hashed.
  var isCanonical = true

  init(line: UnsafeRawBufferPointer) { self.line = line }

  /// Parses a bare event object that is all of `bytes`, white space around it aside.
  public static func parse(_ bytes: UnsafeRawBufferPointer) throws(EventParseError) -> EventSlices {
    try parse(bytes, requiresSignature: true)
  }

  static func parse(_ bytes: UnsafeRawBufferPointer, requiresSignature: Bool) throws(EventParseError) -> EventSlices {
    var scanner = JSONScanner(bytes)
    scanner.skipWhitespace()
    var slices = EventSlices(line: bytes)
    var parser = EventParser()
    try parser.parse(&scanner, into: &slices, requiresSignature: requiresSignature)
    try scanner.finish()
    if parser.mayHaveDuplicateKeys { try DuplicateKeys.check(bytes, slices.raw) }
    return slices
  }

  /// Parses `json` and lends the result for the length of `body`, which must not keep it.
  static func withParsed<Result>(
    _ json: [UInt8], requiresSignature: Bool = true, _ body: (borrowing EventSlices) throws(EventParseError) -> Result
  ) throws(EventParseError) -> Result {
    try json.withUnsafeBufferPointer { (bytes) throws(EventParseError) in
      try body(try parse(UnsafeRawBufferPointer(bytes), requiresSignature: requiresSignature))
    }
  }

  /// The bytes of one of the ranges. They lie within `line` because the parser made them.
  @inline(__always)
  func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: line[range]) }
}
