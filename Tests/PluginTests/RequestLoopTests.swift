// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc
import Nostr
import Plugin
import Policy
import TestSupport
import Testing

/// The loop over pipes: exactly one answer for each line, in order.
@Suite struct RequestLoopTests {
  struct Answer: Equatable {
    let id: String
    let action: String
    let message: String?
  }

  private let author = TestKey("loop")

  private func answers(_ lines: [[UInt8]], source: TestSource? = nil) throws -> [Answer] {
    try LoopRun(lines, source: source ?? TestSource()).lines.map { line in
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: String])
      #expect(Set(object.keys).isSubset(of: ["id", "action", "msg"]))
      return Answer(id: try #require(object["id"]), action: try #require(object["action"]), message: object["msg"])
    }
  }

  @Test("A good event is accepted, a forged one is refused, each under its own id, in order")
  func acceptedAndRefused() throws {
    let good = author.event(kind: 1, content: "good")
    let other = author.event(kind: 1, content: "other")
    let forged = Array(String(decoding: other.raw, as: UTF8.self).replacingOccurrences(of: "\"other\"", with: "\"forged\"").utf8)
    #expect(
      try answers([requestLine(good), requestLine(json: forged), requestLine(other)]) == [
        Answer(id: good.id.hex, action: "accept", message: nil),
        Answer(id: other.id.hex, action: "reject", message: "invalid: bad event id"),
        Answer(id: other.id.hex, action: "accept", message: nil),
      ])
  }

  @Test("A lookback gets no answer, whatever else is in it; what follows is answered")
  func lookback() throws {
    let event = author.event(kind: 1)
    let line = String(decoding: requestLine(event), as: UTF8.self).replacingOccurrences(of: "\"new\"", with: "\"lookback\"")
    #expect(
      try answers([utf8(line), utf8("{\"type\":\"lookback\"}"), utf8("{\"event\":[1],\"type\":\"lookback\"}"), requestLine(event)])
        == [Answer(id: event.id.hex, action: "accept", message: nil)])
  }

  @Test("An unknown type, or none, is answered error:", arguments: ["\"newer\"", "null", "7", "\"New\""])
  func unknownType(type: String) throws {
    let event = author.event(kind: 1)
    let line = String(decoding: requestLine(event), as: UTF8.self).replacingOccurrences(of: "\"type\":\"new\"", with: "\"type\":\(type)")
    let answer = try #require(try answers([utf8(line)]).first)
    #expect(answer.action == "reject")
    #expect(answer.id == event.id.hex)
    if type.hasPrefix("\"") { #expect(answer.message == "error: unknown request type") }
  }

  @Test("Without a usable configuration or state every request is answered so, and again judged when there is one")
  func unavailable() throws {
    let event = author.event(kind: 1)
    let source = try TestSource()
    source.unavailable = Engine.notConfigured
    #expect(try answers([requestLine(event)], source: source) == [Answer(id: event.id.hex, action: "reject", message: "error: not configured")])
    source.unavailable = Engine.stateUnavailable
    #expect(try answers([requestLine(event)], source: source) == [Answer(id: event.id.hex, action: "reject", message: "error: state unavailable")])
    source.unavailable = nil
    #expect(try answers([requestLine(event)], source: source) == [Answer(id: event.id.hex, action: "accept", message: nil)])
  }

  @Test("A fault is answered error:, told to the operator without the event's content, and the next request is judged")
  func faults() throws {
    let (faulty, refused, good) = (author.event(kind: 7, content: "fault"), author.event(kind: 7, content: "no"), author.event(kind: 7, content: "+"))
    let source = try TestSource()
    let run = try LoopRun([requestLine(faulty), requestLine(refused), requestLine(good)], source: source)
    let lines = run.lines.map { String(decoding: $0, as: UTF8.self) }
    try #require(lines.count == 3)
    #expect(lines[0].contains("\"msg\":\"error: state unavailable\""))
    #expect(lines[1].contains("\"msg\":\"blocked: the test says no\""))
    #expect(lines[2].contains("\"action\":\"accept\""))
    #expect(run.diagnostics.map(\.name) == ["plugin.fault"])
    #expect(run.diagnostics.allSatisfy { !$0.message.contains("fault") && $0.fields.isEmpty })
    #expect(source.counters.sum.faults == 1)
    #expect(source.counters.sum.accepted == 1)
    #expect(source.counters.sum.rejected == 1)
    #expect(source.writes == 1)
  }

  @Test("An empty line is answered too")
  func emptyLine() throws {
    let answer = try #require(try answers([[]]).first)
    #expect(answer.id == "")
    #expect(answer.message?.hasPrefix("invalid: ") == true)
  }

  @Test("A loop whose decisions nobody reads ends, and says why")
  func closedOutput() throws {
    signal(SIGPIPE, SIG_IGN)
    let feeder = try Feeder([requestLine(author.event(kind: 1)) + [0x0a]])
    let ends = try PipeEnds()
    close(ends.read)
    defer { close(ends.write) }
    let diary = Diary()
    RequestLoop(input: feeder.readEnd, output: ends.write, source: try TestSource()) { diary.append($0) }.run()
    #expect(diary.all.map(\.name) == ["plugin.stdout-closed"])
    withExtendedLifetime(feeder) {}
  }
}
