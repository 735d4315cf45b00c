// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc
import Plugin
import Policy
import Synchronization

/// One run of the loop over a whole stream: what it answered, and what it told the operator.
struct LoopRun {
  let output: [UInt8]
  let diagnostics: [Diagnostic]

  /// The answers, without their newlines.
  var lines: [[UInt8]] {
    var lines = output.split(separator: 0x0a, omittingEmptySubsequences: false).map(Array.init)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }

  init(_ lines: [[UInt8]], source: TestSource) throws {
    let feeder = try Feeder([Array(lines.joined(separator: [0x0a])) + [0x0a]])
    let ends = try PipeEnds()
    let collector = Collector(ends.read)
    let diary = Diary()
    RequestLoop(input: feeder.readEnd, output: ends.write, source: source) { diary.append($0) }.run()
    close(ends.write)
    output = collector.finish()
    diagnostics = diary.all
    withExtendedLifetime(feeder) {}
  }
}

/// Reads a pipe to its end from a thread of its own, so that the loop never waits for room.
final class Collector: Sendable {
  private let bytes = Mutex<[UInt8]>([])
  private let done = DispatchSemaphore(value: 0)

  init(_ descriptor: Int32) {
    Thread { [self] in
      let all = readAll(descriptor)
      close(descriptor)
      bytes.withLock { $0 = all }
      done.signal()
    }.start()
  }

  /// Waits for end of file. Once.
  func finish() -> [UInt8] {
    done.wait()
    return bytes.withLock { $0 }
  }
}

/// The diagnostics in the order in which they were told.
final class Diary: Sendable {
  private let told = Mutex<[Diagnostic]>([])

  var all: [Diagnostic] { told.withLock { $0 } }

  func append(_ diagnostic: Diagnostic) { told.withLock { $0.append(diagnostic) } }
}
