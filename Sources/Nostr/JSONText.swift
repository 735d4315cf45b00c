// SPDX-License-Identifier: AGPL-3.0-or-later

/// Writes JSON strings in NIP-01's form (control characters without a short escape as `\u00xx`, U+007F verbatim).
public enum JSONText {
  /// Appends `utf8`, escaped and in quotes. The bytes must be valid UTF-8, as those of a String or a `Text` are.
  public static func append(_ utf8: some Sequence<UInt8>, to json: inout [UInt8]) {
    var writer = ByteWriter(capacity: utf8.underestimatedCount + 16)
    append(utf8, to: &writer)
    writer.withUnsafeBytes { json.append(contentsOf: $0) }
  }

  static func append(_ utf8: some Sequence<UInt8>, to json: inout ByteWriter) {
    json.append(0x22)
    appendInside(utf8, to: &json)
    json.append(0x22)
  }

  /// As `append`, without the quotes.
  static func appendInside(_ utf8: some Sequence<UInt8>, to json: inout ByteWriter) {
    let isDone: Void? = utf8.withContiguousStorageIfAvailable { append($0, to: &json) }
    if isDone == nil { Array(utf8).withUnsafeBufferPointer { append($0, to: &json) } }
  }

  /// Runs of bytes that stand for themselves are copied at once.
  private static func append(_ utf8: UnsafeBufferPointer<UInt8>, to json: inout ByteWriter) {
    let bytes = UnsafeRawBufferPointer(utf8)
    var copied = 0
    var index = -1
    while true {
      index = plainEnd(of: utf8, from: index + 1)
      guard index < utf8.count else { break }
      let byte = utf8[index]
      json.append(UnsafeRawBufferPointer(rebasing: bytes[copied..<index]))
      copied = index + 1
      if let letter = NIP01Form.shortEscape(byte) {
        json.append(0x5c)
        json.append(letter)
      } else {
        json.append("\\u00")
        json.append(NIP01Form.hexDigit(byte >> 4))
        json.append(NIP01Form.hexDigit(byte & 0x0f))
      }
    }
    json.append(UnsafeRawBufferPointer(rebasing: bytes[copied...]))
  }

  /// The first byte from `start` on that does not stand for itself; the count when there is none. Eight bytes are looked at together.
  private static func plainEnd(of utf8: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    let each: UInt64 = 0x0101_0101_0101_0101
    let bytes = UnsafeRawBufferPointer(utf8)
    var cursor = start
    while bytes.count - cursor >= 8 {
      let eight = bytes.loadUnaligned(fromByteOffset: cursor, as: UInt64.self)
      let quotes = (eight ^ (each &* 0x22)) &- each
      let backslashes = (eight ^ (each &* 0x5c)) &- each
      let controls = eight &- (each &* 0x20)
      // Set for a byte that is special, for one beyond ASCII, or for one above such a byte: then they are looked at one by one.
      if (eight | quotes | backslashes | controls) & (each &* 0x80) != 0 { break }
      cursor += 8
    }
    while cursor < utf8.count {
      let byte = utf8[cursor]
      if byte < 0x20 || byte == 0x22 || byte == 0x5c { return cursor }
      cursor += 1
    }
    return cursor
  }

  /// `string` as JSON, in quotes.
  public static func quoted(_ string: String) -> [UInt8] {
    var json: [UInt8] = []
    append(string.utf8, to: &json)
    return json
  }
}
