// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing

@testable import Groups

@Suite struct Base64Tests {
  @Test(
    "base64 is decoded, with line breaks and without padding too",
    arguments: [
      ("", ""), ("aGk=", "hi"), ("aGkh", "hi!"), ("YQ==", "a"), ("YWJjZA==", "abcd"), ("YWJj\nZA==", "abcd"), ("YWJjZA==\n", "abcd"),
      ("Y\r\nWJj\r\nZA=\r\n=\r\n", "abcd"), ("YWJjZA", "abcd"), ("aGk", "hi"), ("aGk\n", "hi"), ("\n", ""),
    ])
  func decodes(_ text: String, _ expected: String) {
    #expect(Base64.decode(text.utf8, maxBytes: 100) == Array(expected.utf8))
  }

  @Test(
    "anything else is refused",
    arguments: ["a", "aGkha", "aGk= ", "a=k=", "====", "=", "aG\n=", "aG===", "aGk==", "aGkh=", "aGk-", "=aaa", "aGk=aGk="])
  func refuses(_ text: String) { #expect(Base64.decode(text.utf8, maxBytes: 100) == nil) }

  @Test("what is longer than the limit is refused")
  func limit() {
    #expect(Base64.decode("aGkh".utf8, maxBytes: 3) != nil)
    #expect(Base64.decode("aGkh".utf8, maxBytes: 2) == nil)
    #expect(Base64.decode("aGkhaGk=".utf8, maxBytes: 5) != nil)
    #expect(Base64.decode("aGkhaGk=".utf8, maxBytes: 4) == nil)
    #expect(Base64.decode("aGkhaGk".utf8, maxBytes: 4) == nil)
  }
}
