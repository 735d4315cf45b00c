// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc
import Judgement
import Plugin
import Policy
import Testing

/// One decision, one line, as strfry reads it.
@Suite struct AnswerWriterTests {
  /// - Parameter id: with its quotes.
  private func line(_ decision: Decision, id: [UInt8]?) throws -> [UInt8] {
    let ends = try PipeEnds()
    defer { close(ends.read) }
    do {
      defer { close(ends.write) }
      let writer = AnswerWriter(descriptor: ends.write)
      if let id { try id.withUnsafeBytes { try writer.write(decision, id: $0) } } else { try writer.write(decision, id: nil) }
    }
    return readAll(ends.read)
  }

  private func quotedID(bytes: Int) -> [UInt8] { utf8("\"" + String(repeating: "7", count: bytes - 2) + "\"") }

  @Test("An acceptance has no msg")
  func acceptance() throws {
    #expect(try line(.accept, id: utf8("\"ab\"")) == utf8("{\"id\":\"ab\",\"action\":\"accept\"}\n"))
  }

  @Test("A rejection has its prefix and words in msg")
  func rejection() throws {
    #expect(
      try line(.reject(.blocked("campaign not active")), id: utf8("\"ab\""))
        == utf8("{\"id\":\"ab\",\"action\":\"reject\",\"msg\":\"blocked: campaign not active\"}\n"))
  }

  @Test("The id is echoed byte for byte, escapes and all")
  func rawID() throws {
    let id = utf8("\"\\u0061\\/é\\ud83d\\ude00\\\"\"")
    #expect(try line(.accept, id: id) == utf8("{\"id\":") + id + utf8(",\"action\":\"accept\"}\n"))
  }

  @Test("An id of 4096 bytes is echoed")
  func longID() throws {
    let id = quotedID(bytes: 4096)
    #expect(try line(.accept, id: id) == utf8("{\"id\":") + id + utf8(",\"action\":\"accept\"}\n"))
  }

  @Test("An id of 4097 bytes, or none, is answered as an empty one")
  func tooLongID() throws {
    #expect(try line(.accept, id: quotedID(bytes: 4097)) == utf8("{\"id\":\"\",\"action\":\"accept\"}\n"))
    #expect(try line(.accept, id: nil) == utf8("{\"id\":\"\",\"action\":\"accept\"}\n"))
  }

  @Test("Whatever a message holds, the line is JSON and says the same")
  func escapedMessage() throws {
    let words = "quotes \" backslash \\ é 😀 </script>"
    let bytes = try line(.reject(.invalid(words)), id: utf8("\"x\""))
    let object = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: String])
    #expect(object == ["id": "x", "action": "reject", "msg": "invalid: \(words)"])
    #expect(bytes.filter { $0 == 0x0a }.count == 1)
  }

  @Test("The longest id with the longest message stays under 8192 bytes and is whole")
  func longestLine() throws {
    for filler in ["\"", "\\", "é", "\u{1}", "x"] {
      let bytes = try line(.reject(.restricted(String(repeating: filler, count: 5000))), id: quotedID(bytes: 4096))
      #expect(bytes.count <= AnswerWriter.maxBytes)
      let object = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: String])
      #expect(object["id"]?.count == 4094)
      #expect(object["msg"].map { $0.utf8.count <= 300 } == true)
    }
  }

  @Test("A pipe that nobody reads throws, and kills nobody")
  func closedPipe() throws {
    signal(SIGPIPE, SIG_IGN)
    let ends = try PipeEnds()
    close(ends.read)
    defer { close(ends.write) }
    let writer = AnswerWriter(descriptor: ends.write)
    let error = #expect(throws: AnswerWriter.Closed.self) { try writer.write(.accept, id: nil) }
    #expect(error?.code == EPIPE)
  }

  @Test("A full pipe that does not block is waited for")
  func fullPipe() throws {
    let ends = try PipeEnds()
    defer { close(ends.read) }
    _ = fcntl(ends.write, F_SETFL, O_NONBLOCK)
    let filler = [UInt8](repeating: 0x0a, count: 4096)
    while write(ends.write, filler, filler.count) > 0 {}
    let done = DispatchSemaphore(value: 0)
    Thread {
      try? AnswerWriter(descriptor: ends.write).write(.accept, id: nil)
      close(ends.write)
      done.signal()
    }.start()
    usleep(20_000)
    #expect(readAll(ends.read).suffix(28) == utf8("{\"id\":\"\",\"action\":\"accept\"}\n")[...])
    done.wait()
  }
}
