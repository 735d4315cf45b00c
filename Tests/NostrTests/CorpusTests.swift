// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

@Suite("Events from the wild", .enabled(if: Corpus.isPresent, "no corpus beside the package"))
struct CorpusTests {
  @Test("every real event, in a request line, is valid, and decodes to what Foundation reads")
  func real() throws {
    let verifier = try EventVerifier()
    let lines = try Corpus.lines(of: "real-events.jsonl")
    #expect(lines.count == 3253)
    for line in lines {
      let event = try withRequest(requestLine(json: line)) { parse, _ -> Event? in
        guard case .request(let request) = parse, verifier.verify(request.event) == .valid else { return nil }
        return try request.event.decode()
      }
      guard let event else {
        Issue.record("refused: \(String(decoding: line.prefix(100), as: UTF8.self))")
        continue
      }
      #expect(event.raw == line)
      #expect(try FoundationEvent(line).agrees(with: event))
    }
  }

  @Test("every bad event is refused")
  func bad() throws {
    for line in try Corpus.lines(of: "bad-events.jsonl") {
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
      let event = try JSONSerialization.data(withJSONObject: try #require(object["event"]), options: .withoutEscapingSlashes)
      #expect(try verification(of: Array(event)) != .valid)
    }
  }
}
