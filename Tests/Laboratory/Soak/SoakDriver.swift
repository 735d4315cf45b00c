// SPDX-License-Identifier: AGPL-3.0-or-later
import TestSupport

/// Drives one plugin process through its stream in lock-step; a killed one is started again and sent its unanswered line once more.
struct SoakDriver {
  private let command: String
  private let lines: [[UInt8]]
  private var child: ChildProcess
  private var reader: AnswerReader
  /// The line sent and not yet answered.
  private var outstanding: Int?
  private var next = 0
  private var random: SplitMix64

  /// The first answer received to each line, and the last.
  private(set) var first: [Int: [UInt8]] = [:]
  private(set) var last: [Int: [UInt8]] = [:]
  /// Lines sent again on purpose, though answered.
  private(set) var repeated = 0
  private(set) var starts = 1

  init(command: String, lines: [[UInt8]], seed: UInt64) throws {
    self.command = command
    self.lines = lines.map { $0 + [0x0a] }
    random = SplitMix64(seed: seed)
    child = try ChildProcess(shell: command)
    reader = AnswerReader(descriptor: child.output)
  }

  var descriptor: Int32 { child.output }
  /// Every line was answered once.
  var isDone: Bool { next >= lines.count && outstanding == nil }
  var answered: Int { min(next, lines.count) }

  /// - Parameter idles: when the stream is over, lines are sent again for as long as others kill.
  mutating func sendNext(idles: Bool) {
    guard outstanding == nil else { return }
    let repeats = next > 0 && (next >= lines.count ? idles : Int.random(in: 0..<20, using: &random) == 0)
    if repeats {
      outstanding = Int.random(in: 0..<min(next, lines.count), using: &random)
      repeated += 1
    } else if next < lines.count {
      outstanding = next
    }
    sendOutstanding()
  }

  private func sendOutstanding() {
    guard let outstanding else { return }
    // A plugin that was killed cannot take it: it is sent again after the restart.
    _ = lines[outstanding].withUnsafeBytes { child.send($0) }
  }

  /// Takes what the plugin wrote; at its end starts it again.
  mutating func receive() throws {
    guard reader.fill() else { return try restart() }
    while let answer = reader.ready() {
      guard let index = outstanding else { throw LaboratoryFailure("an answer without a request: \(String(decoding: answer, as: UTF8.self))") }
      try checkID(answer, index)
      if first[index] == nil { first[index] = answer }
      last[index] = answer
      if index == next { next += 1 }
      outstanding = nil
    }
  }

  private func checkID(_ answer: [UInt8], _ index: Int) throws {
    guard let id = DescribeCommand.event(Array(lines[index].dropLast()))?.id.hex, answer.starts(with: "{\"id\":\"\(id)\",".utf8) else {
      throw LaboratoryFailure("an answer to another request: \(String(decoding: answer, as: UTF8.self))")
    }
  }

  func kill() { child.kill(9) }

  private mutating func restart() throws {
    child.end()
    child = try ChildProcess(shell: command)
    reader = AnswerReader(descriptor: child.output)
    starts += 1
    sendOutstanding()
  }

  /// End of input; the plugin ends by itself.
  func end() throws {
    guard child.end() == 0 else { throw LaboratoryFailure("the plugin did not end well at end of file") }
  }
}
