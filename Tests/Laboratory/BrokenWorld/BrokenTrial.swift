// SPDX-License-Identifier: AGPL-3.0-or-later
import FoundationEssentials
import Glibc
import TestSupport

/// One start of the plugin on a damaged state: every request is sent, and what comes back is held against what has to.
struct BrokenTrial {
  /// How a start went.
  struct Start {
    var accepted = 0
    /// It could not be judged.
    var errors = 0
    /// By the rules.
    var refused = 0
    /// The program ended before it answered all; its exit status, nil for a signal.
    var death: Int32??
    /// No answer within strfry's time-out.
    var isHung = false
    var log: [Substring] = []

    var answered: Int { accepted + errors + refused }

    /// What must not be; nil when all is well.
    func fault(asked: Int, state: String) -> String? {
      if isHung { return "no answer within \(BrokenTrial.timeoutSeconds) s" }
      guard let death else { return answered == asked ? nil : "\(answered) answers to \(asked) requests" }
      guard let status = death else { return "it died of a signal after \(answered) answers" }
      guard status == 74 else { return "it ended with \(status) after \(answered) answers" }
      let last = log.filter { $0.contains("SIG") }
      if last.count != 1 { return "it ended with \(last.count) lines that say why" }
      return last[0].contains(state) ? nil : "its last line does not name the state"
    }
  }

  /// What strfry waits for an answer.
  static let timeoutSeconds = 10

  private let program: String
  private let configuration: String
  private let state: String
  private let errors: String

  init(program: String, configuration: String, state: String, errors: String) {
    self.program = program
    self.configuration = configuration
    self.state = state
    self.errors = errors
  }

  /// Starts the plugin, sends the lines, ends it.
  ///
  /// - Parameter between: called before the line of that number.
  func start(_ lines: [[UInt8]], before number: Int? = nil, _ between: () throws -> Void = {}) throws -> Start {
    unlink(errors)
    let words = [program, "run", "--config", configuration, "--state", state].map(ChildProcess.quoted).joined(separator: " ")
    let child = try ChildProcess(shell: "exec \(words) 2>\(ChildProcess.quoted(errors))")
    var start = Start()
    var reader = AnswerReader(descriptor: child.output)
    asking: for (index, line) in lines.enumerated() {
      if index == number { try between() }
      _ = (line + [0x0a]).withUnsafeBytes { child.send($0) }
      while true {
        if let answer = reader.ready() {
          start.count(answer)
          break
        }
        var ready = pollfd(fd: child.output, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, Int32(Self.timeoutSeconds * 1000)) > 0 else {
          start.isHung = true
          break asking
        }
        guard reader.fill() else {
          start.death = .some(child.end())
          break asking
        }
      }
    }
    child.end(SIGKILL)
    start.log = String(decoding: (try? TextFile.bytes(errors)) ?? [], as: UTF8.self).split(separator: "\n")
    return start
  }
}

extension BrokenTrial.Start {
  fileprivate mutating func count(_ answer: [UInt8]) {
    let text = String(decoding: answer, as: UTF8.self)
    let isFault = ["error: state", "error: could not", "error: internal"].contains { text.contains("\"msg\":\"\($0)") }
    if text.contains("\"action\":\"accept\"") { accepted += 1 } else if isFault { errors += 1 } else { refused += 1 }
  }
}
