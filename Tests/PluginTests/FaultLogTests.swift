// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport
import Testing

@testable import Plugin

@Suite struct FaultLogTests {
  @Test("The same words are said once in ten minutes, others at once")
  func once() {
    var log = FaultLog()
    #expect(log.news("a", at: 1000) == .new)
    #expect(log.news("a", at: 1000) == .said)
    #expect(log.news("b", at: 1001) == .new)
    #expect(log.news("a", at: 1000 + FaultLog.againSeconds - 1) == .said)
    #expect(log.news("a", at: 1000 + FaultLog.againSeconds) == .new)
    #expect(log.news("b", at: 1000 + FaultLog.againSeconds) == .new)
  }

  @Test("Of ever new words so many are said, then that there are more, then nothing for a while")
  func tooMany() {
    var log = FaultLog()
    let news = (0..<1000).map { log.news("\($0)", at: 1000) }
    #expect(news.prefix(FaultLog.maxDistinct).allSatisfy { $0 == .new })
    #expect(news[FaultLog.maxDistinct] == .tooMany)
    #expect(news.dropFirst(FaultLog.maxDistinct + 1).allSatisfy { $0 == .said })
  }

  @Test("A hundred events that meet the same fault are a hundred answers and one line in the log")
  func oneLine() throws {
    let author = TestKey("author")
    let source = try TestSource()
    let run = try LoopRun((0..<100).map { requestLine(author.event(kind: 7, createdAt: UInt64(1000 + $0), content: "fault")) }, source: source)
    #expect(run.lines.count == 100)
    #expect(run.lines.allSatisfy { String(decoding: $0, as: UTF8.self).contains("error: state unavailable") })
    #expect(run.diagnostics.map(\.name) == ["plugin.fault"])
    #expect(source.faults == 100)
  }

  @Test("A fault that its source has told of is not told again")
  func toldBySource() throws {
    let source = try TestSource()
    source.tellsFaults = true
    let run = try LoopRun([requestLine(TestKey("author").event(kind: 7, content: "fault"))], source: source)
    #expect(run.diagnostics.isEmpty && source.faults == 1)
  }
}
