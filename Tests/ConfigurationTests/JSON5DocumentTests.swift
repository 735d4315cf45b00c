// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing

@testable import Configuration

@Suite("JSON5")
struct JSON5DocumentTests {
  private func value(_ text: String) throws -> JSONValue { try JSON5Document(Array(text.utf8)).value }

  private func refusal(_ text: String) -> String? {
    do {
      _ = try JSON5Document(Array(text.utf8))
      return nil
    } catch { return error.description }
  }

  @Test("comments, trailing commas, bare and quoted keys, single quotes, hex and plus signs are read")
  func isJSON5() throws {
    let text = "\u{FEFF}{ // a\r\n a: [1, 2,], /* b */ 'b': 'it\\'s', \"c\": 0x10, $d_1: +1, e: .5, f: null, g: -3, é: \"\\u00e9\" }"
    #expect(
      try value(text)
        == .object([
          "a": .array([.integer(1), .integer(2)]), "b": .string("it's"), "c": .integer(16), "$d_1": .integer(1), "e": .decimal(0.5), "f": .null,
          "g": .integer(-3), "é": .string("é"),
        ]))
  }

  @Test("integers are exact up to 64 bits, other numbers are decimals")
  func exactNumbers() throws {
    #expect(
      try value("[9007199254740993, 9223372036854775807, -9223372036854775808]")
        == .array([.integer(9_007_199_254_740_993), .integer(.max), .integer(.min)]))
    #expect(try value("[9223372036854775808]") != .array([.integer(.max)]))
    #expect(try value("[0.1]").json == "[0.1]")
  }

  @Test(
    "a syntax error is told with its line and column",
    arguments: [
      ("{a: 1,\n b: }", "configuration:2:5: expected a value, found }"),
      ("{a: 1\n b: 2}", "configuration:2:2: expected , or } after the value of a"),
      ("{a 1}", "configuration:1:4: expected : after the key a"),
      ("{a: full}", "configuration:1:5: expected a value, found full; text stands in quotes"),
      ("{é: 01}", "configuration:1:5: 01 is not a number"),
      ("{a: NaN}", "configuration:1:5: NaN is a number that no setting takes"),
      ("{a: -Infinity}", "configuration:1:5: -Infinity is a number that no setting takes"),
      ("{a: 0x}", "configuration:1:5: 0x is not a number"),
      ("{a: 1e999}", "configuration:1:5: 1e999 is not a number"),
      (
        "{a: 1234567890123456789012345678901234567}",
        "configuration:1:5: 1234567890123456789012345678901234567 is not a number that can be kept exactly"
      ),
      ("{a: ‘x’}", "configuration:1:5: expected a value, found ‘; quotes are \" or '"),
      ("{a: \u{202E}1}", "configuration:1:5: expected a value, found the character U+202E"),
      ("{a: \"x\n}", "configuration:1:5: this text is not closed on its line"),
      ("{a: 'x\\1'}", "configuration:1:7: unknown escape; a backslash itself is written \\\\"),
      ("{a: '\\01'}", "configuration:1:6: no digit may follow the escape \\0"),
      ("{a:\n {b: [1, \"\\ud800\"]}}", "configuration:2:11: this escape is one half of a pair and stands for no character"),
      ("{a: '\\ud83d\\u0041'}", "configuration:1:6: this escape is one half of a pair and stands for no character"),
      ("{a: '\\u12'}", "configuration:1:6: this escape needs 4 hex digits"),
      ("{a: '\u{1}'}", "configuration:1:6: a control character in a text is written as an escape"),
      ("{\n a: {\n", "configuration:3:1: the brace opened on line 2 is not closed"),
      ("{a: [1, 2", "configuration:1:10: the bracket opened on line 1 is not closed"),
      ("{a: [1 2]}", "configuration:1:8: expected , or ] after an element"),
      ("{} x", "configuration:1:4: nothing may follow the closing brace"),
      ("\r\n\r\n/* ", "configuration:3:1: this comment is not closed"),
      ("", "configuration:1:1: expected a value, found the end of the file"),
      ("{,}", "configuration:1:2: expected a key, found ,"),
      ("{a\\x62: 1}", "configuration:1:3: in a bare key an escape is written \\uXXXX"),
      ("{\\u0031a: 1}", "configuration:1:2: this escape stands for nothing that a bare key may hold"),
      ("{1a: 1}", "configuration:1:2: expected a key, found 1"),
    ])
  func syntaxErrors(_ text: String, _ expected: String) { #expect(refusal(text) == expected) }

  @Test(
    "every blank of JSON5 stands between the parts",
    arguments: ["\u{A0}", "\u{FEFF}", "\u{2003}", "\u{3000}", "\u{1680}", "\u{202F}", "\u{2028}", "\u{2029}", "\u{B}", "\u{C}", "\t", "\r\n"])
  func blanks(_ blank: String) throws {
    let text = ["{", "a", ":", "[", "1", ",", "'x'", ",", "]", "}"].joined(separator: blank)
    #expect(try value(blank + text + blank) == .object(["a": .array([.integer(1), .string("x")])]))
  }

  @Test("every end of a line of JSON5 ends a comment", arguments: ["\n", "\r", "\r\n", "\u{2028}", "\u{2029}"])
  func comments(_ end: String) throws { #expect(try value("{ // a: 2,\(end) a: 1 }") == .object(["a": .integer(1)])) }

  @Test(
    "escapes of JSON5 are read",
    arguments: [
      ("\\b\\f\\n\\r\\t\\v\\0", "\u{8}\u{C}\n\r\t\u{B}\0"), ("\\x41\\u0042\\ud83d\\ude00", "AB😀"), ("\\j\\'\\\"\\/\\\\", "j'\"/\\"),
      ("a\\\nb", "ab"), ("a\\\r\nb", "ab"), ("a\\\rb", "ab"), ("a\\\u{2028}b", "ab"), ("a\u{2028}\tb", "a\u{2028}\tb"),
    ])
  func escapes(_ written: String, _ meant: String) throws {
    #expect(try value("['\(written)']") == .array([.string(meant)]))
    #expect(try value("[\"\(written)\"]") == .array([.string(meant)]))
  }

  @Test("keys are identifiers, with escapes, or texts")
  func keys() throws {
    let text = "{ ünï_1: 1, $\\u0061: 2, 'b\\x20c': 3, \"\\u0064\": 4, a\u{200D}b: 5 }"
    #expect(
      try value(text)
        == .object(["ünï_1": .integer(1), "$a": .integer(2), "b c": .integer(3), "d": .integer(4), "a\u{200D}b": .integer(5)]))
  }

  @Test("numbers stand in all their forms, and are exact")
  func numbers() throws {
    #expect(
      try value("[5., .5, +1, -0x1F, 0XfF, 1e3, 2.50e1, 5.00, -0, 0.1]")
        == .array([
          .integer(5), .decimal(0.5), .integer(1), .integer(-31), .integer(255), .integer(1000), .integer(25), .integer(5), .integer(0),
          .decimal(0.1),
        ]))
    #expect(try value("[0xFFFFFFFFFFFFFFFFFF]").json == "[4722366482869645213695]")
    #expect(try value("[123456789012345678901234567890.25]").json == "[123456789012345678901234567890.25]")
  }

  @Test("a line that is not UTF-8 is named")
  func notUTF8() throws {
    let error = #expect(throws: ConfigurationError.self) { try JSON5Document(Array("{\na: '".utf8) + [0xC3, 0x28] + Array("'}".utf8)) }
    #expect(error?.description == "configuration:2:1: this line is not UTF-8")
  }

  @Test("nesting and the number of values are bounded")
  func bounds() {
    #expect(refusal(String(repeating: "[", count: 16) + String(repeating: "]", count: 16)) == nil)
    #expect(refusal(String(repeating: "[", count: 500_000))?.hasSuffix("nested deeper than 16 levels") == true)
    #expect(refusal("[" + String(repeating: "0,", count: 60_000) + "]")?.hasSuffix("more than 50000 values") == true)
  }

  @Test("no bytes make it trap: seeded mutations of a right text are read or refused")
  func mutations() {
    var state: UInt64 = 20_260_101  // the seed
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let original = Array(ConfigurationSchemaTests.contractDefaults.utf8)
    let spice = Array("{}[]:,'\"\\/*-+.eEx0u\n\r\u{FEFF}é".utf8) + [0, 0xFF, 0xC3]
    for round in 0..<1500 {
      var bytes = original
      for _ in 0...next(3) {
        let at = next(bytes.count)
        if next(2) == 0 { bytes[at] = spice[next(spice.count)] } else { bytes.remove(at: at) }
      }
      if next(8) == 0 { bytes = Array(bytes.prefix(next(bytes.count))) }
      do { _ = try Configuration.parse(bytes, folder: "/", environment: [:]) } catch {
        #expect(!error.errors.isEmpty, "seed 20260101, round \(round)")
      }
    }
  }
}
