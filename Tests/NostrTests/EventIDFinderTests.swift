// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

@Suite("Finding the id in any line")
struct EventIDFinderTests {
  private func find(_ line: some Sequence<UInt8>) -> String? {
    Array(line).withUnsafeBytes { bytes in EventIDFinder.find(in: bytes).map { String(decoding: bytes[$0], as: UTF8.self) } }
  }

  private func find(_ line: String) -> String? { find(line.utf8) }

  @Test("the id of the event is found, in any order and form")
  func found() {
    #expect(find("{\"event\":{\"id\":\"x\"}}") == "\"x\"")
    #expect(find(" { \"a\" : [1,{\"id\":\"no\"}] , \"event\" : { \"tags\":[[\"id\",\"no\"],{\"id\":\"no\"}], \"id\" : \"x\" } }") == "\"x\"")
    #expect(find("{\"id\":\"outer\",\"event\":{\"id\":\"inner\"}}") == "\"inner\"")
    #expect(find("{\"event\":{\"id\":\"inner\"},\"id\":\"outer\"}") == "\"inner\"")
    #expect(find("{\"\\u0065vent\":{\"i\\u0064\":\"x\"}}") == "\"x\"")
    #expect(find("{\"content\":\"\\\"id\\\":\",\"id\":\"bare\",\"kind\":1}") == "\"bare\"")
    #expect(find("{\"event\":{\"id\":\"\"}}") == "\"\"")
  }

  @Test("what only looks like it is not found")
  func notFound() {
    let lines = [
      "", "{", "\"id\":\"x\"", "{\"event\":[{\"id\":\"x\"}]}",
      "{\"event\":{\"a\":{\"id\":\"x\"}}}", "{\"event\":{\"id\":7}}", "{\"event\":7,\"id\":\"x\"}",
      "{\"event\":{\"content\":\"\\\"id\\\":\\\"x\\\"\"}}", "{\"events\":{\"id\":\"x\"}}",
      "{\"event\":{\"id\":\"x", "{\"event\":{\"id\":\"x\\\"", "{\"event\":{\"id\":",
    ]
    for line in lines {
      #expect(find(line) == nil, "\(line)")
    }
  }

  @Test("an id that could not be echoed as JSON is not found")
  func unusable() {
    #expect(find("{\"event\":{\"id\":\"".utf8 + [0xff] + "\"}}".utf8) == nil)
    #expect(find("{\"event\":{\"id\":\"a\nb\"}}") == nil)
    #expect(find("{\"event\":{\"id\":\"\\x\"}}") == nil)
    #expect(find("{\"event\":{\"id\":\"\\ud800\"}}") == nil)
    #expect(find("{\"event\":{\"id\":\"\\ud83d\\ude00é\\n\"}}") == "\"\\ud83d\\ude00é\\n\"")
  }

  @Test("an id of 4096 bytes with its quotes is found, a longer one is not")
  func length() {
    let longest = "\"" + String(repeating: "a", count: 4094) + "\""
    #expect(find("{\"event\":{\"id\":\(longest)}}") == longest)
    #expect(find("{\"event\":{\"id\":\(longest.dropLast())a\"}}") == nil)
  }

  @Test("a truncated line gives its id as soon as it is complete, and never another")
  func truncated() {
    let event = TestKey("alice").event(kind: 1, tags: [["e", "id"]], content: "\"id\":\"no\"")
    let line = requestLine(event)
    let id = "\"\(event.id.hex)\""
    let complete = String(decoding: line, as: UTF8.self).range(of: id).map { String(decoding: line, as: UTF8.self)[..<$0.upperBound].utf8.count }
    for length in 0...line.count { #expect(find(line.prefix(length)) == (length >= complete ?? 0 ? id : nil), "\(length) bytes") }
  }

  @Test("brackets, quotes and backslashes by the million end in linear time", arguments: ["[", "{", "\"", "\\", "{\"event\":", "\"\\\"", "]"])
  func hostile(piece: String) {
    let line = [UInt8]([[UInt8]](repeating: Array(piece.utf8), count: 1_000_000).joined())
    #expect(find(line) == nil)
    withRequest(line) { parse, _ in
      if case .request = parse { Issue.record("taken") }
    }
  }
}
