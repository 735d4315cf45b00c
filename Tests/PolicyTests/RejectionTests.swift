// SPDX-License-Identifier: AGPL-3.0-or-later
import Policy
import Testing

@Suite("Rejections")
struct RejectionTests {
  @Test("a message is the prefix and the words")
  func message() {
    #expect(Rejection.blocked("no").message == "blocked: no")
    #expect(Rejection(.rateLimited, "slow down").message == "rate-limited: slow down")
  }

  @Test("a message of 300 bytes stands, a longer one is cut at a character's edge", arguments: RejectionPrefix.allCases)
  func bounded(prefix: RejectionPrefix) {
    let room = 300 - prefix.rawValue.utf8.count - 2
    let full = String(repeating: "x", count: room)
    #expect(Rejection(prefix, full).words == full)
    #expect(Rejection(prefix, full + "x").words == full)
    let wide = Rejection(prefix, String(repeating: "é", count: 300))
    #expect(wide.message.utf8.count <= 300)
    #expect(wide.message.utf8.count >= 299)
    #expect(wide.words.allSatisfy { $0 == "é" })
  }

  @Test("control characters never reach the answer")
  func controlCharacters() {
    #expect(Rejection.invalid("a\u{0}b\nc\u{7f}d").words == "a b c d")
  }

  @Test("what cannot be judged yet says that it is parked; what a rule refuses keeps the rule's words")
  func parked() {
    #expect(Rejection.error("missing campaign CF-1").parked.words == "missing campaign CF-1, parked")
    #expect(Rejection.blocked("campaign not active (draft)").parked == .blocked("campaign not active (draft)"))
    #expect(Rejection.error(String(repeating: "x", count: 400)).parked.message.utf8.count == 300)
  }

  @Test("the prefixes are those of NIP-01, in precedence order")
  func precedence() {
    #expect(RejectionPrefix.allCases.map(\.rawValue) == ["duplicate", "pow", "blocked", "rate-limited", "invalid", "restricted", "mute", "error"])
  }
}
