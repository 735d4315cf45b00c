// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

/// Lines that strfry sends, may send, or never should (strfry protocol, *The wire* and *What arrives*).
extension EndToEnd {
  @Suite struct WireTests {
    let sandbox: Sandbox
    let relay: Relay

    init() throws {
      sandbox = try Sandbox()
      relay = try Relay(sandbox)
    }

    /// Sends a line, takes its answer, and makes sure that the next request is answered in step.
    private func judge(_ line: [UInt8]) throws -> Relay.Answer {
      let answer = try relay.judge(line)
      try checkStep()
      return answer
    }

    private func checkStep() throws {
      let event = Scene.note("in step")
      #expect(try relay.judge(event) == .accept(event.id.hex))
    }

    private func text(_ event: Event) -> String { String(decoding: requestLine(event), as: UTF8.self) }

    private func isInvalid(_ answer: Relay.Answer, id: String) -> Bool {
      answer.id == id && answer.action == "reject" && answer.message?.hasPrefix("invalid: ") == true
    }

    @Test(
      "A line that is no request is answered invalid:, with an empty id",
      arguments: ["", "garbage", "[]", "null", "{}", "\"text\"", "{\"type\":\"new\"}"])
    func garbage(line: String) throws {
      let answer = try judge(utf8(line))
      #expect(answer.id == "" && answer.action == "reject")
      #expect(answer.message?.hasPrefix(line == "{}" ? "error: " : "invalid: ") == true)
    }

    @Test("JSON that is cut off is answered invalid:, with its id where one can be found")
    func truncated() throws {
      let event = Scene.note()
      let line = requestLine(event)
      #expect(isInvalid(try judge(Array(line.dropLast())), id: event.id.hex))
      #expect(isInvalid(try judge(Array(line.prefix(20))), id: ""))
    }

    @Test(
      "Bytes that are no UTF-8 are answered invalid:, with the id",
      arguments: [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80]] as [[UInt8]])
    func notUTF8(bytes: [UInt8]) throws {
      let event = Scene.note("X")
      var line = requestLine(event)
      let place = try #require(text(event).range(of: "\"X\"").map { text(event).utf8.distance(from: text(event).startIndex, to: $0.lowerBound) + 1 })
      line.replaceSubrange(place...place, with: bytes)
      #expect(isInvalid(try judge(line), id: event.id.hex))
    }

    @Test("NUL bytes, raw or alone, are answered invalid:")
    func nulBytes() throws {
      let event = Scene.note("X")
      let line = Array(text(event).replacingOccurrences(of: "\"X\"", with: "\"\0\"").utf8)
      #expect(isInvalid(try judge(line), id: event.id.hex))
      #expect(isInvalid(try judge([0, 0, 0]), id: ""))
      #expect(isInvalid(try judge(requestLine(event) + [0]), id: event.id.hex))
    }

    @Test("Lone surrogates and duplicate keys are answered invalid:", arguments: ["\"\\ud800\"", "\"\\udc00\\ud800\"", "\"X\",\"kind\":1"])
    func lenientJSON(content: String) throws {
      let event = Scene.note("X")
      let line = Array(text(event).replacingOccurrences(of: "\"X\"", with: content).utf8)
      #expect(isInvalid(try judge(line), id: event.id.hex))
    }

    @Test("An id with escapes is echoed byte for byte")
    func escapedID() throws {
      let raw = "\"\\u0061\\/\\\"é\\n\\ud83d\\ude00\""
      try relay.send(utf8("{\"event\":{\"id\":\(raw)},\"type\":\"new\"}"))
      let line = try #require(relay.line())
      #expect(String(decoding: line, as: UTF8.self).hasPrefix("{\"id\":\(raw),\"action\":\"reject\",\"msg\":\"invalid: "))
      try checkStep()
    }

    @Test("An id of 4096 bytes with its quotes is echoed, a longer one answered as an empty one")
    func longIDs() throws {
      let id = String(repeating: "a", count: 4094)
      #expect(isInvalid(try judge(utf8("{\"event\":{\"id\":\"\(id)\"},\"type\":\"new\"}")), id: id))
      #expect(isInvalid(try judge(utf8("{\"event\":{\"id\":\"\(id)a\"},\"type\":\"new\"}")), id: ""))
    }

    @Test(
      "An id that is no string, or is missing, is answered as an empty one",
      arguments: ["\"id\":7", "\"id\":null", "\"id\":[\"a\"]", "\"id\":{\"id\":\"a\"}", "\"kind\":1"])
    func oddIDs(member: String) throws {
      #expect(
        isInvalid(try judge(utf8("{\"event\":{\(member)},\"receivedAt\":1,\"sourceInfo\":\"\",\"sourceType\":\"Stream\",\"type\":\"new\"}")), id: ""))
    }

    @Test("Uppercase hex, and an id with 0x, are answered invalid: under that id")
    func hexForms() throws {
      let event = Scene.note()
      for id in [event.id.hex.uppercased(), "0x" + event.id.hex] {
        let line = text(event).replacingOccurrences(of: event.id.hex, with: id)
        #expect(isInvalid(try judge(utf8(line)), id: id))
      }
    }

    @Test(
      "Events as other relays send them are accepted: any uint64, odd tags, 2000 tags, deep nesting, U+0000",
      arguments: ["Stream", "Sync", "?", "IP6"])
    func oddEvents(source: String) throws {
      let author = TestKey("odd")
      let nested = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
      let many = "[" + (0..<2000).map { "[\"p\",\"\($0)\"]" }.joined(separator: ",") + "]"
      let events = [
        author.signedRaw(kind: .max, createdAt: .max, tags: "[]", content: "\"\""),
        author.signedRaw(tags: "[[\"x\",\"y\",null,1.5e3,{\"a\":\(nested)},\(nested)]]", content: "\"\""),
        author.signedRaw(tags: many, content: "\"\""),
        author.signedRaw(tags: "[]", content: "\"\\u0000 \\u007f\"", hashedContent: "\"\\u0000 \u{7f}\""),
        author.json(kind: 20_000), author.json(kind: 5),
      ]
      for event in events {
        let answer = try judge(requestLine(json: event, sourceType: source))
        #expect(answer.action == "accept", "\(answer): \(String(decoding: event.prefix(300), as: UTF8.self))")
      }
    }

    @Test("An event of 1 MiB is judged")
    func largeEvent() throws {
      let event = Scene.note(String(repeating: "x", count: 1 << 20))
      #expect(try relay.judge(event, source: "Stream") == .accept(event.id.hex))
      let line = text(event).replacingOccurrences(of: "\"xxxx", with: "\"yxxx")
      #expect(isInvalid(try judge(utf8(line)), id: event.id.hex))
    }

    @Test("A line of 33 MiB is skipped to its end and answered invalid:, and the memory is given back")
    func hugeLines() throws {
      try checkStep()
      let filler = [UInt8](repeating: 0x78, count: 33 << 20)
      // Several, since a C library may keep what is freed the second time.
      for (size, isTooLong) in [(33, true), (20, false), (33, true), (9, false), (17, false)] {
        let line = utf8("{\"event\":{\"id\":\"huge\",\"content\":\"") + filler.prefix(size << 20) + utf8("\"},\"type\":\"new\"}")
        let answer = try judge(line)
        #expect(isInvalid(answer, id: "huge"))
        if isTooLong { #expect(answer.message?.contains("longer than 32 MiB") == true) }
        // The answer comes first, then the rest of the line is read and the buffer given back.
        #expect(try relay.comesDown(to: 16 << 20), "after a line of \(size) MiB")
      }
    }

    @Test("A lookback is not answered, and what follows is")
    func lookback() throws {
      let line = text(Scene.note()).replacingOccurrences(of: "\"type\":\"new\"", with: "\"type\":\"lookback\"")
      try relay.send(utf8(line))
      #expect(relay.isSilent())
      try checkStep()
    }

    @Test("An unknown type is answered error:")
    func unknownType() throws {
      let event = Scene.note()
      let line = text(event).replacingOccurrences(of: "\"type\":\"new\"", with: "\"type\":\"newer\"")
      #expect(try judge(utf8(line)) == .reject(event.id.hex, "error: unknown request type"))
    }

    @Test("A request of an authenticated client is judged like another")
    func authenticated() throws {
      let event = Scene.note()
      let line = "{\"authed\":\"\(Scene.captain.hex)\"," + text(event).dropFirst()
      #expect(try judge(utf8(line)) == .accept(event.id.hex))
    }

    @Test("The same event twice is answered the same way")
    func twice() throws {
      let event = Scene.note()
      #expect(try relay.judge(event) == .accept(event.id.hex))
      #expect(try relay.judge(event) == .accept(event.id.hex))
    }

    @Test("Log lines never hold an event's content, and stdout nothing but answers")
    func quietLog() throws {
      let line = text(Scene.note("confidential words")).replacingOccurrences(of: "\"sig\":\"", with: "\"sig\":\"0")
      #expect(isInvalid(try judge(utf8(line)), id: Scene.note("confidential words").id.hex))
      #expect(!relay.log.contains("confidential"))
      #expect(!relay.log.contains("\u{1b}"))
      #expect(relay.isSilent())
    }
  }
}
