// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

@testable import Delivery

@Suite("The command sink feeds a command on stdin")
struct CommandSinkTests {
  private func shell(_ script: String, _ arguments: [String] = [], timeoutSeconds: Int = 60, maxEventBytes: Int = 65_536) -> CommandSink {
    CommandSink(arguments: ["sh", "-c", script, "sh"] + arguments, timeoutSeconds: timeoutSeconds, maxEventBytes: maxEventBytes)
  }

  private func words(_ outcome: SinkOutcome?) -> String {
    switch outcome {
    case .retry(let words), .failed(let words): words
    case .delivered, nil: ""
    }
  }

  @Test("Exit 0 delivers the batch, which arrives as lines, in order")
  func delivers() throws {
    let directory = try TemporaryDirectory()
    let rows = signedRows(["one", "two"])
    #expect(shell("cat >> \"$1\"", [directory.file("out")]).deliver(rows) == [.delivered, .delivered])
    #expect(directory.lines("out") == rows.map { String(decoding: $0.line, as: UTF8.self) })
  }

  @Test("A batch larger than any pipe arrives whole, while the command writes as much")
  func large() throws {
    let directory = try TemporaryDirectory()
    let rows = signedRows((0..<200).map { "\($0) " + String(repeating: "x", count: 8000) })
    #expect(shell("tee \"$1\" | tee /dev/stderr", [directory.file("out")]).deliver(rows).allSatisfy { $0 == .delivered })
    #expect(directory.lines("out").count == 200)
  }

  @Test("The log leaves out what a command said, since commands quote events; other errors stay whole")
  func logLeavesOutWhatWasSaid() {
    #expect(ChildResult.forLog("strfry: exit 1, saying: rejected {content}") == "strfry: exit 1 (`commonsguard outbox list` shows what it said)")
    #expect(ChildResult.forLog("strfry: no end after 60 s, killed") == "strfry: no end after 60 s, killed")
  }

  @Test("A failing command is a retry of all, with its exit code and the printable end of its stderr")
  func fails() {
    let outcomes = shell("cat > /dev/null; printf 'first\\n\\033[31mred\\377\\n' >&2; exit 3").deliver(signedRows(["one", "two"]))
    #expect(outcomes == [.retry("sh: exit 3, saying: first | \\x1b[31mred\\xff"), .retry("sh: exit 3, saying: first | \\x1b[31mred\\xff")])
  }

  @Test("Much on stderr is kept to its end")
  func hugeComplaint() {
    let text = words(shell("cat > /dev/null; yes complaint | head -c 3000000 >&2; echo the-end >&2; exit 1").deliver(signedRows(["one"])).first)
    #expect(text.hasSuffix("the-end"))
    #expect(text.utf8.count < 1000)
  }

  @Test("A command that is killed, missing or empty is a retry that says so")
  func killedOrMissing() {
    let rows = signedRows(["one"])
    #expect(words(shell("kill -9 $$").deliver(rows).first).contains("killed by signal 9"))
    let missing = words(CommandSink(arguments: ["/nonexistent/command"]).deliver(rows).first)
    #expect(missing.contains("cannot be started: /nonexistent/command: No such file"))
    #expect(words(CommandSink(arguments: []).deliver(rows).first).contains("no command is set"))
  }

  @Test("A command that hangs is killed after the time-out, with the children that it started")
  func hangs() throws {
    let directory = try TemporaryDirectory()
    let outcome = shell("sleep 600 & echo $! > \"$1\"; wait", [directory.file("pid")], timeoutSeconds: 1).deliver(signedRows(["one"])).first
    #expect(words(outcome).contains("no end after 1 s, killed"))
    let grandchild = try #require(pid_t(directory.text("pid").trimmingCharacters(in: .whitespacesAndNewlines)))
    var isGone = false
    for _ in 0..<500 where !isGone {
      let state = (try? String(contentsOfFile: "/proc/\(grandchild)/stat", encoding: .utf8)) ?? ""
      isGone = kill(grandchild, 0) != 0 || state.contains(") Z ")
      usleep(10_000)
    }
    #expect(isGone)
  }

  @Test("A command that closes stdin early is a retry, and its SIGPIPE does not reach us")
  func closesEarly() {
    // Not ignored, as it may be in the program: the signal would end this process.
    signal(SIGPIPE, SIG_DFL)
    let rows = signedRows((0..<100).map { "\($0)" + String(repeating: "x", count: 8000) })
    let outcomes = shell("head -c 10 > /dev/null; exec <&-; sleep 0.2; exit 0").deliver(rows)
    #expect(outcomes.allSatisfy { words($0).contains("it stopped reading before the end") })
  }

  @Test("A background child that keeps the pipes open is not waited for")
  func daemon() {
    #expect(shell("cat > /dev/null; sleep 3 & exit 0", timeoutSeconds: 2).deliver(signedRows(["one"])) == [.delivered])
  }

  @Test("The child gets nothing of ours: no descriptors, default signals, its own group, its output away from our stdout")
  func inheritsNothing() throws {
    let directory = try TemporaryDirectory()
    // Without close-on-exec, as the pipes are that strfry lets its plugins inherit.
    let ours = open(directory.file("ours"), O_RDWR | O_CREAT, 0o600)
    #expect(ours > 2)
    defer { close(ours) }
    let script = """
      cat > /dev/null; echo on-stdout; exec > "$1"
      ls /proc/$$/fd; ps -o pgid= -p $$; echo $$; exec grep -E '^Sig(Blk|Ign)' /proc/self/status
      """
    #expect(shell(script, [directory.file("out")]).deliver(signedRows(["one"])) == [.delivered])
    let lines = directory.lines("out").map { $0.trimmingCharacters(in: .whitespaces) }
    #expect(lines.count == 7)
    #expect(Array(lines.prefix(3)) == ["0", "1", "2"])
    #expect(lines.dropFirst(3).first == lines.dropFirst(4).first)
    // glibc leaves the two signals that it uses itself (32 and 33) ignored in every child of posix_spawn.
    let signals = lines.suffix(2).compactMap { $0.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) } }
    #expect(signals.map { $0 & ~0x1_8000_0000 } == [0, 0])
  }

  @Test("An event that strfry would not take fails alone; one at the limit is sent")
  func tooLong() throws {
    let directory = try TemporaryDirectory()
    let rows = signedRows(["short", String(repeating: "x", count: 500)])
    let limit = rows[0].line.count
    let outcomes = shell("cat > \"$1\"", [directory.file("out")], maxEventBytes: limit).deliver(rows)
    #expect(outcomes.first == .delivered)
    #expect(outcomes.last == .failed("the event has \(rows[1].line.count) bytes, and strfry takes \(limit)"))
    #expect(directory.lines("out").count == 1)
    #expect(shell("exit 1", maxEventBytes: 1).deliver(rows).allSatisfy { words($0).contains("strfry takes 1") })
  }
}
