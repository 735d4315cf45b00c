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
      ("{a: NaN}", "configuration:1:5: expected a value, found NaN; text stands in quotes"),
      ("{a: -Infinity}", "configuration:1:5: -Infinity is not a number"),
      ("{a: \"x\n}", "configuration:1:5: this text is not closed on its line"),
      ("{a: 'x\\\ny'}", "configuration:1:7: unknown escape; a backslash itself is written \\\\"),
      ("{a: '\\u12'}", "configuration:1:6: this escape needs 4 hex digits"),
      ("{a: '\u{1}'}", "configuration:1:6: a control character in a text is written as an escape"),
      ("{\n a: {\n", "configuration:3:1: the brace opened on line 2 is not closed"),
      ("{a: [1, 2", "configuration:1:10: the bracket opened on line 1 is not closed"),
      ("{a: [1 2]}", "configuration:1:8: expected , or ] after an element"),
      ("{} x", "configuration:1:4: nothing may follow the closing brace"),
      ("\r\n\r\n/* ", "configuration:3:1: this comment is not closed"),
      ("", "configuration:1:1: expected a value, found the end of the file"),
      ("{,}", "configuration:1:2: expected a key, found ,"),
      ("{'a\\u0062': 1}", "configuration:1:11: a key is written without escapes"),
    ])
  func syntaxErrors(_ text: String, _ expected: String) { #expect(refusal(text) == expected) }

  @Test("what only Foundation refuses is told at its key")
  func foundationsRefusals() {
    #expect(refusal("{a:\n {b: [1, \"\\ud800\"]}}") == "configuration:2:10: a.b[1]: cannot be read as JSON5")
    #expect(refusal("{a: \"\\ud83d\\ude00\"}") == nil)
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
