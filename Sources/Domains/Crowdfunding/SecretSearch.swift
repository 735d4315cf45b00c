// SPDX-License-Identifier: AGPL-3.0-or-later

/// Looks for key material in an event (C10): `nsec1`, also in capitals, and JSON members named derivation, salt or pepper.
///
/// Nothing is parsed, so that nothing hides behind what a parser does not take: byte order marks, odd white space, lists, elements of tags that are
/// no strings. A JSON text in a string is found behind its backslashes, and what is written with escapes when they are undone, level by level: each
/// level is shorter than the one before.
enum SecretSearch {
  /// How many texts within texts are looked into.
  private static let maxLevels = 8
  private static let members: [StaticString] = ["derivation", "salt", "pepper"]

  static func findsSecret(in raw: [UInt8]) -> Bool {
    var text = raw
    for _ in 0..<maxLevels {
      if text.withUnsafeBytes({ holdsSecret($0) }) { return true }
      guard let inner = unescaped(text) else { return false }
      text = inner
    }
    return text.withUnsafeBytes { holdsSecret($0) }
  }

  private static func holdsSecret(_ bytes: UnsafeRawBufferPointer) -> Bool {
    for index in bytes.indices {
      switch bytes[index] | 0x20 {
      case UInt8(ascii: "n"): if reads("nsec1", at: index, in: bytes) { return true }
      case UInt8(ascii: "d"), UInt8(ascii: "s"), UInt8(ascii: "p"):
        guard index > 0, bytes[index - 1] == UInt8(ascii: "\"") else { continue }
        for name in members where reads(name, at: index, in: bytes) && isMember(from: index + name.utf8CodeUnitCount, in: bytes) { return true }
      default: continue
      }
    }
    return false
  }

  /// Whether a word stands at a place, whatever its case.
  private static func reads(_ word: StaticString, at index: Int, in bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count - index >= word.utf8CodeUnitCount else { return false }
    return word.withUTF8Buffer { word in word.indices.allSatisfy { bytes[index + $0] | 0x20 == word[$0] | 0x20 } }
  }

  /// Whether a closing quote, escaped or not, and a colon follow: then it is a member's name, and not a value.
  private static func isMember(from start: Int, in bytes: UnsafeRawBufferPointer) -> Bool {
    var index = start
    while index < bytes.count, bytes[index] == UInt8(ascii: "\\") { index += 1 }
    guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { return false }
    index += 1
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: ":") { return true }
      // White space, also beyond ASCII (U+00A0, U+2000 to U+2029, U+3000, U+FEFF), whose bytes are found nowhere else in this place.
      guard bytes[index] <= 0x20 || bytes[index] >= 0x80 else { return false }
      index += 1
    }
    return false
  }

  /// The text with its JSON escapes undone; nil when there are none.
  private static func unescaped(_ text: [UInt8]) -> [UInt8]? {
    guard text.contains(UInt8(ascii: "\\")) else { return nil }
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var index = 0
    while index < text.count {
      let byte = text[index]
      guard byte == UInt8(ascii: "\\"), index + 1 < text.count else {
        result.append(byte)
        index += 1
        continue
      }
      let escaped = text[index + 1]
      index += 2
      switch escaped {
      case UInt8(ascii: "u"):
        // Half a surrogate pair stands for no letter that is looked for.
        guard let code = codeUnit(text[index...].prefix(4)) else { continue }
        index += 4
        if let scalar = Unicode.Scalar(code) { result += UTF8.encode(scalar).map(Array.init) ?? [] }
      case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"), UInt8(ascii: "b"), UInt8(ascii: "f"): result.append(0x20)
      default: result.append(escaped)
      }
    }
    return result
  }

  private static func codeUnit(_ digits: ArraySlice<UInt8>) -> UInt16? {
    guard digits.count == 4 else { return nil }
    var value: UInt16 = 0
    for digit in digits {
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt16(digit - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt16(digit - UInt8(ascii: "a") + 10)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt16(digit - UInt8(ascii: "A") + 10)
      default: return nil
      }
    }
    return value
  }
}
