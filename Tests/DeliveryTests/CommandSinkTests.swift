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
    #expect(shell("tee \"$1\" | tee /dev/stderr", [directory.file("out")]).deliver(rows) == rows.map { _ in .delivered })
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
    var grandchild: pid_t?
    // On a busy machine a shell may need longer than a second to begin.
    for seconds in [1, 5, 30] where grandchild == nil {
      let sink = shell("sleep 600 & echo $! > \"$1\"; wait", [directory.file("pid")], timeoutSeconds: seconds)
      #expect(words(sink.deliver(signedRows(["one"])).first).contains("no end after \(seconds) s, killed"))
      grandchild = directory.processID("pid")
    }
    #expect(try isGone(#require(grandchild)))
  }

  /// Dead, whoever has to bury it.
  private func isGone(_ process: pid_t) -> Bool {
    for _ in 0..<3000 {
      let state = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
      if kill(process, 0) != 0 || state.contains(") Z ") { return true }
      usleep(10_000)
    }
    return false
  }

  @Test("A command that hangs ends with this process, however that ends, and its children with it", arguments: [SIGKILL, SIGTERM])
  func endsWithUs(signal: Int32) async throws {
    let directory = try TemporaryDirectory()
    await #expect(processExitsWith: .signal(signal)) { [path = directory.file("pids") as String, signal = signal as Int32] in
      Thread.detachNewThread {
        let script = "trap '' TERM HUP; sleep 600 & echo $! $$ > \"$1.new\"; mv \"$1.new\" \"$1\"; wait"
        _ = CommandSink(arguments: ["sh", "-c", script, "sh", path], timeoutSeconds: 300).deliver(signedRows(["one"]))
      }
      for _ in 0..<6000 where access(path, F_OK) != 0 { usleep(10_000) }
      kill(getpid(), signal)
      sleep(60)
    }
    let processes = directory.text("pids").split(whereSeparator: \.isWhitespace).compactMap { pid_t($0) }
    #expect(processes.count == 2)
    for process in processes { #expect(isGone(process), "process \(process)") }
  }

  @Test("A guardian goes with its command: nothing is left of a thousand rows' worth of runs")
  func guardiansGo() throws {
    for _ in 0..<20 { #expect(shell("cat > /dev/null").deliver(signedRows(["one"])) == [.delivered]) }
    let children = (try? String(contentsOfFile: "/proc/self/task/\(getpid())/children", encoding: .utf8)) ?? ""
    for child in children.split(separator: " ") {
      let arguments = (try? String(contentsOfFile: "/proc/\(child)/cmdline", encoding: .utf8)) ?? ""
      #expect(!arguments.contains("read -r group") || isGone(pid_t(child) ?? 0))
    }
  }

  @Test("A command that exits with 0 and did not read everything delivered nothing, however little it was given")
  func readsNothing() {
    let rows = signedRows(["one", "two"])
    for script in ["exit 0", "read -r line", "exec <&-; exit 0", "sleep 0.1"] {
      let outcomes = shell(script).deliver(rows)
      #expect(outcomes == rows.map { _ in .retry("sh: it did not read all that it was given") }, "\(script)")
    }
    #expect(shell("read -r line; cat > /dev/null").deliver(rows) == [.delivered, .delivered])
    #expect(shell("while read -r line; do :; done").deliver(rows) == [.delivered, .delivered])
  }

  @Test("A command that closes stdin early is a retry, and its SIGPIPE does not reach us")
  func closesEarly() {
    // Not ignored, as it may be in the program: the signal would end this process.
    signal(SIGPIPE, SIG_DFL)
    let rows = signedRows((0..<100).map { "\($0)" + String(repeating: "x", count: 8000) })
    let outcomes = shell("head -c 10 > /dev/null; exec <&-; sleep 0.2; exit 0").deliver(rows)
    #expect(outcomes == rows.map { _ in .retry("sh: it did not read all that it was given") })
  }

  @Test("A background child that keeps the pipes open is not waited for")
  func daemon() throws {
    let directory = try TemporaryDirectory()
    let script = "cat > /dev/null; sleep 600 & echo $! > \"$1\"; exit 0"
    #expect(shell(script, [directory.file("pid")]).deliver(signedRows(["one"])) == [.delivered])
    kill(try #require(directory.processID("pid")), SIGKILL)
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
    #expect(
      shell("exit 1", maxEventBytes: 1).deliver(rows) == rows.map { .failed("the event has \($0.line.count) bytes, and strfry takes 1") })
  }
}
