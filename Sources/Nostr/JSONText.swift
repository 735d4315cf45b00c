// SPDX-License-Identifier: AGPL-3.0-or-later

/// Writes JSON strings in NIP-01's form (control characters without a short escape as `\u00xx`, U+007F verbatim).
public enum JSONText {
  /// Appends `utf8`, escaped and in quotes. The bytes must be valid UTF-8, as those of a String or a `Text` are.
  public static func append(_ utf8: some Sequence<UInt8>, to json: inout [UInt8]) {
    json.append(0x22)
    let isDone: Void? = utf8.withContiguousStorageIfAvailable { append($0, to: &json) }
    if isDone == nil { Array(utf8).withUnsafeBufferPointer { append($0, to: &json) } }
    json.append(0x22)
  }

  /// Appends `verbatim` as it is: the brackets, commas and keys around values.
  static func append(_ verbatim: StaticString, to json: inout [UInt8]) {
    verbatim.withUTF8Buffer { json.append(contentsOf: $0) }
  }

  /// Appends a number.
  static func append(_ number: UInt64, to json: inout [UInt8]) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var (rest, first) = (number, digits.count)
      repeat {
        first -= 1
        digits[first] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      } while rest > 0
      json.append(contentsOf: UnsafeBufferPointer(rebasing: digits[first...]))
    }
  }

  /// Runs of bytes that stand for themselves are copied at once.
  private static func append(_ utf8: UnsafeBufferPointer<UInt8>, to json: inout [UInt8]) {
    var copied = 0
    for index in utf8.indices {
      let byte = utf8[index]
      guard byte < 0x20 || byte == 0x22 || byte == 0x5c else { continue }
      json.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[copied..<index]))
      copied = index + 1
      if let letter = NIP01Form.shortEscape(byte) {
        json.append(0x5c)
        json.append(letter)
      } else {
        json.append(contentsOf: [0x5c, 0x75, 0x30, 0x30, NIP01Form.hexDigit(byte >> 4), NIP01Form.hexDigit(byte & 0x0f)])
      }
    }
    json.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[copied...]))
  }

  /// `string` as JSON, in quotes.
  public static func quoted(_ string: String) -> [UInt8] {
    var json: [UInt8] = []
    append(string.utf8, to: &json)
    return json
  }
}
