// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

@testable import Delivery

@Suite("The file sink appends JSON Lines")
struct FileSinkTests {
  @Test("Batches are appended, one event a line, to a file for its owner alone")
  func appends() throws {
    let directory = try TemporaryDirectory()
    let sink = FileSink(path: directory.file("out.jsonl"))
    let rows = signedRows(["one", "two", "three"])
    #expect(sink.deliver(Array(rows[..<2])) == [.delivered, .delivered])
    #expect(sink.deliver([rows[2]]) == [.delivered])
    #expect(sink.deliver([]) == [])
    #expect(directory.text("out.jsonl") == rows.map { String(decoding: $0.line, as: UTF8.self) + "\n" }.joined())
    var status = stat()
    #expect(stat(directory.file("out.jsonl"), &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
  }

  @Test("A torn last line is ended before the next event")
  func tornLine() throws {
    let directory = try TemporaryDirectory()
    try Data("{\"whole\":1}\n{\"torn\":".utf8).write(to: URL(fileURLWithPath: directory.file("out.jsonl")))
    let rows = signedRows(["one"])
    #expect(FileSink(path: directory.file("out.jsonl")).deliver(rows) == [.delivered])
    #expect(directory.lines("out.jsonl") == ["{\"whole\":1}", "{\"torn\":", String(decoding: rows[0].line, as: UTF8.self)])
  }

  @Test("An event with newlines between its parts stays one line")
  func newlines() {
    #expect(SignedRow(sequence: 1, id: signedRows(["one"])[0].id, event: Array("{\n}".utf8)).line == Array("{ }".utf8))
  }

  @Test("A place that cannot be written, or is no file, is a retry that names it")
  func refused() throws {
    let directory = try TemporaryDirectory()
    let rows = signedRows(["one", "two"])
    for path in [directory.file("missing/out.jsonl"), directory.path, "/dev/null", "/dev/full"] {
      let outcomes = FileSink(path: path).deliver(rows)
      #expect(outcomes.count == 2)
      for outcome in outcomes {
        guard case .retry(let words) = outcome else {
          Issue.record("\(path): \(outcome)")
          continue
        }
        #expect(words.hasPrefix(path))
      }
    }
  }
}
