// SPDX-License-Identifier: AGPL-3.0-or-later

/// Writes JSON strings in NIP-01's form (control characters without a short escape as `\u00xx`, U+007F verbatim).
public enum JSONText {
  /// Appends `utf8`, escaped and in quotes. The bytes must be valid UTF-8, as those of a String or a `Text` are.
  public static func append(_ utf8: some Sequence<UInt8>, to json: inout [UInt8]) {
    json.append(0x22)
    for byte in utf8 {
      if let letter = NIP01Form.shortEscape(byte) {
        json.append(0x5c)
        json.append(letter)
      } else if byte < 0x20 {
        json.append(contentsOf: "\\u00".utf8)
        json.append(NIP01Form.hexDigit(byte >> 4))
        json.append(NIP01Form.hexDigit(byte & 0x0f))
      } else {
        json.append(byte)
      }
    }
    json.append(0x22)
  }

  /// `string` as JSON, in quotes.
  public static func quoted(_ string: String) -> [UInt8] {
    var json: [UInt8] = []
    append(string.utf8, to: &json)
    return json
  }
}
