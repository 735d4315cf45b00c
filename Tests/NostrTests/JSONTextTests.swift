// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

@Suite("Writing JSON strings")
struct JSONTextTests {
  /// Letters, and everything that has to be looked at: quotes, backslashes, control characters, bytes beyond ASCII, in any place of a group of eight.
  private static let pieces = ["a", "b", "c", "defghijk", "\"", "\\", "\n", "\t", "\u{1}", "\u{1f}", "\u{7f}", "!", "é", "😀", "\u{2028}"]

  @Test("what is written is read again as it was, by another reader, wherever the special bytes stand", arguments: [UInt64(1), 2, 3])
  func readsAgain(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<3000 {
      let text = (0..<Int.random(in: 0...40, using: &random)).map { _ in Self.pieces.randomElement(using: &random) ?? "" }.joined()
      let json = JSONText.quoted(text)
      let read = try JSONSerialization.jsonObject(with: Data(json), options: .fragmentsAllowed) as? String
      #expect(read.map { Array($0.utf8) } == Array(text.utf8), "seed \(seed): \(json)")
      #expect(!json.dropFirst().dropLast().contains { $0 < 0x20 }, "seed \(seed): \(json)")
    }
  }

  @Test("escapes are those of NIP-01: short where there is a letter, lowercase hex otherwise, and U+007F as it is")
  func escapes() {
    #expect(JSONText.quoted("\u{8}\t\n\u{c}\r\"\\") == Array(#""\b\t\n\f\r\"\\""#.utf8))
    #expect(JSONText.quoted("\u{1}\u{1f}\u{7f}") == Array("\"\\u0001\\u001f\u{7f}\"".utf8))
    #expect(JSONText.quoted("") == Array("\"\"".utf8))
  }
}
