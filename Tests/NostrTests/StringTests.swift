// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport
import Testing

@Suite("Strings in an event")
struct StringTests {
  private func refusal(ofContent bytes: [UInt8]) -> EventParseError? {
    let (head, tail) = (Array("{\"content\":\"".utf8), Array(("\"," + RawEvent().with("content", nil).json.dropFirst()).utf8))
    return NostrTests.refusal(of: head + bytes + tail)
  }

  private func content(_ json: String) throws -> Text { try Event(parsing: Array(RawEvent().with("content", "\"\(json)\"").json.utf8)).content }

  @Test("well-formed UTF-8 is taken, ill-formed refused, at any distance from a word's edge")
  func utf8() {
    let right: [[UInt8]] = [
      [0xc2, 0x80], [0xdf, 0xbf], [0xe0, 0xa0, 0x80], [0xed, 0x9f, 0xbf], [0xee, 0x80, 0x80], [0xef, 0xbf, 0xbf], [0xf0, 0x90, 0x80, 0x80],
      [0xf4, 0x8f, 0xbf, 0xbf], [0x7f],
    ]
    let wrong: [[UInt8]] = [
      [0x80], [0xbf], [0xc0, 0x80], [0xc1, 0xbf], [0xc2], [0xc2, 0x41], [0xe0, 0x9f, 0xbf], [0xe1, 0x80], [0xed, 0xa0, 0x80], [0xed, 0xbf, 0xbf],
      [0xf0, 0x8f, 0xbf, 0xbf], [0xf0, 0x90, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xff], [0xfe], [0xe2, 0x28, 0xa1],
    ]
    for before in 0..<20 {
      let padding = [UInt8](repeating: 0x61, count: before)
      for bytes in right { #expect(refusal(ofContent: padding + bytes) == nil, "\(bytes) after \(before)") }
      for bytes in wrong { #expect(refusal(ofContent: padding + bytes) == .notUTF8, "\(bytes) after \(before)") }
      for bytes in wrong { #expect(refusal(ofContent: padding + bytes + padding) == .notUTF8, "\(bytes) between \(before)") }
    }
  }

  @Test("raw control characters are refused, wherever they stand; U+007F and escaped ones are taken")
  func controls() {
    for before in 0..<20 {
      let padding = [UInt8](repeating: 0x61, count: before)
      for control in UInt8(0)..<0x20 { #expect(refusal(ofContent: padding + [control]) == .controlCharacter, "\(control) after \(before)") }
      #expect(refusal(ofContent: padding + [0x7f]) == nil)
    }
    #expect(refusal(ofContent: Array("\\u0000\\u001f\\b\\f\\n\\r\\t\\\"\\\\\\/".utf8)) == nil)
  }

  @Test("unknown escapes are refused")
  func escapes() {
    for wrong in ["\\a", "\\x41", "\\'", "\\0", "\\u12", "\\u12g4", "\\U0041", "\\ "] {
      #expect(refusal(ofContent: Array(wrong.utf8)) == .badEscape, "\(wrong)")
    }
  }

  @Test("a surrogate pair is one character, a lone surrogate is refused")
  func surrogates() throws {
    #expect(try content("\\ud83d\\ude00\\uD83D\\uDE00").equals("😀😀"))
    for wrong in ["\\ud83d", "\\ude00", "\\ud83dx", "\\ud83d\\n", "\\ud83d\\ud83d", "\\ude00\\ud83d", "\\ud83d\\u0041"] {
      #expect(refusal(ofContent: Array(wrong.utf8)) == .loneSurrogate, "\(wrong)")
    }
  }

  @Test("escapes mean what JSON says")
  func meaning() throws {
    #expect(try content("a\\n\\t\\r\\b\\f\\\"\\\\\\/\\u0041\\u00e9\\u20AC\\u0000").bytes.elementsEqual("a\n\t\r\u{8}\u{c}\"\\/Aé€\0".utf8))
  }

  @Test("text is compared by bytes: canonically equivalent strings differ")
  func bytewise() throws {
    let (composed, decomposed) = (Text("é"), Text("e\u{301}"))
    #expect(composed.string == decomposed.string)
    #expect(composed != decomposed)
    #expect(composed == "é" as StaticString && !(decomposed == "é" as StaticString))
    #expect(Text("abc").hasPrefix("ab") && !Text("abc").hasPrefix("abcd"))
    #expect(Text("ab") < Text("b") && Text("a") < Text("ab"))
    #expect(Text("abc").equals("abc") && !Text("abc").equals("abcd"))
    #expect(Text(validating: [0xff]) == nil && Text(validating: [0x61]) == Text("a"))
  }

  @Test("a decimal is plain digits without leading zeros")
  func decimals() {
    #expect(Text("0").decimal == 0 && Text("18446744073709551615").decimal == .max)
    for wrong in ["", "01", "-1", "+1", " 1", "1 ", "1.0", "1e2", "18446744073709551616", "x"] { #expect(Text(wrong).decimal == nil, "\(wrong)") }
  }
}
