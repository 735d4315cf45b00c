// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport
import Testing

@Suite("Request lines")
struct RequestTests {
  private let event = TestKey("alice").event(kind: 1, content: "hello")
  private var raw: String { String(decoding: event.raw, as: UTF8.self) }
  private var idSlice: String { "\"\(event.id.hex)\"" }

  private func expectInvalid(_ line: String, _ reason: EventParseError, id: String?, _ location: SourceLocation = #_sourceLocation) {
    withRequest(Array(line.utf8)) { parse, bytes in
      guard case .invalid(let found, let slice) = parse else {
        Issue.record("not refused: \(line)", sourceLocation: location)
        return
      }
      #expect(found == reason, sourceLocation: location)
      #expect(slice.map { String(decoding: bytes[$0], as: UTF8.self) } == id, sourceLocation: location)
    }
  }

  @Test("a line as strfry writes it is taken, with all that it says")
  func taken() {
    withRequest(requestLine(event, receivedAt: 17, sourceType: "Stream", sourceInfo: "wss://a/\n")) { parse, bytes in
      guard case .request(let request) = parse else {
        Issue.record("refused")
        return
      }
      #expect(request.receivedAt == 17 && request.sourceType == .stream && request.authed == nil)
      #expect(request.sourceInfo.map { request.text($0) } == Text("wss://a/\n"))
      #expect(EventID(request.event.id) == event.id)
      #expect(String(decoding: bytes[request.event.raw], as: UTF8.self) == raw)
      #expect(String(decoding: bytes[request.event.idSlice], as: UTF8.self) == idSlice)
    }
  }

  @Test(
    "source types are known by their words, others tolerated",
    arguments: [
      ("IP4", .ip4), ("IP6", .ip6), ("Import", .import), ("Stream", .stream), ("Sync", .sync), ("?", .stored), ("Stored", .stored),
      ("", .other), ("ip4", .other),
    ] as [(String, SourceType)])
  func sources(word: String, type: SourceType) {
    withRequest(requestLine(event, sourceType: word)) { parse, _ in
      guard case .request(let request) = parse else {
        Issue.record("refused")
        return
      }
      #expect(request.sourceType == type)
    }
  }

  @Test("keys come in any order, only type and event are needed, unknown keys are ignored")
  func order() {
    for line in ["{\"type\":\"new\",\"event\":\(raw)}", " { \"x\" : [ {} ] , \"event\" : \(raw) , \"type\" : \"n\\u0065w\" , \"authed\":\"ff\" } "] {
      withRequest(Array(line.utf8)) { parse, _ in
        guard case .request(let request) = parse else {
          Issue.record("refused: \(line)")
          return
        }
        #expect(request.receivedAt == nil && request.sourceType == .other && request.sourceInfo == nil)
      }
    }
  }

  @Test("what is not acceptable says why, and still finds the id")
  func invalid() {
    expectInvalid("{\"event\":\(raw),\"type\":\"new\",\"type\":\"new\"}", .duplicateKey, id: idSlice)
    expectInvalid("{\"event\":\(raw),\"type\":\"new\",\"x\":1,\"\\u0078\":1}", .duplicateKey, id: idSlice)
    expectInvalid("{\"event\":\(raw),\"receivedAt\":-1,\"type\":\"new\"}", .badReceivedAt, id: idSlice)
    expectInvalid("{\"event\":\(raw),\"receivedAt\":1.5,\"type\":\"new\"}", .badReceivedAt, id: idSlice)
    expectInvalid("{\"event\":\(raw),\"sourceType\":4,\"type\":\"new\"}", .badSourceType, id: idSlice)
    expectInvalid("{\"event\":\(raw),\"sourceInfo\":null,\"type\":\"new\"}", .badSourceInfo, id: idSlice)
    expectInvalid("{\"event\":\(raw),\"authed\":true,\"type\":\"new\"}", .badAuthed, id: idSlice)
    expectInvalid("{\"event\":\(raw),\"type\":7}", .badType, id: idSlice)
    expectInvalid("{\"event\":\(raw),\"type\":\"new\"} x", .trailingBytes, id: idSlice)
    expectInvalid("{\"event\":\(raw),\"type\":\"new\"", .notJSON, id: idSlice)
    expectInvalid("{\"event\":7,\"type\":\"new\"}", .eventNotObject, id: nil)
    expectInvalid("{\"type\":\"new\"}", .missingEvent, id: nil)
    expectInvalid("[]", .lineNotObject, id: nil)
    expectInvalid("", .notJSON, id: nil)
    expectInvalid("hello", .notJSON, id: nil)
    expectInvalid("{\"event\":{\"id\":\"x\\n\"},\"type\":\"new\"}", .badID, id: "\"x\\n\"")
  }

  @Test("a lookback is a lookback, and an unknown type unknown, whatever else is wrong")
  func types() {
    for event in [raw, "{\"id\":7}", "null", "{\"kind\":\"x\",\"id\":\"y\"}"] {
      withRequest(Array("{\"event\":\(event),\"type\":\"lookback\"}".utf8)) { parse, _ in
        guard case .lookback = parse else {
          Issue.record("no lookback: \(event)")
          return
        }
      }
    }
    for line in ["{\"event\":\(raw),\"type\":\"later\"}", "{\"event\":\(raw)}"] {
      withRequest(Array(line.utf8)) { parse, bytes in
        guard case .unknownType(let slice) = parse else {
          Issue.record("not unknown: \(line)")
          return
        }
        #expect(slice.map { String(decoding: bytes[$0], as: UTF8.self) } == idSlice)
      }
    }
  }
}
