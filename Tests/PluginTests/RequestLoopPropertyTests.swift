// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import Plugin
import Policy
import TestSupport
import Testing

/// Lines of any bytes: none makes the loop crash, answer twice or not answer.
@Suite struct RequestLoopPropertyTests {
  /// A dumb reading of "lookback": only lines that the fuzzer wrote as such, and never touched, are.
  private static let lookback = utf8("{\"event\":{\"id\":\"00\"},\"type\":\"lookback\"}")

  private let seeds: [[UInt8]] = {
    let author = TestKey("fuzz")
    return [
      requestLine(author.event(kind: 1, tags: [["e", "x"], ["p", "y", "", "z"]], content: "h\u{e9} \"quoted\" \n 😀")),
      requestLine(author.event(kind: 7, content: "+"), sourceType: "Stream", sourceInfo: "wss://relay.example"),
      requestLine(author.event(kind: 7, content: "no")),
      requestLine(author.event(kind: 7, content: "fault")),
      requestLine(json: author.signedRaw(tags: "[[\"t\",\"x\",{\"a\":[1,null,true]}]]", content: "\"\\u0000\\ud83d\\ude00\"")),
      utf8("{}"), utf8("[]"), utf8("null"), [],
      lookback,
    ]
  }()

  private func line(_ random: inout SplitMix64) -> [UInt8] {
    func byte(_ random: inout SplitMix64) -> UInt8 {
      let byte = UInt8.random(in: 0...255, using: &random)
      return byte == 0x0a ? 0x0b : byte
    }
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return (0..<Int.random(in: 0...300, using: &random)).map { _ in byte(&random) }
    case 1: return seeds.randomElement(using: &random) ?? []
    default:
      var line = seeds.randomElement(using: &random) ?? []
      for _ in 0..<Int.random(in: 1...4, using: &random) where !line.isEmpty {
        let place = Int.random(in: 0..<line.count, using: &random)
        let other = Int.random(in: 0...line.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: line[place] = byte(&random)
        case 1: line.remove(at: place)
        case 2: line.insert(byte(&random), at: place)
        case 3: line = Array(line[..<place])
        case 4: line.replaceSubrange(min(place, other)..<max(place, other), with: [])
        default: line.insert(contentsOf: line[min(place, other)..<max(place, other)], at: place)
        }
      }
      return line
    }
  }

  @Test("Every line of any bytes gets exactly one answer that strfry can read, and a lookback none", arguments: 0..<8)
  func exactlyOneAnswer(round: Int) throws {
    var random = SplitMix64(seed: .random(in: 0...UInt64.max))
    let seed = random.seed
    // Behind each fuzzed line comes a good one of its own id: what is answered to it tells how many answers the fuzzed line got.
    let marker = TestKey("marker")
    var lines: [[UInt8]] = []
    var expected: [(id: String, fuzzed: [UInt8])] = []
    for number in 0..<400 {
      let fuzzed = line(&random)
      let event = marker.event(kind: 1, createdAt: 1_700_000_000 + UInt64(number))
      lines += [fuzzed, requestLine(event)]
      expected.append((event.id.hex, fuzzed))
    }
    let answers = try LoopRun(lines, source: TestSource()).lines
    var next = answers.makeIterator()
    for (id, fuzzed) in expected {
      let marker = utf8("{\"id\":\"\(id)\",\"action\":\"accept\"}")
      if isLookback(fuzzed) {
        #expect(next.next() == marker, "seed \(seed), after the lookback \(String(decoding: fuzzed, as: UTF8.self))")
        continue
      }
      let words = "seed \(seed), line \(Data(fuzzed).base64EncodedString())"
      let answered = next.next()
      let answer = try #require(answered, "\(words)")
      #expect(answer.count < AnswerWriter.maxBytes, "\(words)")
      let object = try #require(try JSONSerialization.jsonObject(with: Data(answer)) as? [String: String], "\(words)")
      #expect(object["id"] != nil, "\(words)")
      switch object["action"] {
      case "accept": #expect(object["msg"] == nil, "\(words)")
      case "reject": #expect(RejectionPrefix.allCases.contains { object["msg"]?.hasPrefix($0.rawValue + ": ") == true }, "\(words)")
      default: Issue.record("\(words): action \(object["action"] ?? "none")")
      }
      #expect(next.next() == marker, "\(words): the answer behind it")
    }
    #expect(next.next() == nil, "seed \(seed)")
  }

  /// What the parser takes for a lookback; that it does so rightly is its own tests' to show.
  private func isLookback(_ line: [UInt8]) -> Bool {
    line.withUnsafeBytes {
      if case .lookback = RequestParse.parse($0) { return true }
      return false
    }
  }
}
