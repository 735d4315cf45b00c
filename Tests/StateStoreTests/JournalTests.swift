// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import TestSupport
import Testing

@testable import StateStore

@Suite struct JournalTests {
  // First, to be closed before its directory goes: another test's directory may get the same inode.
  let store: StateStore
  let state: TemporaryState

  init() throws {
    state = try TemporaryState()
    store = try state.open()
  }

  @Test("Rows are numbered from 1 on without gaps; a write that fails uses no number")
  func numbers() throws {
    func append() throws -> UInt64 {
      try store.write { try $0.appendJournal(JournalRow(.event(raw: [], id: id(1), source: .ip4, sourceInfo: nil), receivedAt: 5)) }
    }
    #expect(try append() == 1)
    #expect(throws: Stop.self) {
      try store.write { writer throws in
        _ = try writer.appendJournal(JournalRow(.event(raw: [], id: id(2), source: .ip4, sourceInfo: nil), receivedAt: 5))
        throw Stop()
      }
    }
    #expect(try append() == 2)
    #expect(try store.read { try $0.journalCount() } == 2)
    #expect(try store.read { try $0.journalRow(3)?.sequence } == nil)
  }

  @Test("A journal that has lost a row takes no more: a fault, and no row is written over")
  func lostRow() throws {
    func append(_ number: Int) throws {
      _ = try store.write { try $0.appendJournal(JournalRow(.event(raw: [], id: id(number), source: .ip4, sourceInfo: nil), receivedAt: 5)) }
    }
    for number in 1...3 { try append(number) }
    try store.write { _ = try $0.delete($0.tables.journal, 2) }
    #expect(throws: Fault.self) { try append(4) }
    #expect(try store.read { try $0.journalCount() } == 2)
    guard case .event(_, let kept, _, _)? = try store.read({ try $0.journalRow(3) })?.content else { throw Stop() }
    #expect(kept == id(3))
  }

  @Test("The journal is read from a number on, in order")
  func iteration() throws {
    try store.write { writer throws in
      for number in 1...300 {
        _ = try writer.appendJournal(
          JournalRow(.event(raw: [], id: id(number), source: .sync, sourceInfo: nil), receivedAt: UInt64(number)))
      }
    }
    var seen: [UInt64] = []
    try store.read { view throws in
      try view.journal(from: 255) { row in
        #expect(row.receivedAt == row.sequence)
        seen.append(row.sequence)
        return row.sequence < 258
      }
    }
    #expect(seen == [255, 256, 257, 258])
  }

  @Test("An exported event is the request line that strfry sent, whatever its source", arguments: SourceType.allCases)
  func exportedEvent(source: SourceType) throws {
    let event = TestKey("author").event(kind: 7, tags: [["e", "x"]], content: "+ \"é\" \n")
    let word = "\(source.word)"
    try store.write { writer throws in
      _ = try writer.appendJournal(
        JournalRow(.event(raw: event.raw, id: event.id, source: source, sourceInfo: "2001:db8::1"), receivedAt: 1_700_000_001))
    }
    let line = JournalLine.bytes(try #require(try store.read { try $0.journalRow(1) }))
    if source != .other {
      #expect(line == requestLine(event, receivedAt: 1_700_000_001, sourceType: word, sourceInfo: "2001:db8::1"))
    }
    try line.withUnsafeBytes { bytes in
      guard case .request(let request) = RequestParse.parse(bytes) else { throw Stop() }
      #expect(request.receivedAt == 1_700_000_001)
      #expect(request.sourceType == source)
      #expect(request.event.id == event.id.value)
      #expect(Array(bytes[request.event.raw]) == event.raw)
    }
    #expect(JournalLine.decision(parsing: line) == nil)
  }

  @Test("An event with line breaks between its tokens is one line, and still the same event")
  func lineBreaks() throws {
    let event = TestKey("author").event(kind: 1)
    let raw = bytes(String(decoding: event.raw, as: UTF8.self).replacing(",\"kind\"", with: ",\r\n\"kind\""))
    let line = JournalLine.bytes(JournalRow(.event(raw: raw, id: event.id, source: .import, sourceInfo: nil), receivedAt: 1))
    #expect(!line.contains(0x0a) && !line.contains(0x0d))
    try line.withUnsafeBytes { bytes in
      guard case .request(let request) = RequestParse.parse(bytes) else { throw Stop() }
      #expect(request.event.id == event.id.value)
      #expect(request.sourceInfo == nil)
    }
  }

  @Test("An exported decision is read back as it was made")
  func decisions() throws {
    let decision = OperatorDecision(
      domain: .crowdfunding, action: "trust", subject: "CF-\"1\"", by: "captain@example", reason: "seen\nin \u{7f} person é", at: 1_700_000_002)
    try store.write { _ = try $0.appendJournal(JournalRow(.decision(decision), receivedAt: decision.at)) }
    let row = try #require(try store.read { try $0.journalRow(1) })
    guard case .decision(let stored) = row.content else { throw Stop() }
    #expect(stored == decision)
    let line = JournalLine.bytes(row)
    #expect(line.starts(with: bytes("{\"decision\":{\"action\":\"trust\",\"by\":\"captain@example\",\"domain\":\"crowdfunding\",\"reason\":")))
    #expect(JournalLine.decision(parsing: line) == decision)
  }

  @Test(
    "What is no decision is not read as one",
    arguments: [
      "", "{}", "[]", "{\"type\":\"decision\"}", "{\"decision\":{},\"receivedAt\":1,\"type\":\"decision\"}",
      decisionLine(domain: "unknown"), decisionLine(receivedAt: "\"1\""), decisionLine(receivedAt: "1.5"), decisionLine(type: "new"),
      decisionLine() + " x",
    ])
  func noDecision(line: String) {
    #expect(JournalLine.decision(parsing: bytes(decisionLine())) != nil)
    #expect(JournalLine.decision(parsing: bytes(line)) == nil)
  }
}

private func decisionLine(domain: String = "groups", receivedAt: String = "1", type: String = "decision") -> String {
  """
  {"decision":{"action":"a","by":"b","domain":"\(domain)","reason":"r","subject":"s"},"receivedAt":\(receivedAt),"type":"\(type)"}
  """
}
