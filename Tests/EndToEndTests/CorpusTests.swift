// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

/// Events as they are found in the wild, where the corpus lies beside the package.
extension EndToEnd {
  @Suite(.enabled(if: Corpus.isPresent, "there is no corpus beside the package")) struct CorpusTests {
    let sandbox: Sandbox
    let relay: Relay

    init() throws {
      sandbox = try Sandbox()
      relay = try Relay(sandbox)
    }

    @Test("Every real event is accepted, with verification on", arguments: ["IP4", "Stream"])
    func realEvents(source: String) throws {
      let events = try Corpus.lines(of: "real-events.jsonl")
      #expect(events.count > 3000)
      for (number, event) in events.enumerated() {
        // Received when it was made, as a relay would have it: some of them are newer than the line's usual time.
        let createdAt = try Event(parsing: event).createdAt
        let answer = try relay.judge(requestLine(json: event, receivedAt: createdAt, sourceType: source))
        guard answer.action != "accept" else { continue }
        Issue.record("line \(number + 1): \(answer)")
      }
      #expect(relay.isSilent())
    }

    @Test("Every bad event is refused with invalid:")
    func badEvents() throws {
      let lines = try Corpus.lines(of: "bad-events.jsonl")
      #expect(lines.count > 20)
      for (number, line) in lines.enumerated() {
        // The event as its bytes stand in the line: from behind `"event":` to the last bracket but one.
        let marker = utf8("\"event\":")
        let start = try #require(line.indices.first { line[$0...].starts(with: marker) })
        let event = Array(line[(start + marker.count)...].dropLast())
        let answer = try relay.judge(requestLine(json: event, sourceType: "Stream"))
        #expect(answer.action == "reject" && answer.message?.hasPrefix("invalid: ") == true, "line \(number + 1): \(answer)")
      }
      #expect(relay.isSilent())
    }

    @Test("A replay of all real events accepts them all")
    func replay() throws {
      let outcome = try sandbox.run(["replay", Corpus.folder.appendingPathComponent("real-events.jsonl").path])
      #expect(outcome.status == 0)
      #expect(outcome.lines.count == 3253)
      #expect(outcome.lines.allSatisfy { $0.hasSuffix(",\"action\":\"accept\"}") })
    }
  }
}
