// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing

@testable import Groups

@Suite struct Base64Tests {
  @Test("padded base64 is decoded", arguments: [("", ""), ("aGk=", "hi"), ("aGkh", "hi!"), ("YQ==", "a"), ("YWJjZA==", "abcd")])
  func decodes(_ text: String, _ expected: String) {
    #expect(Base64.decode(text.utf8, maxBytes: 100) == Array(expected.utf8))
  }

  @Test("anything else is refused", arguments: ["a", "aGk", "aGk= ", "a=k=", "====", "aG\n=", "aGk-", "=aaa"])
  func refuses(_ text: String) { #expect(Base64.decode(text.utf8, maxBytes: 100) == nil) }

  @Test("what is longer than the limit is refused")
  func limit() {
    #expect(Base64.decode("aGkh".utf8, maxBytes: 3) != nil)
    #expect(Base64.decode("aGkh".utf8, maxBytes: 2) == nil)
  }
}
